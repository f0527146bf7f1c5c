/** The CSeq number of a request, which grows when it is sent again with credentials. */
import { type Dialog, dialogListeners, dialogOf, dialogsOf, directionOf } from '../../dialog/index.ts';
import { isDownstream, routeParameter, setRouteParameter } from '../../relay/index.ts';
import { type Edit, edits, type Request, type RunRouting, StateKey } from '../../runtime/index.ts';
import type { SipMessage } from '../../sip/index.ts';
import { addReplyHook } from './reply-hooks.ts';

/** Of our Record-Route: by how much later requests of the caller are shifted, in a call without a dialog. As in OpenSIPS. */
const routeParameterName = 'aci';

/** Whether replies get the own number of the request back. */
const restoring = new StateKey<Request, { isOn: boolean }>('uac cseq', () => ({ isOn: false }), {
  isShared: true,
});

/** By how much the numbers of a dialog are shifted once it is answered. */
const shifted = new StateKey<Dialog, { by: number }>('uac cseq', () => ({ by: 0 }));

/** Others on the way may have changed it. */
const mostShift = 1_000_000;

const indexOf = ({ headers }: SipMessage) => headers.findIndex(({ key }) => key === 'cseq');

function setNumber(message: SipMessage, list: Edit[], number: number): void {
  list.push({ kind: 'set-value', header: indexOf(message), value: `${number} ${message.cseq.method}` });
}

/** The number with which the request goes on, as changed so far. */
function numberOf(message: SipMessage, list: readonly Edit[]): number {
  const header = indexOf(message);
  const changed = list.findLast((edit) => edit.kind === 'set-value' && edit.header === header);
  return changed?.kind === 'set-value' ? Number.parseInt(changed.value, 10) : message.cseq.number;
}

/** Shifts the number of this request alone; its replies get the own one back. The result is the whole shift. */
function shiftThis(request: Request, by: number): number {
  const { message } = request;
  if (message === null) return 0;
  const { number } = message.cseq;
  const state = request.state(restoring);
  if (!state.isOn)
    addReplyHook(request, (response, draft) => {
      if (response.cseq.number !== number) setNumber(response, draft.edits, number);
    });
  state.isOn = true;
  const list = request.state(edits);
  const next = numberOf(message, list) + by;
  setNumber(message, list, next);
  return next - number;
}

/** Whether a request was shifted already. */
export const isShifted = (request: Request): boolean => request.knownState(restoring)?.isOn === true;

/** Shifts the number of a request, and of those of its call that follow. False without a message. */
export function shiftNumber(request: Request, by: number): boolean {
  const { message } = request;
  if (message === null) return false;
  const all = shiftThis(request, by);
  const dialog = dialogOf(request);
  if (dialog !== null) shiftDialog(dialog, request, by);
  else setRouteParameter(request, routeParameterName, String(all));
  return true;
}

function shiftDialog(dialog: Dialog, request: Request, by: number): void {
  const direction = directionOf(request);
  const receiver = direction === 'upstream' ? dialog.caller : dialog.callee;
  if (direction === null || receiver === null) dialog.state(shifted).by += by;
  else {
    receiver.sent += by;
    if (request.message?.method === 'INVITE') receiver.ackShift += by;
  }
}

/** The numbers of dialogs that were shifted before they were answered. */
export function followNumbers(routing: RunRouting): void {
  routing.states.get(dialogListeners).answered.add((dialog) => {
    const by = dialog.knownState(shifted)?.by ?? 0;
    const { callee } = dialog;
    if (by === 0 || callee === null) return;
    callee.sent += by;
    callee.ackShift += by;
    routing.host.states.get(dialogsOf).write(dialog);
  });
}

/** A later request of the caller, in a call without a dialog. */
export function shiftLater(request: Request): void {
  const by = Number(routeParameter(request, routeParameterName) ?? 0);
  if (Number.isSafeInteger(by) && by > 0 && by < mostShift && isDownstream(request)) shiftThis(request, by);
}
