/** Prepares the branches of a request: runs the branch route for each, and resolves its targets. */

import { runRoute } from '../engine/index.ts';
import {
  Avps,
  edits,
  type RelayedBranch,
  type Request,
  type Routing,
  type Run,
  tmParameters,
} from '../runtime/index.ts';
import type { Status } from '../script/index.ts';
import { type BranchSpec, type Destinations, headerText, NO_HEADERS, parseUri } from '../sip/index.ts';
import { type Awaitable, andThen, isPending } from '../timers/index.ts';
import { routeState } from './add-record-route.ts';
import { lookupOf, permitted } from './blacklists.ts';
import { isOfFlow } from './flows.ts';
import {
  failed,
  filtered,
  forcedProtocol,
  outboundUri,
  outgoingSocket,
  requestEdits,
  statusOf,
  unreachable,
} from './forward.ts';
import { maskedRequest } from './masking.ts';
import { maxForwards } from './max-forwards.ts';
import { type MessageBranch, messageBranches } from './message-branches.ts';
import { addedRecordRoute, editsTowards } from './record-route.ts';
import { type RelayOptions, type Route, relaying } from './relaying.ts';
import { withChoice } from './tls-choice.ts';

/** A branch, or a status of t_relay() if it cannot be sent or was dropped. */
export type Prepared = BranchSpec<RelayedBranch> | Status;

/** A branch with its request: a copy that few calls need, and there may be a hundred thousand that wait. */
class PreparedBranch implements RelayedBranch {
  replyRoute: RelayedBranch['replyRoute'] = null;
  readonly #original: Request;
  readonly #uri: string;
  readonly #destinationUri: string | null;
  #request: Request | null = null;
  // few branches have any
  #avps: Avps | null = null;
  #attributes: Map<string, string | number> | null = null;

  constructor(original: Request, { uri, destinationUri }: MessageBranch) {
    this.#original = original;
    this.#uri = uri;
    this.#destinationUri = destinationUri;
  }

  get request(): Request {
    if (this.#request === null) {
      this.#request = this.#original.fork();
      this.#request.requestUri = this.#uri;
      this.#request.setDestinationUri(this.#destinationUri);
    }
    return this.#request;
  }

  get avps(): Avps {
    this.#avps ??= new Avps();
    return this.#avps;
  }

  get attributes(): Map<string, string | number> {
    this.#attributes ??= new Map();
    return this.#attributes;
  }
}

/** Prepares all branches; `before` is the number of existing branches. */
export function prepareBranches(
  run: Run,
  branches: readonly MessageBranch[],
  options: RelayOptions,
  branchRoute: Route | null,
  before: number,
): Awaitable<Prepared[]> {
  return inOrder(branches, (branch, i) => prepare(run, branch, before + i, options, branchRoute));
}

/** Runs one after the other, since a worker runs one route at a time; returns a promise only if one of them waits. */
function inOrder<T, U>(items: readonly T[], make: (item: T, index: number) => Awaitable<U>): Awaitable<U[]> {
  const made: U[] = [];
  for (const [i, item] of items.entries()) {
    const one = make(item, i);
    if (!isPending(one)) made.push(one);
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

/** Prepares one branch. The branch route may wait, and may drop it. */
function prepare(
  run: Run,
  branch: MessageBranch,
  branchIndex: number,
  options: RelayOptions,
  branchRoute: Route | null,
): Awaitable<Prepared> {
  const { request } = run;
  const data = new PreparedBranch(request, branch);
  const socket = branch.socket ?? request.state(messageBranches).main.socket;
  const isPlain =
    socket === null &&
    branch.q === null &&
    branch.path === null &&
    !branch.isMarked &&
    branch.change === undefined;
  if (branchRoute === null && isPlain) return resolve(run.routing, data, options, request, branch);
  const own = data.request;
  const changes = request.knownState(edits);
  if (changes !== undefined) own.setState(edits, [...changes]);
  own.setState(addedRecordRoute, request.state(addedRecordRoute));
  own.setState(routeState, { ...request.state(routeState) });
  const { main } = own.state(messageBranches);
  main.socket = socket;
  main.q = branch.q;
  main.path = branch.path;
  own.setState(maxForwards, request.state(maxForwards));
  if (branch.isMarked) {
    for (const flag of branch.flags) main.flags.add(flag);
    for (const [name, value] of branch.attributes) data.attributes.set(name, value);
  }
  if (branch.path !== null) addRoutes(own, branch.path);
  branch.change?.(own);
  if (branchRoute === null) return resolve(run.routing, data, options, own, main);
  const ran = runRoute(run.worker, own, branchRoute, { subject: { relayed: data, branchIndex } });
  const after = (done: Run) =>
    done.dropped ? failed.noDestination : resolve(run.routing, data, options, own, main);
  return andThen(ran, after);
}

/** The Path of a registration becomes the route of requests to the contact (RFC 3327, 5.4). */
function addRoutes(own: Request, path: string): void {
  const lines = headerText(`Route: ${path}\r\n`);
  if (lines === null) return;
  const header = own.message?.headers.findIndex(({ key }) => key === 'route') ?? -1;
  own.state(edits).push(header < 0 ? { kind: 'append', lines } : { kind: 'insert-before', header, lines });
}

/** @param request has the changes to the message, which a branch route may add to */
function resolve(
  routing: Routing,
  data: RelayedBranch,
  { outboundProxy, failover = true }: RelayOptions,
  request: Request,
  { uri, destinationUri, isMarked }: MessageBranch,
): Awaitable<Prepared> {
  const { message } = request;
  if (message === null) return failed.internal;
  const next =
    destinationUri === null && outboundProxy !== undefined
      ? outboundUri(outboundProxy)
      : parseUri(destinationUri ?? uri);
  if (next === null) return failed.badDestination;
  const spec = ({ targets: found, failure }: Destinations): Prepared => {
    const targets = withChoice(found, request, data);
    const [first] = targets;
    if (failure === null && first !== undefined) {
      // all targets of a URI use the same transport
      const socket = outgoingSocket(request, first);
      const own = editsTowards(request, message, socket);
      if (own === null) return failed.badMessage;
      const changes = maskedRequest(request, message, own, socket);
      const { headers } = request.state(relaying);
      const all =
        headers === NO_HEADERS ? changes : { ...changes, appended: [...(changes.appended ?? []), headers] };
      const sent = requestEdits(request, all, uri);
      const usable = failover && routing.settings.dnsFailover ? targets : [first];
      const allowed = permitted(request, message, usable, sent);
      if (allowed.length === 0) return filtered('t_relay()', request, next);
      return {
        targets: allowed,
        socket,
        edits: sent,
        ownHeaders: headers,
        isMinor: isMarked && hasFlag(request, routing.parameters(tmParameters).minor_branch_flag),
        ifNotConnected: isOfFlow(request, destinationUri)
          ? 430
          : isMarked && hasFlag(request, routing.settings.connectedOnlyFlag)
            ? 503
            : undefined,
        data,
      };
    }
    routing.log.warning(`t_relay(): ${unreachable(next, failure)}`);
    return statusOf(failure);
  };
  return andThen(routing.host.destinations(next, forcedProtocol(request), lookupOf(request)), spec);
}

/** Whether the branch has this flag. */
const hasFlag = (request: Request, flag: string | null): boolean =>
  flag !== null && request.state(messageBranches).main.flags.has(flag);
