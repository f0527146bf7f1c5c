/** The dialogs that a script's functions and variables are about. */
import {
  type Dialog,
  type DialogChange,
  type Dialogs,
  dialogContext,
  dialogOf,
  dialogsOf,
} from '../../dialog/index.ts';
import type { Run } from '../../runtime/index.ts';

export const dialogsIn = (run: Run): Dialogs => run.routing.host.states.get(dialogsOf);

/** The dialog of the message, or the one that was loaded instead; null if there is none. */
export const current = (run: Run): Dialog | null => dialogOf(run.request);

export const contextIn = (run: Run) => run.state(dialogContext);

/** Changes the current dialog; -1 without one, or if it has ended. */
export function change(run: Run, wanted: DialogChange): 1 | -1 {
  const dialog = current(run);
  return dialog !== null && dialogsIn(run).change(dialog, wanted) ? 1 : -1;
}
