/** What a request within a dialog does to it: acknowledges, moves a side, ends the call. */
import { relaying } from '../relay/index.ts';
import { type Draft, edits, type Request } from '../runtime/index.ts';
import { ownCopy, type SipMessage, type SipRequest, type SipResponse } from '../sip/index.ts';
import { dialogContext } from './context.ts';
import { currentContact } from './current-contact.ts';
import type { Dialog, Direction } from './dialog.ts';
import type { DialogTable } from './dialog-table.ts';
import { end } from './ending.ts';
import type { Leg } from './leg.ts';

/** Where a request stands in its dialog. */
export interface Place {
  readonly dialog: Dialog;
  readonly direction: Direction;
  readonly sender: Leg;
  readonly receiver: Leg;
}

/** Target refresh requests within an INVITE dialog (RFC 3261, 12.2; RFC 3311). */
const refreshing: ReadonlySet<string> = new Set(['INVITE', 'UPDATE']);

/** A request has been matched to its dialog. */
export function enter(table: DialogTable, request: Request, message: SipRequest, place: Place): void {
  const { dialog, direction, sender, receiver } = place;
  const { method } = message;
  const context = request.state(dialogContext);
  context.own = dialog;
  context.direction = direction;
  context.before = sender.received;
  if (dialog.isActive) {
    renumber(request, message, place);
    if (method === 'ACK') {
      if (dialog.status === 3) table.setStatus(dialog, 4);
    } else {
      if (method === 'BYE') byeIn(table, request, place);
      else if (refreshing.has(method)) refresh(table, request, message, place);
      table.write(dialog);
    }
    applyAssigned(table, request, dialog);
  } else if (receiver.sent > sender.received) renumber(request, message, place);
  table.listeners.within.emit(dialog, request);
}

/** A number that siprest has used for a request of its own is not used again, and its reply gets the sender's number. */
function renumber(request: Request, message: SipRequest, { sender, receiver }: Place): void {
  const { number, method } = message.cseq;
  const isNew = method !== 'ACK' && number > sender.received;
  const sent = receiver.numberFor(number, isNew);
  if (isNew) sender.received = number;
  if (isNew && method === 'INVITE') receiver.ackShift = sent - number;
  if (sent === number) return;
  setNumber(message, request.state(edits), sent, method);
  hook(request, (response, draft) => {
    if (response.cseq.number === sent) setNumber(response, draft.edits, number, response.cseq.method);
  });
}

function setNumber(message: SipMessage, list: Draft['edits'], number: number, method: string): void {
  const header = message.headers.findIndex(({ key }) => key === 'cseq');
  list.push({ kind: 'set-value', header, value: `${number} ${method}` });
}

function hook(request: Request, see: (response: SipResponse, draft: Draft) => void): void {
  const state = request.state(relaying);
  state.replyHooks = [...(state.replyHooks ?? []), see];
}

/** The BYE of the side that has answered first ends the call, that of another branch only this branch. */
function byeIn(table: DialogTable, request: Request, { dialog, direction, sender, receiver }: Place): void {
  if (!dialog.isAnswered) {
    dialog.hasEarlyBye = true;
    return;
  }
  const callee = direction === 'downstream' ? receiver : sender;
  if (callee !== dialog.callee) {
    dialog.callees = dialog.callees.filter((one) => one !== callee);
    return;
  }
  const reason = direction === 'downstream' ? 'Downstream BYE' : 'Upstream BYE';
  end(table, dialog, { cause: 'bye', reason, request });
}

/** The Contacts of a re-INVITE or UPDATE count once it is accepted (RFC 3261, 12.2.1.2 and 12.2.2). */
function refresh(
  table: DialogTable,
  request: Request,
  message: SipRequest,
  { dialog, sender, receiver }: Place,
): void {
  hook(request, (response, draft) => {
    if (response.status < 200 || response.status >= 300 || !dialog.isActive) return;
    sender.contact = currentContact(message, request.state(edits)) || sender.contact;
    receiver.contact = currentContact(response, draft.edits) || receiver.contact;
    if (sender.body !== null && message.body !== '') sender.body = ownCopy(message.body);
    if (receiver.body !== null && response.body !== '') receiver.body = ownCopy(response.body);
    table.write(dialog);
  });
}

/** What the script has assigned before the match. */
function applyAssigned(table: DialogTable, request: Request, dialog: Dialog): void {
  const { timeout } = request.state(dialogContext);
  if (timeout === null || !dialog.isActive) return;
  dialog.lifetime = timeout;
  if (dialog.expiresAt !== null) dialog.expiresAt = table.now + 1000 * timeout;
  table.schedule(dialog);
}
