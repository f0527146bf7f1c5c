/** The file that keeps answered calls over a restart. */
import { dialogParameters, dialogsOf, recordSpace } from '../../dialog/index.ts';
import type { RunRouting } from '../../runtime/index.ts';
import { stateFile } from '../state-file.ts';

/** Reads the calls of the file, and keeps all changes in it. */
export async function keepDialogs(routing: RunRouting): Promise<void> {
  const { file: given, db_mode } = routing.parameters(dialogParameters);
  const file = stateFile(routing, 'dialogs', { given, isKept: db_mode > 0 });
  if (file === null) return;
  const { host, log } = routing;
  const result = await host.store.ask({ kind: 'keep-values', space: recordSpace, file, sync: false });
  if (result.state === 'kept') host.states.get(dialogsOf).share();
  // one process speaks for all
  if (host.number !== 0) return;
  if (result.state === 'unkept') {
    if (result.reason !== null)
      log.warning(`dialog: calls are lost at the end of the server: ${file}: ${result.reason}`);
    return;
  }
  if (result.skipped > 0) log.error(`dialog: ${file} is damaged: ${result.skipped} bytes are left out`);
}
