/** The file that keeps contacts over a restart. */
import type { RunRouting } from '../../runtime/index.ts';
import { every } from '../../timers/index.ts';
import { stateFile } from '../state-file.ts';
import { space } from './locations.ts';
import { keepsContacts, usrlocParameters } from './parameters.ts';

/** How often it is looked whether the file can be written, in ms. */
const period = 5000;

/** Reads the contacts of the file, and keeps all changes in it. */
export async function keepContacts(routing: RunRouting): Promise<void> {
  const values = routing.parameters(usrlocParameters);
  const file = stateFile(routing, 'usrloc', { given: values.file, isKept: keepsContacts(values) });
  if (file === null) return;
  const { file_sync: sync } = values;
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
