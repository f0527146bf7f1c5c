/** Prepares the branches of a request: runs the branch route for each, and resolves its targets. */

import { runRoute } from '../engine/index.ts';
import {
  Avps,
  edits,
  type RelayedBranch,
  type Request,
  type Routing,
  type Run,
  type StateKey,
  tmParameters,
} from '../runtime/index.ts';
import type { Status } from '../script/index.ts';
import { type BranchSpec, type Destinations, NO_HEADERS } from '../sip/index.ts';
import { type Awaitable, andThen, isPending } from '../timers/index.ts';
import { failed, forcedProtocol, outboundUri, outgoingSocket, requestEdits, unreachable } from './forward.ts';
import { maxForwards } from './max-forwards.ts';
import { type MessageBranch, messageBranches, nextHop } from './message-branches.ts';
import { editsTowards, recordRoutes } from './record-route.ts';
import { type RelayOptions, type Route, relaying } from './relaying.ts';

/** A branch, or a status of t_relay() if it cannot be sent or was dropped. */
export type Prepared = BranchSpec<RelayedBranch> | Status;

class PreparedBranch implements RelayedBranch {
  readonly request: Request;
  replyRoute: RelayedBranch['replyRoute'] = null;
  readonly avps = new Avps();
  // few branches have any
  #attributes: Map<string, string | number> | null = null;

  constructor(request: Request) {
    this.request = request;
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
  const own = request.fork();
  own.requestUri = branch.uri;
  own.setDestinationUri(branch.destinationUri);
  copyList(request, own, edits);
  copyList(request, own, recordRoutes);
  const { main } = own.state(messageBranches);
  main.socket = branch.socket ?? request.state(messageBranches).main.socket;
  main.q = branch.q;
  main.path = branch.path;
  own.setState(maxForwards, { value: request.state(maxForwards).value });
  const data = new PreparedBranch(own);
  if (branch.isMarked) {
    for (const flag of branch.flags) main.flags.add(flag);
    for (const [name, value] of branch.attributes) data.attributes.set(name, value);
  }
  branch.change?.(own);
  if (branchRoute === null) return resolve(run.routing, data, options);
  const ran = runRoute(run.worker, own, branchRoute, { subject: { relayed: data, branchIndex } });
  const after = (done: Run) => (done.dropped ? failed.noDestination : resolve(run.routing, data, options));
  return andThen(ran, after);
}

/** In the size that it has: one that grows is given room for many. */
function copyList<T>(from: Request, to: Request, key: StateKey<Request, T[]>): void {
  const list = from.knownState(key);
  if (list !== undefined && list.length > 0) to.setState(key, [...list]);
}

function resolve(
  routing: Routing,
  data: RelayedBranch,
  { outboundProxy, failover = true }: RelayOptions,
): Awaitable<Prepared> {
  const { request } = data;
  const { message } = request;
  if (message === null) return failed.internal;
  const next =
    request.destinationUri === null && outboundProxy !== undefined
      ? outboundUri(outboundProxy)
      : nextHop(request);
  if (next === null) return failed.badDestination;
  const spec = ({ targets, failure }: Destinations): Prepared => {
    const [first] = targets;
    if (failure === null && first !== undefined) {
      // all targets of a URI use the same transport
      const socket = outgoingSocket(request, first);
      const changes = editsTowards(request, message, socket);
      if (changes === null) return failed.badMessage;
      const { headers } = request.state(relaying);
      const all =
        headers === NO_HEADERS ? changes : { ...changes, appended: [...(changes.appended ?? []), headers] };
      return {
        targets: failover && routing.settings.dnsFailover ? targets : [first],
        socket,
        edits: requestEdits(request, all),
        ownHeaders: headers,
        isMinor: isMinor(data),
        data,
      };
    }
    routing.log.warning(`t_relay(): ${unreachable(next, failure)}`);
    return failure === 'transport' ? failed.send : failed.badDestination;
  };
  return andThen(routing.host.destinations(next, forcedProtocol(request)), spec);
}

/** Whether the transaction does not wait for this branch (tm's minor_branch_flag). */
function isMinor({ request }: RelayedBranch): boolean {
  const { minor_branch_flag: flag } = request.routing.parameters(tmParameters);
  return flag !== null && request.state(messageBranches).main.flags.has(flag);
}
