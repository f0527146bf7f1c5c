/** The dialogs that administration commands name. */
import { type Dialog, type Dialogs, dialogsOf } from '../../dialog/index.ts';
import { CommandError, type RunRouting } from '../../runtime/index.ts';

export const dialogsFor = ({ host }: RunRouting): Dialogs => host.states.get(dialogsOf);

/** Dialogs hold byte strings. */
export const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** A dialog that has not ended, by its identifier or Call-ID. @throws CommandError */
export function dialogNamed(routing: RunRouting, id: string): Dialog {
  const found = dialogsFor(routing).lookUp(bytes(id));
  if (found?.isActive === true) return found;
  throw new CommandError(404, `no dialog with the identifier or Call-ID "${id}"`);
}

/** Ends a call, with header lines in its BYEs. */
export const endByCommand = (routing: RunRouting, dialog: Dialog, headers: string) =>
  dialogsFor(routing).change(dialog, { kind: 'end', reason: 'MI Termination', headers });
