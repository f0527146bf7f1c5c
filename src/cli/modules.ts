/** `siprest modules [NAME|FILE]`: what modules for scripts provide, from their tables. */
import { basename } from 'node:path';
import { renderDiagnostics } from '../index.ts';
import { catalog, didYouMean, isCodeFile, renderModule, tryModule } from '../internal.ts';
import { type Streams, UsageError, usesColor } from './streams.ts';

/** 0, or 1 for a module of one's own that has errors. */
export async function modules(what: string | undefined, streams: Streams): Promise<number> {
  const { stdout, stderr } = streams;
  if (what === undefined) {
    const known = catalog.modules.filter(({ inert }) => inert === undefined);
    const width = Math.max(...known.map(({ name }) => name.length));
    stdout.write(known.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`).join(''));
    return 0;
  }
  if (!isCodeFile(what)) {
    const name = what.replace(/\.so$/, '');
    const module = catalog.modules.find((one) => one.name === name);
    if (module === undefined) throw new UsageError(unknown(what));
    stdout.write(renderModule(module, `${name}.so`));
    return 0;
  }
  const { module, diagnostics, sources } = await tryModule(what);
  if (diagnostics.length > 0)
    stderr.write(`${renderDiagnostics(diagnostics, sources, { color: usesColor(streams, stderr) })}\n`);
  if (module !== null) stdout.write(renderModule(module, `./${basename(what)}`));
  else if (diagnostics.length === 0)
    throw new UsageError(`${what} defines a policy, not a module: use defineModule({ ... })`);
  return module === null ? 1 : 0;
}

function unknown(what: string): string {
  const names = catalog.modules.map(({ name }) => name);
  const meant = didYouMean(what.replace(/\.so$/, ''), names);
  const help =
    meant ?? 'siprest modules lists them; for a module of your own name its file, such as ./billing.ts';
  return `siprest has no module "${what}" (${help})`;
}
