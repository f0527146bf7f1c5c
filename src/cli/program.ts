/**
 * Loads the program behind the command line faster than its modules: in a checkout, the build bundles them into
 * `siprest.cjs` and stores V8's code for it in `siprest.cache` (scripts/bundle.mjs). V8 rejects code of another
 * version; the bundle is then compiled on demand.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import type * as CommandLine from './command.ts';

type Program = Pick<typeof CommandLine, 'runCommand' | 'runMember'>;

/** The bundle is a function that returns the exports. `moduleUrl` maps a path in `dist/` to its URL. */
type Bundle = (
  module: { exports: object },
  require: NodeJS.Require,
  moduleUrl: (path: string) => string,
) => Program;

export async function loadProgram(): Promise<Program> {
  const file = new URL('siprest.cjs', import.meta.url);
  const source = readIfThere(file)?.toString('latin1');
  // in the published package
  if (source === undefined) return import('./command.ts');
  const cachedData = codeOf(source);
  const script = new Script(source, {
    filename: fileURLToPath(file),
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const moduleUrl = (path: string) => new URL(`../${path}`, import.meta.url).href;
  return (script.runInThisContext() as Bundle)({ exports: {} }, createRequire(file), moduleUrl);
}

/** V8 checks only the source length, so both files begin with the same build ID. */
const tagLength = '// build 0123456789abcdef'.length;

function codeOf(source: string): Buffer | undefined {
  const code = readIfThere(new URL('siprest.cache', import.meta.url));
  return code?.toString('latin1', 0, tagLength) === source.slice(0, tagLength)
    ? code.subarray(tagLength)
    : undefined;
}

function readIfThere(file: URL): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
