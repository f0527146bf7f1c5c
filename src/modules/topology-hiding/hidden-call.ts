/** A call with a dialog, whose sides are hidden from each other: its dialog keeps what is hidden. */
import {
  type Dialog,
  type DialogMask,
  type Direction,
  dialogMask,
  dialogParameters,
  dialogsOf,
  directionOf,
  type Leg,
  repair,
} from '../../dialog/index.ts';
import { forceSocket, type Mask, relaying } from '../../relay/index.ts';
import type { Request, Routing, RunRouting } from '../../runtime/index.ts';
import { NameAddr, type SendingSocket, type Uri, uriParameter } from '../../sip/index.ts';
import { hiddenCallId } from './call-ids.ts';
import { contactAt, otherSide, routeAt, type Side, usersIn } from './contacts.ts';
import { hidingSettings } from './parameters.ts';
import { isTrusted } from './trust.ts';

/** The dialog's value: the flags of topology_hiding(), and the Call-ID of the callee, if it is another one. */
const valueName = 'topology hiding';
/** The Contact that a side keeps for the whole call. */
const keptName = (side: Side) => `${valueName} ${side}`;
const keeping: Readonly<Record<Side, string>> = { caller: 'a', callee: 'A' };

interface Hidden {
  readonly flags: string;
  readonly callId: string | null;
}

/** What a dialog hides; null if it hides nothing. */
export function hiddenOf(dialog: Dialog): Hidden | null {
  const text = dialog.values.get(valueName);
  if (typeof text !== 'string') return null;
  const [flags = '', callId = ''] = text.split(' ');
  return { flags, callId: callId === '' ? null : callId };
}

/** Hides the sides of a call from its first request on. */
export function hideCall(request: Request, dialog: Dialog, flags: string, users: string | undefined): void {
  const { routing } = request;
  const settings = routing.states.get(hidingSettings);
  const dialogs = routing.host.states.get(dialogsOf);
  const set = (name: string, value: string) => dialogs.change(dialog, { kind: 'value', name, value });
  const callId = flags.includes('C') ? hiddenCallId(settings, dialog.callId, dialog.caller.tag) : '';
  set(valueName, `${flags} ${callId}`);
  const given = usersIn(users);
  for (const side of ['caller', 'callee'] as const)
    if (given[side] !== '') set(settings.userOf[side], given[side]);
  request.state(relaying).mask = new CallMask(routing, dialog, 'downstream');
}

/** The identifier of a dialog in the Contact that a request was sent to; null without one. */
export function identifierIn({ routing }: Request, uri: Uri): string | null {
  const inUser = /\.did\.([0-9a-f]+\.[0-9a-f]+)$/.exec(uri.user ?? '')?.[1];
  return inUser ?? uriParameter(uri, routing.parameters(dialogParameters).rr_param);
}

/** Sends a later request on to its side. False if the call hides nothing, or that side is not known. */
export function continueCall(request: Request, dialog: Dialog): boolean {
  const direction = directionOf(request);
  if (direction === null || hiddenOf(dialog) === null || !repair(request)) return false;
  const callee = dialog.callees.find(({ tag }) => tag === request.message?.toTag) ?? dialog.callee;
  const receiver = direction === 'upstream' ? dialog.caller : callee;
  if (receiver !== null) forceSocket(request, receiver.socket);
  request.state(relaying).mask = new CallMask(request.routing, dialog, direction);
  return true;
}

class CallMask implements Mask {
  readonly #routing: Routing;
  readonly #dialog: Dialog;
  readonly #receiver: Side;

  constructor(routing: Routing, dialog: Dialog, direction: Direction) {
    this.#routing = routing;
    this.#dialog = dialog;
    this.#receiver = direction === 'downstream' ? 'callee' : 'caller';
  }

  get callId(): string | null {
    const hidden = hiddenOf(this.#dialog)?.callId ?? null;
    return hidden === null || this.#receiver === 'callee' ? hidden : this.#dialog.callId;
  }

  trusts(socket: Parameters<Mask['trusts']>[0]): boolean {
    return isTrusted(this.#routing, socket);
  }

  routeTo(_: unknown, socket: SendingSocket): string {
    const { rr_param } = this.#routing.parameters(dialogParameters);
    return routeAt(socket, `${rr_param}=${this.#dialog.did}`);
  }

  contactForward(contact: NameAddr, _: unknown, socket: SendingSocket): string {
    return shownContact(this.#routing, this.#dialog, this.#receiver, contact, socket);
  }

  contactBack(contact: NameAddr, response: { readonly status: number }, socket: SendingSocket): string {
    const side = otherSide(this.#receiver);
    return shownContact(this.#routing, this.#dialog, side, contact, socket, response.status < 300);
  }
}

/** The value of the Contact that a side gets. */
function shownContact(
  routing: Routing,
  dialog: Dialog,
  towards: Side,
  given: NameAddr,
  socket: SendingSocket,
  mayKeep = true,
): string {
  const { flags } = hiddenOf(dialog) ?? { flags: '' };
  const keeps = mayKeep && flags.includes(keeping[towards]);
  const kept = keeps ? dialog.values.get(keptName(towards)) : undefined;
  if (kept !== undefined) return String(kept);
  const settings = routing.states.get(hidingSettings);
  const named = String(dialog.values.get(settings.userOf[towards]) ?? '');
  const user = flags.includes('U') ? named || (given.uriParts?.user ?? '') : '';
  const { rr_param } = routing.parameters(dialogParameters);
  const parts = flags.includes('D')
    ? { user: `${user || 'X'}.did.${dialog.did}`, params: '' }
    : { user, params: `;${rr_param}=${dialog.did}` };
  const value = contactAt(socket, given, parts, settings);
  if (keeps)
    routing.host.states.get(dialogsOf).change(dialog, { kind: 'value', name: keptName(towards), value });
  return value;
}

/** What siprest itself sends within calls hides the other side as well. */
export function maskDialogs(routing: RunRouting): void {
  routing.states.get(dialogMask).mask = (dialog: Dialog, towards: Leg): DialogMask | null => {
    const hidden = hiddenOf(dialog);
    if (hidden === null) return null;
    const side: Side = towards === dialog.caller ? 'caller' : 'callee';
    const other = side === 'caller' ? dialog.callee : dialog.caller;
    return {
      callId: side === 'callee' ? hidden.callId : null,
      contact: (socket) => {
        const uri = other?.contact ?? '';
        const given = new NameAddr(null, uri, null, `<${uri}>`, uri.length + 2);
        return shownContact(routing, dialog, side, given, socket);
      },
    };
  };
}
