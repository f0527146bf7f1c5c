/**
 * Sending a request on, statefully: t_relay() and the routes that it arms. RFC 3261, 16, is in the room `sip`; here
 * are the script's parts in it: message branches, branch, reply and failure routes.
 */
import { type Awaitable, type CompiledRoute, type Status, whenThere } from '../script/index.ts';
import {
  type Branch,
  type BranchSpec,
  type Destinations,
  type Failure,
  type HeaderText,
  headerLines,
  NO_HEADERS,
  type ProxyTransaction,
  type ReplyVerdict,
  type RequestEdits,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import { Avps } from './avps.ts';
import { edits } from './edits.ts';
import { failed, forwardStateless, hops, outboundUri, outgoingSocket, unreachable } from './forward.ts';
import { maxForwards } from './max-forwards.ts';
import { type MessageBranch, messageBranches, nextHop } from './message-branches.ts';
import { localRoute } from './new-request.ts';
import { messageEdits } from './outgoing.ts';
import { editsTowards, recordRoutes } from './record-route.ts';
import { Request } from './request.ts';
import { type Run, type RunSubject, runRoute } from './run.ts';
import { StateKey } from './state.ts';
import type { Server } from './worker.ts';

export type Route = CompiledRoute<Run>;

/** What belongs to one branch. */
export interface RelayedBranch {
  /** With the branch's own URI, destination and headers. */
  readonly request: Request;
  replyRoute: Route | null;
  /** `$bavp` */
  readonly avps: Avps;
  /** `$tm.branch.attr` */
  readonly attributes: Map<string, string | number>;
}

/** What a script has said about how its request is sent on, and what became of it. */
export interface Relaying {
  failureRoute: Route | null;
  replyRoute: Route | null;
  branchRoute: Route | null;
  /** Seconds; null is the parameter of tm. */
  frTimeout: number | null;
  frInvTimeout: number | null;
  proxy: ProxyTransaction<RelayedBranch> | null;
  /** For every request of the transaction: branches and their CANCELs. */
  headers: HeaderText;
  /** Of a CANCEL: what it says to the branches about why. */
  cancelReason: HeaderText | null;
}

export const relaying = new StateKey<Request, Relaying>(
  'relaying',
  () => ({
    failureRoute: null,
    replyRoute: null,
    branchRoute: null,
    frTimeout: null,
    frInvTimeout: null,
    proxy: null,
    headers: NO_HEADERS,
    cancelReason: null,
  }),
  { isShared: true },
);

/** Of each transaction that has not ended, for the CANCEL that comes for it. */
const proxies = new StateKey<Server, Map<ServerTransaction, ProxyTransaction<RelayedBranch>>>(
  'proxies',
  () => new Map(),
);

export interface RelayOptions {
  /** `[proto:]host[:port]`, used where the script has set no `$du`. */
  readonly outboundProxy?: string | undefined;
  /** Answer 477 where no branch could be sent; default true. */
  readonly auto477?: boolean;
  /** Try the next address of a destination where one does not answer; default true. */
  readonly failover?: boolean;
  /** The Reason of a CANCEL goes on to the branches; default false. */
  readonly passReason?: boolean;
}

/** t_relay(). 0 for what a transaction has absorbed. */
export function relay(run: Run, options: RelayOptions = {}): Awaitable<Status> {
  const { request } = run;
  const { message } = request;
  if (message === null) return failed.internal;
  if (message.method === 'ACK') return relayAck(run, options);
  if (run.subject.failure === undefined && request.server.proxy.isLooped(message)) {
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

/** The ACK to a negative reply is the transaction's; that to a 2xx goes on by itself (17.1.1.3). */
function relayAck(run: Run, options: RelayOptions): Awaitable<Status> {
  const { request } = run;
  const { message, server } = request;
  const existing = message === null ? null : server.transactions.find(message);
  if (message !== null && existing !== null) {
    existing.receive(message);
    return 0;
  }
  return forwardStateless(run, options.outboundProxy);
}

/** A CANCEL is answered here, and each branch of the request that it means is cancelled by itself (16.10). */
function relayCancel(run: Run, options: RelayOptions): Awaitable<Status> {
  const { request } = run;
  const { message, server } = request;
  const cancelled = message === null ? null : server.transactions.findCancelled(message);
  if (cancelled === null) return forwardStateless(run, options.outboundProxy);
  if (request.createTransaction() === 'absorbed') return 0;
  request.reply(200, 'canceling');
  const proxy = server.states.get(proxies).get(cancelled);
  if (proxy !== undefined) {
    const passed =
      options.passReason === true && message !== null ? headerLines(message, 'reason') : NO_HEADERS;
    proxy.cancel(request.state(relaying).cancelReason ?? passed);
  } else cancelled.reply({ status: 487, reason: 'Request Terminated', ...server.replyDefaults });
  return 1;
}

/** Answers the request of a transaction from outside of it; a final reply cancels its branches. */
export function replyTo(
  server: Server,
  transaction: ServerTransaction,
  status: number,
  reason: string,
): boolean {
  const content = { status, reason, ...server.replyDefaults };
  const proxy = server.states.get(proxies).get(transaction);
  return (proxy ?? transaction).reply(content, { untilAck: true });
}

/** Makes the branches, runs the branch route on each, and sends them. */
function sendBranches(run: Run, options: RelayOptions, isNew: boolean): Awaitable<Status> {
  const { request } = run;
  const branches = request.state(messageBranches);
  const state = request.state(relaying);
  const first =
    state.proxy === null || run.subject.failure === undefined ? branches.all : failureBranches(run);
  const before = state.proxy?.branches.length ?? 0;
  const prepared = inOrder(first, (branch, i) => prepare(run, branch, before + i, options, state));
  const send = (made: readonly (BranchSpec<RelayedBranch> | Status)[]): Status => {
    branches.clear();
    const specs = made.filter((one) => typeof one === 'object');
    if (specs.length === 0) {
      const code = made.find((one) => typeof one === 'number') ?? failed.noDestination;
      if (isNew && options.auto477 !== false) request.reply(477, 'Send failed (477/TM)');
      return code;
    }
    const proxy = proxyOf(run, state);
    const outcome = proxy.relay(specs);
    return outcome === 'sent' ? 1 : failed.noDestination;
  };
  return whenThere(prepared, send);
}

/** One after another, since a worker runs one route at a time; a promise only where one of them waits. */
function inOrder<T, U>(items: readonly T[], make: (item: T, index: number) => Awaitable<U>): Awaitable<U[]> {
  const made: U[] = [];
  for (const [i, item] of items.entries()) {
    const one = make(item, i);
    if (!(one instanceof Promise)) made.push(one);
    else {
      return (async () => {
        made.push(await one);
        for (const [n, later] of items.slice(i + 1).entries()) made.push(await make(later, i + 1 + n));
        return made;
      })();
    }
  }
  return made;
}

/** In a failure route: the request URI where it was changed, or whatever branches were added. */
function failureBranches(run: Run): readonly MessageBranch[] {
  const [main, ...added] = run.request.state(messageBranches).all;
  return main === undefined ||
    (added.length > 0 && main.uri === run.subject.branch?.spec.data.request.requestUri)
    ? added
    : [main, ...added];
}

/** A branch ready to be sent; a status where it cannot be; the branch route may take its time, and drop it. */
function prepare(
  run: Run,
  branch: MessageBranch,
  branchIndex: number,
  options: RelayOptions,
  state: Relaying,
): Awaitable<BranchSpec<RelayedBranch> | Status> {
  const { request } = run;
  const own = request.fork();
  own.requestUri = branch.uri;
  own.setDestinationUri(branch.destinationUri);
  own.state(edits).push(...request.state(edits));
  own.state(recordRoutes).push(...request.state(recordRoutes));
  const { main } = own.state(messageBranches);
  main.socket = branch.socket ?? request.state(messageBranches).main.socket;
  main.q = branch.q;
  main.path = branch.path;
  own.state(maxForwards).value = request.state(maxForwards).value;
  for (const flag of branch.flags) main.flags.add(flag);
  const data: RelayedBranch = {
    request: own,
    replyRoute: null,
    avps: new Avps(),
    attributes: branch.attributes,
  };
  if (state.branchRoute === null) return resolve(run.server, data, options);
  const ran = runRoute(run.worker, own, state.branchRoute, { subject: { relayed: data, branchIndex } });
  const after = (done: Run) => (done.dropped ? failed.noDestination : resolve(run.server, data, options));
  return whenThere(ran, after);
}

function resolve(
  server: Server,
  data: RelayedBranch,
  { outboundProxy, failover = true }: RelayOptions,
): Awaitable<BranchSpec<RelayedBranch> | Status> {
  const { request } = data;
  const { message } = request;
  if (message === null) return failed.internal;
  const next =
    request.destinationUri === null && outboundProxy !== undefined
      ? outboundUri(outboundProxy)
      : nextHop(request);
  if (next === null) return failed.badDestination;
  const spec = ({ targets, failure }: Destinations): BranchSpec<RelayedBranch> | Status => {
    const [first] = targets;
    if (failure === null && first !== undefined) {
      // all targets of a URI are of one transport
      const socket = outgoingSocket(request, first);
      const changes = editsTowards(request, message, socket);
      if (changes === null) return failed.badMessage;
      const { headers } = request.state(relaying);
      const appended = headers === NO_HEADERS ? changes.appended : [...(changes.appended ?? []), headers];
      return {
        targets: failover ? targets : [first],
        socket,
        edits: {
          ...changes,
          ...(appended === undefined ? {} : { appended }),
          uri: request.requestUri,
          ...hops(request),
        },
        cancelHeaders: headers,
        data,
      };
    }
    server.log.warning(`t_relay(): ${unreachable(next, failure)}`);
    return failed.badDestination;
  };
  return whenThere(server.destinations(next), spec);
}

function proxyOf(run: Run, state: Relaying): ProxyTransaction<RelayedBranch> {
  const { request } = run;
  if (state.proxy !== null) return state.proxy;
  const { server } = request;
  const { transaction } = request;
  if (transaction === null) throw new Error('relaying needs a transaction');
  const parameters = server.parameters('tm');
  const known = server.states.get(proxies);
  const proxy = server.proxy.createProxy<RelayedBranch>(
    transaction,
    {
      onReply: (branch, response) => onReply(request, state, branch, response),
      onFailure: (failure) => onFailure(request, state, failure),
      ...(server.script.find('local_route', '') === null
        ? {}
        : { onCancel: (_, cancel) => onCancel(server, cancel) }),
      onEnd: () => known.delete(transaction),
      onError: (error) =>
        server.log.error(
          `relaying failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        ),
    },
    {
      frTimeout: 1000 * (state.frTimeout ?? Number(parameters['fr_timeout'] ?? 30)),
      frInvTimeout: 1000 * (state.frInvTimeout ?? Number(parameters['fr_inv_timeout'] ?? 120)),
      restartOnEachReply: parameters['restart_fr_on_each_reply'] !== false,
      block6xx: parameters['disable_6xx_block'] !== true,
      translate503: !server.settings.disable503Translation,
      replyDefaults: server.replyDefaults,
    },
  );
  known.set(transaction, proxy);
  request.replyBy((content, how) => proxy.reply(content, how));
  state.proxy = proxy;
  return proxy;
}

/** Runs the reply routes that are armed: the global one, the transaction's, the branch's. */
function onReply(
  request: Request,
  state: Relaying,
  branch: Branch<RelayedBranch>,
  response: SipResponse,
): Awaitable<ReplyVerdict> {
  const routes = [
    request.server.script.find('onreply_route', ''),
    state.replyRoute,
    branch.spec.data.replyRoute,
  ].filter((route) => route !== null);
  if (routes.length === 0) return 'forward';
  const ownAvps = request.server.parameters('tm')['onreply_avp_mode'] !== 1;
  return onWorker(request.server, request.fork(ownAvps ? new Avps() : request.avps), routes, {
    response,
    branch,
    relayed: branch.spec.data,
  }).then((run) => {
    if (run === null) return 'forward';
    if (run.dropped && response.status < 200) return 'drop';
    return messageEdits(response, run.request.state(edits)) ?? 'forward';
  });
}

/** Runs the failure route, which has to be armed anew for the next round. */
async function onFailure(request: Request, state: Relaying, failure: Failure<RelayedBranch>): Promise<void> {
  const route = state.failureRoute;
  if (route === null) return;
  state.failureRoute = null;
  const branch = failure.branch ?? undefined;
  const branches = request.state(messageBranches);
  branches.clear();
  branches.main.flags.clear();
  if (branch !== undefined) {
    request.requestUri = branch.spec.data.request.requestUri;
    for (const flag of branch.spec.data.request.state(messageBranches).main.flags)
      branches.main.flags.add(flag);
  }
  request.setDestinationUri(null);
  await onWorker(request.server, request, [route], {
    failure,
    ...(branch === undefined ? {} : { branch, relayed: branch.spec.data }),
  });
}

/** The CANCEL of a branch is a request of siprest's own. */
function onCancel(server: Server, cancel: SipRequest): Promise<RequestEdits | null> {
  return new Promise((done) => {
    const taken = server.submit((worker) => {
      const edits = localRoute(server, worker, cancel, null);
      edits.then(done, () => done(null));
      return edits;
    });
    if (!taken) done(null);
  });
}

/** Runs routes one after another on a worker; the last run, null where there was no room for the job. */
function onWorker(
  server: Server,
  request: Request,
  routes: readonly Route[],
  subject: RunSubject,
): Promise<Run | null> {
  return new Promise((done) => {
    const taken = server.submit(async (worker) => {
      let last: Run | null = null;
      try {
        for (const route of routes) {
          last = await runRoute(worker, request, route, { subject });
          if (last.dropped) break;
        }
      } finally {
        done(last); // whatever becomes of a route, its transaction goes on
      }
    });
    if (!taken) done(null);
  });
}

/** A response goes to its branch; one of no branch on by its Vias, after the global reply route (16.11). */
export function receiveResponse(server: Server, response: SipResponse): void {
  if (server.proxy.receiveResponse(response) === 'matched') return;
  const route = server.script.find('onreply_route', '');
  if (route === null) {
    server.proxy.forwardResponseStateless(response);
    return;
  }
  void onWorker(server, new Request(server, null), [route], { response }).then((run) => {
    if (run === null || (run.dropped && response.status < 200)) return;
    server.proxy.forwardResponseStateless(response, messageEdits(response, run.request.state(edits)) ?? {});
  });
}
