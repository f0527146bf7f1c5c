/** The end of a dialog: by a BYE, its time, a side that is gone, an administrator, or before it was answered. */
import { replyTo } from '../relay/index.ts';
import type { Request } from '../runtime/index.ts';
import { type HeaderText, headerText, NO_HEADERS } from '../sip/index.ts';
import { dialogContext } from './context.ts';
import type { Dialog } from './dialog.ts';
import type { DialogTable } from './dialog-table.ts';
import { type DialogEnd, dialogEnded, type EndCause } from './listeners.ts';
import { pingAgain } from './pings.ts';
import { dialogFrom } from './record.ts';
import { runDialogRoute } from './run-dialog-route.ts';
import { sendWithin } from './send-within.ts';

export interface Ending {
  readonly cause: EndCause;
  /** For `$DLG_end_reason`. */
  readonly reason: string | null;
  /** The final status of a call that was not answered. */
  readonly status?: number | null;
  /** The BYE. */
  readonly request?: Request | null;
  /** Whether both sides are told: by BYE, or a call that still rings by CANCEL and 487. */
  readonly byes?: boolean;
  /** Header lines of these BYEs. */
  readonly headers?: string;
}

/** Ends a dialog; does nothing if it has ended. After a BYE, {@link runDue} runs its hangup route. */
export function end(table: DialogTable, dialog: Dialog, ending: Ending): void {
  if (!dialog.isActive) return;
  const { cause, reason, status = null, request = null, byes = false, headers = '' } = ending;
  if (byes && !dialog.isAnswered && dialog.transaction !== null) return cancel(table, dialog, reason);
  const at = table.now;
  dialog.endedAt = at;
  dialog.endReason = reason;
  if (byes) hangUp(table, dialog, headerText(headers) ?? NO_HEADERS);
  if (cause === 'failed') table.totals.failed++;
  table.setStatus(dialog, 5);
  const duration = dialog.answeredAt === null ? 0 : Math.max(0, at - dialog.answeredAt);
  const ended: DialogEnd = { cause, reason, status, at, duration, request };
  table.listeners.ended.emit(dialog, ended);
  dialog.knownState(dialogEnded)?.emit(ended);
  if (cause === 'failed') return;
  const route = dialog.routes?.hangup ?? null;
  if (request === null) void runDialogRoute(table, dialog, route);
  else request.state(dialogContext).due = route;
}

/** Ends a call that rings, as if its caller did: the final reply then ends the dialog. */
function cancel({ routing }: DialogTable, dialog: Dialog, reason: string | null): void {
  const { transaction } = dialog;
  if (transaction === null) return;
  dialog.endsByAnswer = reason;
  if (transaction.user !== null) transaction.user.cancel();
  else replyTo(routing, transaction, 487, 'Request Terminated');
}

function hangUp(table: DialogTable, dialog: Dialog, headers: HeaderText): void {
  const bye = { method: 'BYE', body: '', contentType: null, headers, withContact: false };
  void sendWithin(table, dialog, { ...bye, towards: 'caller' });
  void sendWithin(table, dialog, { ...bye, towards: 'callee' });
}

/** The time of a dialog is over, unless the script's route gives it more. */
export function expire(table: DialogTable, dialog: Dialog): void {
  const finish = () => {
    if (!dialog.isActive || (dialog.expiresAt ?? 0) > table.now) return;
    table.totals.expired++;
    end(table, dialog, {
      cause: 'timeout',
      reason: 'Lifetime Timeout',
      byes: dialog.options.has('bye-on-timeout'),
    });
  };
  const route = dialog.routes?.timeout ?? null;
  if (route === null) finish();
  else void runDialogRoute(table, dialog, route).then(finish);
}

/** Goes on with a dialog that an earlier process has left; a call that was still ringing is lost with its transaction. */
export function restore(table: DialogTable, did: string, text: string): void {
  const dialog = dialogFrom(table, did, text);
  table.add(dialog);
  if (!dialog.isAnswered) return end(table, dialog, { cause: 'failed', reason: null });
  pingAgain(dialog, table.now);
  table.listeners.restored.emit(dialog);
  table.schedule(dialog);
}
