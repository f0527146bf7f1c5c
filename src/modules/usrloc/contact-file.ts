/** The file that keeps contacts over a restart. */
import { existsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import type { RunRouting } from '../../runtime/index.ts';
import { every } from '../../timers/index.ts';
import { space } from './locations.ts';
import { keepsContacts, usrlocParameters } from './parameters.ts';

/** How often it is looked whether the file can be written, in ms. */
const period = 5000;

/** The path of the script; null if it does not come from a file. */
function scriptPath(routing: RunRouting): string | null {
  const path = resolve(routing.place(0).replace(/:\d+$/, ''));
  return existsSync(path) ? path : null;
}

/** Null if contacts stay in memory. */
function filePath(routing: RunRouting): string | null {
  const values = routing.parameters(usrlocParameters);
  const script = scriptPath(routing);
  if (values.file !== null)
    return values.file === '' ? null : resolve(dirname(script ?? resolve('script')), values.file);
  if (!keepsContacts(values)) return null;
  const [folder = ''] = (process.env['STATE_DIRECTORY'] ?? '').split(':');
  if (folder !== '') return join(folder, 'usrloc');
  if (script === null) return null;
  const name = script.replace(/\.(?:cfg|m4)$/, '');
  // what is written anew in the folder for temporary files, as tests do, is another script of the same name
  const isTemporary = script.startsWith(`${resolve(tmpdir())}${sep}`);
  return isTemporary
    ? `${name}.${Math.floor(statSync(script).mtimeMs).toString(36)}.usrloc`
    : `${name}.usrloc`;
}

/** Reads the contacts of the file, and keeps all changes in it. */
export async function keepContacts(routing: RunRouting): Promise<void> {
  const file = filePath(routing);
  if (file === null) return;
  const { file_sync: sync } = routing.parameters(usrlocParameters);
  const { host, log } = routing;
  const result = await host.store.ask({ kind: 'keep-values', space, file, sync });
  // one process speaks for all
  if (host.number !== 0) return;
  if (result.state === 'unkept') {
    if (result.reason !== null)
      log.warning(
        `usrloc: contacts are kept in memory only, and lost at the end of the server: ${file}: ${result.reason}`,
      );
    return;
  }
  const { records, cut, skipped } = result;
  if (records > 0) log.notice(`usrloc: read ${records} records of ${file}`);
  if (cut > 0) log.notice(`usrloc: the last record of ${file} was incomplete and is left out (${cut} bytes)`);
  if (skipped > 0) log.error(`usrloc: ${file} is damaged: ${skipped} bytes are left out`);
  watchFile(routing, file);
}

/** Logs when the file can no longer be written, and when it can again. */
function watchFile({ host, log, listeners }: RunRouting, file: string): void {
  let failure: string | null = null;
  const look = async () => {
    const state = await Promise.resolve(host.store.ask({ kind: 'kept-state', space })).catch(() => null);
    if (state === null || state.failure === failure) return;
    failure = state.failure;
    if (failure === null) log.notice(`usrloc: ${file} is complete again`);
    else log.error(`usrloc: new contacts are kept in memory only: ${file}: ${failure}`);
  };
  const timer = every(host.clock, period, () => void look());
  listeners.closed.add(() => timer.stop());
}
