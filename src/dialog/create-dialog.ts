/** Begins to follow the call of an INVITE, until it is answered or has failed. Source: modules/dialog of the manual. */
import { addRouteParameters, hidesFrom, isOurs, namedSocket, relaying } from '../relay/index.ts';
import { type Draft, edits, type Request } from '../runtime/index.ts';
import {
  ownCopy,
  parseNameAddr,
  parseUri,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
  type Transport,
  transportName,
} from '../sip/index.ts';
import { type DialogContext, dialogContext } from './context.ts';
import { currentContact } from './current-contact.ts';
import { Dialog } from './dialog.ts';
import type { Dialogs } from './dialogs.ts';
import { end } from './ending.ts';
import { newIdentifier } from './identifier.ts';
import { Leg, recordRoutesOf } from './leg.ts';
import type { DialogOption } from './options.ts';
import { pingAgain, pingTimes } from './pings.ts';
import { acknowledgeProvisional } from './prack.ts';
import { runDialogRoute } from './run-dialog-route.ts';

/** Matching by Call-ID and tags alone. */
const withoutParameter = 2;

/** The dialog of an INVITE outside of dialogs, which it begins unless it has one; null for any other request. */
export function createDialog(
  dialogs: Dialogs,
  request: Request,
  options: ReadonlySet<DialogOption>,
): Dialog | null {
  const { message } = request;
  if (message === null || message.method !== 'INVITE' || message.toTag !== null) return null;
  const context = request.state(dialogContext);
  if (context.own !== null) return context.own;
  if (!dialogs.hasRoom) {
    dialogs.routing.log.warning('a call is not followed as a dialog: calls take all the memory allowed');
    return null;
  }
  const { parameters } = dialogs;
  const dialog = new Dialog(dialogs, {
    did: unusedIdentifier(dialogs),
    callId: ownCopy(message.callId),
    from: ownCopy(message.from.uri),
    to: ownCopy(message.to.uri),
    number: message.cseq.number,
    caller: callerOf(request, message),
    options,
    createdAt: dialogs.now,
    lifetime: context.timeout ?? parameters.default_timeout,
  });
  dialog.pings = pingsOf(dialogs, dialog, context);
  context.own = dialog;
  dialogs.totals.processed++;
  dialogs.add(dialog);
  if (parameters.dlg_match_mode !== withoutParameter)
    addRouteParameters(request, `;${parameters.rr_param}=${dialog.did}`);
  follow(dialogs, dialog, request);
  dialogs.listeners.created.emit(dialog, request);
  return dialog;
}

const pingsOf = ({ parameters }: Dialogs, dialog: Dialog, context: DialogContext | null) =>
  pingTimes(
    dialog,
    context?.optionsPing ?? parameters.options_ping_interval,
    context?.reinvitePing ?? parameters.reinvite_ping_interval,
  );

/** Replaces what is done for a dialog that has not been answered. */
export function setOptions(dialogs: Dialogs, dialog: Dialog, options: ReadonlySet<DialogOption>): void {
  dialog.options = options;
  dialog.pings = pingsOf(dialogs, dialog, null);
  dialogs.write(dialog);
}

function unusedIdentifier(dialogs: Dialogs): string {
  for (;;) {
    const did = ownCopy(newIdentifier());
    if (dialogs.find(did) === null) return did;
  }
}

function callerOf(request: Request, message: SipRequest): Leg {
  const socket = namedSocket(request);
  const routes = recordRoutesOf(message);
  const name = socket === null ? '' : transportName(socket.transport);
  const tag = ownCopy(message.fromTag ?? '');
  const contact = currentContact(message, request.state(edits));
  return new Leg([tag, contact, routes, name, message.cseq.number, 0, 0]);
}

/** Hears of the replies to the INVITE: those that go on, and the one that ends it. */
function follow(dialogs: Dialogs, dialog: Dialog, request: Request): void {
  const following = new Following(dialogs, dialog, request);
  request.onTransaction((begun) => following.begin(begun));
  // what is neither relayed nor answered by a transaction will not become a call
  request.onLeft(() => {
    const { message, routing } = request;
    const isCopy = message !== null && routing.host.transactions.find(message) !== null;
    end(dialogs, dialog, { cause: 'failed', reason: null });
    if (!isCopy) return;
    // the transaction of the first copy has absorbed it
    dialogs.totals.processed--;
    dialogs.totals.failed--;
  });
  const state = request.state(relaying);
  state.replyHooks = [
    ...(state.replyHooks ?? []),
    (response, draft) => following.onForwarded(response, draft),
  ];
}

class Following {
  readonly #dialogs: Dialogs;
  readonly #dialog: Dialog;
  readonly #request: Request;
  /** The last answer that {@link onForwarded} has seen. */
  #known: SipResponse | null = null;

  constructor(dialogs: Dialogs, dialog: Dialog, request: Request) {
    this.#dialogs = dialogs;
    this.#dialog = dialog;
    this.#request = request;
  }

  begin(transaction: ServerTransaction): void {
    if (!this.#dialog.isActive) return;
    this.#dialog.transaction = transaction;
    transaction.onReply((status, response) => this.#onReply(status, response));
  }

  /** A response goes on to the caller, after the script's routes. */
  onForwarded(response: SipResponse, draft: Draft): void {
    const { status } = response;
    if (status <= 100 || status >= 300) return;
    const dialog = this.#dialog;
    if (!dialog.isAnswered) this.#moveCaller();
    if (status < 200) {
      if (response.toTag !== null && !dialog.isAnswered) this.#ringing(response, draft);
      if (dialog.status === 1) this.#dialogs.setStatus(dialog, 2);
      if (dialog.options.has('auto-prack')) acknowledgeProvisional(this.#dialogs, dialog, response);
      return;
    }
    this.#known = response;
    this.#answered(response, draft);
  }

  /** `response`: null for a reply of this server, and for the end of a transaction without one, as if by a 408. */
  #onReply(status: number, response: SipResponse | null): void {
    const known = this.#known;
    this.#known = null;
    if (status >= 300) this.#failed(status);
    else if (status >= 200 && response === null) this.#answer(this.#ownLeg());
    // a branch may answer after the others are over
    else if (status >= 200 && response !== null && response !== known && !this.#knows(response))
      this.#answered(response, null);
  }

  /** siprest has answered the call itself. */
  #ownLeg(): Leg {
    const { caller, number, transaction } = this.#dialog;
    return new Leg([transaction?.toTag ?? '', '', [], caller.socket, 0, number, 0]);
  }

  /** The script may have replaced the caller's Contact after the dialog was created. */
  #moveCaller(): void {
    const { message } = this.#request;
    const contact = message === null ? '' : currentContact(message, this.#request.state(edits));
    // one that hides the caller behind this server leads nowhere from here
    if (contact !== '' && !isOurs(this.#request, parseUri(contact))) this.#dialog.caller.contact = contact;
  }

  #failed(status: number): void {
    if (!this.#dialog.isAnswered) end(this.#dialogs, this.#dialog, { cause: 'failed', reason: null, status });
  }

  #knows({ toTag }: SipResponse): boolean {
    return this.#dialog.callees.some(({ tag }) => tag === toTag);
  }

  /** An early dialog, whose requests have to be recognized. */
  #ringing(response: SipResponse, draft: Draft): void {
    const dialog = this.#dialog;
    const leg = this.#calleeOf(response, draft);
    dialog.callees = [...dialog.callees.filter(({ tag }) => tag !== leg.tag), leg].slice(-mostEarly);
    this.#dialogs.write(dialog);
  }

  #answered(response: SipResponse, draft: Draft | null): void {
    const [dialogs, dialog, request] = [this.#dialogs, this.#dialog, this.#request];
    if (!dialog.isActive) return;
    const leg = this.#calleeOf(response, draft);
    if (dialog.isAnswered) {
      // another branch has answered as well: its caller has to end one of them
      if (!this.#knows(response)) dialog.callees = [...dialog.callees, leg].slice(0, mostCallees);
      return dialogs.write(dialog);
    }
    if (dialog.options.has('reinvite-ping-caller') || dialog.options.has('reinvite-ping-callee')) {
      dialog.caller.body = ownCopy(request.message?.body ?? '');
      leg.body = ownCopy(response.body);
    }
    this.#answer(leg);
  }

  #answer(leg: Leg): void {
    const [dialogs, dialog, request] = [this.#dialogs, this.#dialog, this.#request];
    if (!dialog.isActive || dialog.isAnswered) return;
    const early = dialog.callees.find(({ tag }) => tag === leg.tag);
    leg.received = early?.received ?? 0;
    leg.sent = Math.max(leg.sent, early?.sent ?? 0);
    dialog.callees = [leg];
    dialog.transaction = null;
    const { now } = dialogs;
    dialog.answeredAt = now;
    // one without time ends a moment later, when its ACK was here
    dialog.expiresAt = now + 1000 * (dialog.lifetime || 1);
    const isRace = dialog.hasEarlyBye || request.state(relaying).proxy?.wasCancelled === true;
    if (isRace && dialog.options.has('end-on-race-condition'))
      dialog.racedUntil = now + 1000 * dialogs.parameters.race_condition_timeout;
    dialogs.setStatus(dialog, 3);
    pingAgain(dialog, now);
    dialogs.schedule(dialog);
    dialogs.listeners.answered.emit(dialog);
    void runDialogRoute(dialogs, dialog, dialog.routes?.answer ?? null);
    if (dialog.endsByAnswer !== null)
      end(dialogs, dialog, { cause: 'command', reason: dialog.endsByAnswer, byes: true });
  }

  /** The callee by its response: what requests to it will need. */
  #calleeOf(response: SipResponse, draft: Draft | null): Leg {
    const { caller, number } = this.#dialog;
    const contact = currentContact(response, draft?.edits ?? []);
    const routes = this.#beyondUs(recordRoutesOf(response), response.socket);
    const socket = response.socket === null ? caller.socket : transportName(response.socket);
    return new Leg([ownCopy(response.toTag ?? ''), contact, routes, socket, 0, number, 0]);
  }

  /**
   * The route set from here to the callee: the last Record-Route is next to the caller (RFC 3261, 12.1.2), so those that
   * the INVITE had come first, then our own.
   */
  #beyondUs(recorded: readonly string[], socket: Transport | null): readonly string[] {
    const shown = hidesFrom(this.#request, socket) ? 0 : this.#dialog.caller.routes.length;
    const fromCaller = recorded.toReversed().slice(shown);
    const isOwn = (text: string | undefined) =>
      text !== undefined && isOurs(this.#request, parseNameAddr(text)?.uriParts ?? null);
    if (!isOwn(fromCaller[0])) return fromCaller;
    return fromCaller.slice(isOwn(fromCaller[1]) ? 2 : 1);
  }
}

const mostEarly = 8;
const mostCallees = 64;
