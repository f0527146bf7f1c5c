/** Where a module keeps what has to outlive the server. */
import { existsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import type { RunRouting } from '../runtime/index.ts';

/** The path of the script; null if it does not come from a file. */
function scriptPath(routing: RunRouting): string | null {
  const path = resolve(routing.place(0).replace(/:\d+$/, ''));
  return existsSync(path) ? path : null;
}

/**
 * The path of a module's file: `given` by its parameter, from the folder of the script, or a standard one if `isKept`. Null
 * for none.
 */
export function stateFile(
  routing: RunRouting,
  name: string,
  { given, isKept }: { readonly given: string | null; readonly isKept: boolean },
): string | null {
  const script = scriptPath(routing);
  if (given !== null) return given === '' ? null : resolve(dirname(script ?? resolve('script')), given);
  if (!isKept) return null;
  const [folder = ''] = (process.env['STATE_DIRECTORY'] ?? '').split(':');
  if (folder !== '') return join(folder, name);
  if (script === null) return null;
  const base = script.replace(/\.(?:cfg|m4)$/, '');
  // what is written anew in the folder for temporary files, as tests do, is another script of the same name
  const isTemporary = script.startsWith(`${resolve(tmpdir())}${sep}`);
  return isTemporary
    ? `${base}.${Math.floor(statSync(script).mtimeMs).toString(36)}.${name}`
    : `${base}.${name}`;
}
