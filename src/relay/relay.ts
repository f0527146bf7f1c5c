/**
 * Stateful forwarding: t_relay() and related functions. `sip` implements RFC 3261, 16; this is the script's part:
 * message branches, and the branch, reply and failure routes.
 */

import {
  Draft,
  type Edit,
  edits,
  type RelayedBranch,
  Request,
  type Routing,
  type Run,
  type RunRouting,
  requestDraft,
  StateKey,
  stackOf,
  tmParameters,
} from '../runtime/index.ts';
import type { Status } from '../script/index.ts';
import {
  type Branch,
  type Failure,
  formatHostPort,
  type HeaderText,
  headerLines,
  NO_HEADERS,
  type ProxyHooks,
  type ProxySettings,
  type ProxyTransaction,
  type ReplyVerdict,
  type RequestEdits,
  type ResponseEdits,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import { type Awaitable, andThen } from '../timers/index.ts';
import { type Prepared, prepareBranches } from './branch-specs.ts';
import { failed, forwardStateless, hasUnknownScheme } from './forward.ts';
import { maskedResponse } from './masking.ts';
import { type MessageBranch, messageBranches } from './message-branches.ts';
import { responseEdits } from './outgoing.ts';
import { type Relaying, type RelayOptions, type RelayUser, relaying } from './relaying.ts';
import { drops, onCancel, onFailure, onReply, onWorker } from './routes.ts';

/** t_relay(). 0 if a transaction absorbed the request. */
export function relay(run: Run, options: RelayOptions = {}): Awaitable<Status> {
  const { request } = run;
  const { message } = request;
  if (message === null) return failed.internal;
  if (message.method === 'ACK') return relayAck(run, options);
  if (run.subject.failure === undefined && request.routing.host.proxy.isLooped(message)) {
    request.reply(482, 'Loop Detected'); // RFC 3261, 16.3, 4
    return 1;
  }
  if (message.method === 'CANCEL') return relayCancel(run, options);
  const outcome = request.createTransaction();
  if (outcome === 'absorbed') return 0;
  if (outcome === 'refused' || request.transaction === null) return failed.internal;
  if (request.transaction.isFinal) return failed.noDestination;
  return sendBranches(run, options, outcome === 'created');
}

/** The ACK to a negative reply belongs to its transaction; the ACK to a 2xx is forwarded on its own (17.1.1.3). */
function relayAck(run: Run, options: RelayOptions): Awaitable<Status> {
  const { request } = run;
  const { message, routing } = request;
  const existing = message === null ? null : routing.host.transactions.find(message);
  if (message !== null && existing !== null) {
    existing.receive(message);
    return 0;
  }
  return forwardStateless(run, options.outboundProxy);
}

/** Answers a CANCEL, and cancels each branch of its request (16.10). */
function relayCancel(run: Run, options: RelayOptions): Awaitable<Status> {
  const { request } = run;
  const { message, routing } = request;
  const cancelled = message === null ? null : routing.host.transactions.findCancelled(message);
  if (cancelled === null) return forwardStateless(run, options.outboundProxy);
  if (request.createTransaction() === 'absorbed') return 0;
  request.reply(200, 'canceling');
  const passed =
    options.passReason === true && message !== null ? headerLines(message, 'reason') : NO_HEADERS;
  const reason = request.state(relaying).cancelReason ?? (passed === NO_HEADERS ? undefined : passed);
  cancelRequest(cancelled, routing.replyDefaults, reason);
  return 1;
}

/** Cancels the branches of an INVITE, which is then answered 487; at once if it has none. */
export function cancelRequest(
  transaction: ServerTransaction,
  replyDefaults: Routing['replyDefaults'],
  reason?: HeaderText,
): void {
  const { user } = transaction;
  if (user !== null) user.cancel(reason);
  else transaction.reply({ status: 487, reason: 'Request Terminated', ...replyDefaults });
}

/** Answers the request of a transaction from outside; a final reply cancels its branches. */
export function replyTo(
  routing: Routing,
  transaction: ServerTransaction,
  status: number,
  reason: string,
): boolean {
  const content = { status, reason, ...routing.replyDefaults };
  return (transaction.user ?? transaction).reply(content, { untilAck: true });
}

/** Creates the branches, runs the branch route for each, and sends them. */
function sendBranches(run: Run, options: RelayOptions, isNew: boolean): Awaitable<Status> {
  const { request } = run;
  const state = request.state(relaying);
  const branches =
    options.branches ??
    (state.proxy === null || run.subject.failure === undefined
      ? request.state(messageBranches).all
      : failureBranches(run));
  return andThen(prepared(run, branches, options, state), (made) => {
    // the caller may have cancelled while names were looked up
    if (request.transaction?.isFinal === true) return failed.noDestination;
    const specs = made.filter((one) => typeof one === 'object');
    if (specs.length === 0) {
      if (isNew && hasUnknownScheme(request)) {
        request.reply(416, 'Unsupported URI Scheme'); // RFC 3261, 16.3, 2
        return failed.badMessage;
      }
      if (!isNew || options.auto477 === false) return firstFailure(made);
      const [status, reason] = refusals.get(made.at(-1)) ?? [477, 'Send failed (477/TM)'];
      request.reply(status, reason);
      return 1; // the request is finished: scripts answer negative codes themselves
    }
    const proxy = proxyOf(run, state);
    proxy.cancelsOthers = !(options.allowNoCancel === true && saysNoCancel(request));
    const before = proxy.branches.length;
    if (proxy.relay(specs) !== 'sent') return failed.noDestination;
    noteBranches(run, proxy, before);
    for (const branch of proxy.branches.slice(before)) noteBranch(request, branch);
    return 1;
  });
}

/** Adds a branch to the ladder of a slow call. */
function noteBranch(request: Request, { target, spec }: Branch<RelayedBranch>): void {
  if (!request.isFollowed || target === null) return;
  const { method = '', requestUri = '' } = request.message ?? {};
  const where = formatHostPort(target.address, target.port);
  request.noteStep('SIP out', () => `${method} ${spec.edits?.uri ?? requestUri} to ${where}`);
}

/** The reply if no branch could be sent, by the last branch's error. */
const refusals = new Map<Prepared | undefined, readonly [status: number, reason: string]>([
  [failed.badDestination, [476, 'Unresolvable destination (476/TM)']],
  [failed.filtered, [473, 'Filtered destination (473/TM)']],
  [failed.send, [500, 'Server error occurred (7/TM)']],
]);

function prepared(
  run: Run,
  branches: readonly MessageBranch[],
  options: RelayOptions,
  state: Relaying,
): Awaitable<Prepared[]> {
  const { request } = run;
  const changes = request.state(edits);
  state.edits = changes.length === 0 ? unchanged : [...changes];
  // a list that has grown has room for 17, and there may be a hundred thousand; a draft holds on to its own
  if (changes.length > 0 && request.knownState(requestDraft) === undefined)
    request.setState(edits, [...changes]);
  const made = prepareBranches(run, branches, options, state.branchRoute, state.proxy?.branches.length ?? 0);
  return andThen(made, (all) => {
    request.state(messageBranches).clear();
    return all;
  });
}

const unchanged: readonly Edit[] = [];

const firstFailure = (made: readonly Prepared[]): Status =>
  made.find((one) => typeof one === 'number') ?? failed.noDestination;

/** RFC 3841, 9.1 has this in Request-Disposition; the manual's modules/tm names Content-Disposition. */
function saysNoCancel({ message }: Request): boolean {
  return ['request-disposition', 'content-disposition'].some((name) =>
    message?.headerList(name).some((value) => /(?:^|;)[ \t]*no-cancel[ \t]*(?:;|$)/i.test(value)),
  );
}

export interface InjectOptions {
  /** Whether existing branches are cancelled first. */
  readonly cancelsOthers: boolean;
  /** Whether no further branches are expected. */
  readonly isLast: boolean;
}

/** t_inject_branches(): adds branches to a running transaction; default: those of its request. */
export function injectBranches(
  run: Run,
  { cancelsOthers, isLast }: InjectOptions,
  branches: readonly MessageBranch[] = run.state(messageBranches).all,
): Awaitable<Status> {
  const { request } = run;
  const { transaction } = request;
  if (transaction === null) return failed.internal;
  if (transaction.isFinal) return failed.noDestination;
  const state = request.state(relaying);
  const proxy = proxyOf(run, state);
  return andThen(prepared(run, branches, {}, state), (made) => {
    const specs = made.filter((one) => typeof one === 'object');
    if (cancelsOthers) for (const branch of proxy.branches) proxy.cancelBranch(branch);
    const before = proxy.branches.length;
    const outcome = proxy.inject(specs, isLast);
    if (outcome === 'sent') noteBranches(run, proxy, before);
    return outcome === 'sent' ? 1 : firstFailure(made);
  });
}

/** Adds branches from `first` on to the trace. */
function noteBranches({ request, span }: Run, proxy: ProxyTransaction<RelayedBranch>, first: number): void {
  request.trace?.relayed(proxy.branches.slice(first), span);
}

/** t_wait_for_new_branches(): false without a transaction, or after its final reply. */
export function awaitBranches(run: Run, limit: number): boolean {
  const { request } = run;
  const { transaction } = request;
  if (transaction === null || transaction.isFinal || !transaction.isInvite) return false;
  proxyOf(run, request.state(relaying)).awaitBranches(limit);
  return true;
}

/** t_replicate(): sends copies of the request to others, and discards their responses. */
export function replicate(run: Run, uri: string, failover: boolean): Awaitable<Status> {
  const { request } = run;
  const { message } = request;
  if (message === null || message.method === 'ACK' || message.method === 'CANCEL') return failed.internal;
  const outcome = request.createTransaction();
  if (outcome === 'absorbed') return 0;
  const { transaction } = request;
  if (transaction === null) return failed.internal;
  const own = request.fork();
  own.requestUri = uri;
  own.setDestinationUri(null);
  const [, ...others] = request.state(messageBranches).all;
  const branches = [own.state(messageBranches).main, ...others];
  const made = prepareBranches(run, branches, { failover }, null, 0);
  return andThen(made, (all) => {
    request.state(messageBranches).clear();
    const specs = all.filter((one) => typeof one === 'object');
    if (specs.length === 0) return firstFailure(all);
    const { routing } = request;
    routing.host.proxy.replicate(message, specs, routing.states.get(proxySettings), () => {
      // the transaction exists only for the copies, and is never answered
      if (outcome === 'created' && !transaction.isFinal && request.state(relaying).proxy === null)
        transaction.terminate();
    });
    return 1;
  });
}

/** In a failure route, the received request URI is a branch only if no others were added. */
function failureBranches({ request }: Run): readonly MessageBranch[] {
  const [main, ...added] = request.state(messageBranches).all;
  const isAsReceived = main?.uri === request.message?.requestUri && main?.destinationUri === null;
  return main === undefined || (added.length > 0 && isAsReceived) ? added : [main, ...added];
}

function proxyOf({ request, routing }: Run, state: Relaying): ProxyTransaction<RelayedBranch> {
  if (state.proxy !== null) return state.proxy;
  const { transaction } = request;
  if (transaction === null) throw new Error('relaying needs a transaction');
  const proxy = routing.host.proxy.createProxy(
    transaction,
    new TransactionRoutes(routing, request, state),
    routing.states.get(proxySettings),
  );
  proxy.frTimeout = 1000 * (state.frTimeout ?? proxy.frTimeout / 1000);
  proxy.frInvTimeout = 1000 * (state.frInvTimeout ?? proxy.frInvTimeout / 1000);
  request.replyBy(proxy);
  state.proxy = proxy;
  return proxy;
}

/** The transaction settings from the parameters of tm and the core, built once. */
const proxySettings = new StateKey<Routing, ProxySettings>('proxy settings', (routing) => {
  const parameters = routing.parameters(tmParameters);
  return {
    values: routing.owner.values,
    frTimeout: 1000 * parameters.fr_timeout,
    frInvTimeout: 1000 * parameters.fr_inv_timeout,
    ...(parameters.failover_timeout === null ? {} : { failoverTimeout: parameters.failover_timeout }),
    restartOnEachReply: parameters.restart_fr_on_each_reply,
    block6xx: !parameters.disable_6xx_block,
    translate503: !routing.settings.disable503Translation,
    replyDefaults: routing.replyDefaults,
  };
});

/** A transaction's hooks, run by the script that created it, even after a reload. */
class TransactionRoutes implements ProxyHooks<RelayedBranch> {
  readonly #routing: RunRouting;
  readonly #request: Request;
  readonly #state: Relaying;

  constructor(routing: RunRouting, request: Request, state: Relaying) {
    this.#routing = routing;
    this.#request = request;
    this.#state = state;
  }

  onReply(branch: Branch<RelayedBranch>, response: SipResponse): Awaitable<ReplyVerdict> {
    const { user } = this.#state;
    this.#request.trace?.branchReplied(branch, response.status);
    const { status, reason, source } = response;
    this.#request.noteStep(
      'SIP in',
      () => `${status} ${reason} from ${formatHostPort(source.address, source.port)}`,
    );
    const first = onReply(this.#routing, this.#request, this.#state, branch, response);
    const verdict = user === null ? first : andThen(first, (own) => byUser(user, own, branch, response));
    const { mask } = this.#state;
    if (mask === null) return verdict;
    return andThen(verdict, (decided) => {
      if (decided === 'drop') return decided;
      return maskedResponse(mask, this.#request, response, decided === 'forward' ? {} : decided);
    });
  }

  laterAnswers(): ((response: SipResponse) => ResponseEdits) | null {
    const [request, { mask }] = [this.#request, this.#state];
    return mask === null ? null : (response) => maskedResponse(mask, request, response, {});
  }

  onFailure(failure: Failure<RelayedBranch>): Awaitable<void> {
    const { user, proxy, failures } = this.#state;
    failures?.emit(failure);
    const before = proxy?.branches.length;
    const ran = onFailure(this.#routing, this.#request, this.#state, failure);
    if (user === null) return ran;
    return andThen(ran, () => {
      // the script's route may already have continued or answered
      if (proxy?.branches.length === before && proxy?.server.isFinal === false)
        return user.onFailure(failure);
    });
  }

  onBranchEnd(branch: Branch<RelayedBranch>): void {
    this.#request.trace?.branchEnded(branch);
  }

  onCancel(_: Branch<RelayedBranch>, cancel: SipRequest): Awaitable<RequestEdits | null> {
    return onCancel(this.#routing, cancel);
  }

  onError(error: unknown): void {
    this.#routing.log.error(`relaying failed: ${stackOf(error)}`);
  }
}

/**
 * Combines the decisions of the script's routes and of the user's hook; the script's holds unless the hook changes the
 * response too.
 */
function byUser(
  user: RelayUser,
  first: ReplyVerdict,
  branch: Branch<RelayedBranch>,
  response: SipResponse,
): Awaitable<ReplyVerdict> {
  if (first === 'drop') return first;
  const second = user.onReply(branch, response);
  return first === 'forward' ? second : andThen(second, (last) => (last === 'forward' ? first : last));
}

/**
 * Passes a response to its branch. Without a branch it is dropped after the global reply route (RFC 6026, 8.1), unless
 * the script forwards requests statelessly: then it follows its Vias (16.11).
 */
export function receiveResponse(routing: RunRouting, response: SipResponse): void {
  if (routing.host.proxy.receiveResponse(response) === 'matched') return;
  const route = routing.script.find('onreply_route', '');
  const pass = passesResponses(routing, response)
    ? (edits: ResponseEdits = {}) => routing.host.proxy.forwardResponseStateless(response, edits)
    : () => {
        routing.host.proxy.counts.dropped++;
      };
  if (route === null) {
    pass();
    return;
  }
  const draft = Draft.ofResponse(response);
  void onWorker(routing, new Request(routing, null), [route], { response, draft }).then((run) => {
    if (run === null || drops(routing, run, response)) return;
    pass(responseEdits(response, draft.edits) ?? {});
  });
}

function passesResponses(routing: RunRouting, response: SipResponse): boolean {
  const { disableStatelessForwarding: disabled } = routing.settings;
  return (
    !(disabled ?? !routing.script.called.has('forward')) || routing.host.proxy.hasForwardedCancel(response)
  );
}
