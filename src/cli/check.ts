import { renderDiagnostics } from '../index.ts';
import { loadScriptFile } from './script-file.ts';
import { plural, type Streams, usesColor } from './streams.ts';

/** `siprest check FILE`: all mistakes at once. 0 when there is none, else 1. */
export function check(file: string, streams: Streams): number {
  const { stdout } = streams;
  const { diagnostics, sources } = loadScriptFile(file);
  if (diagnostics.length > 0)
    stdout.write(`${renderDiagnostics(diagnostics, sources, { color: usesColor(streams, stdout) })}\n`);
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning').length;
  const rest = warnings === 0 ? '' : `, ${plural(warnings, 'warning')}`;
  stdout.write(
    errors === 0 ? `${file}: no mistakes${rest}\n` : `${file}: ${plural(errors, 'mistake')}${rest}\n`,
  );
  return errors === 0 ? 0 : 1;
}
