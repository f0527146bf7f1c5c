/** The file that keeps answered calls over a restart. */
import { dialogParameters, dialogsOf, recordSpace } from '../../dialog/index.ts';
import type { RunRouting } from '../../runtime/index.ts';
import { keepSpace } from '../kept-space.ts';

/** Reads the calls of the file, and keeps all changes in it. */
export async function keepDialogs(routing: RunRouting): Promise<void> {
  const { file: given, db_mode } = routing.parameters(dialogParameters);
  const isKept = await keepSpace(routing, {
    ...{ module: 'dialog', name: 'dialogs', space: recordSpace, what: 'calls are' },
    ...{ given, isKept: db_mode > 0 },
  });
  if (isKept) routing.host.states.get(dialogsOf).share();
}
