/** The routes that run during a transaction: reply, failure and local routes, each on a worker of its own. */

import { resumed, runRoute } from '../engine/index.ts';
import {
  Avps,
  Draft,
  edits,
  type RelayedBranch,
  Request,
  type Run,
  type RunRouting,
  type RunSubject,
  shareTrace,
  tmParameters,
} from '../runtime/index.ts';
import {
  type Branch,
  editedMessage,
  type Failure,
  type ReplyVerdict,
  type RequestEdits,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import type { Awaitable } from '../timers/index.ts';
import { showLocalMessage } from './local-messages.ts';
import { messageBranches } from './message-branches.ts';
import { localRoute } from './new-request.ts';
import { responseEdits } from './outgoing.ts';
import { type Relaying, type ReplyHook, type Route, relaying } from './relaying.ts';

/** Runs all armed reply routes: the global one, the transaction's, the branch's. */
export function onReply(
  routing: RunRouting,
  request: Request,
  state: Relaying,
  branch: Branch<RelayedBranch>,
  response: SipResponse,
): Awaitable<ReplyVerdict> {
  const global = routing.script.find('onreply_route', '');
  const routes = [state.replyRoute, branch.spec.data.replyRoute].filter((route) => route !== null);
  if (global === null && routes.length === 0) {
    const { replyHooks: hooks } = state;
    return hooks === null ? 'forward' : afterHooks(hooks, response, Draft.ofResponse(response), branch);
  }
  return judge(routing, request, global, routes, response, branch);
}

function afterHooks(
  hooks: readonly ReplyHook[],
  response: SipResponse,
  draft: Draft,
  branch: Branch<RelayedBranch>,
): ReplyVerdict {
  for (const hook of hooks) hook(response, draft, branch);
  return draft.edits.length === 0 ? 'forward' : (responseEdits(response, draft.edits) ?? 'forward');
}

async function judge(
  routing: RunRouting,
  request: Request,
  global: Route | null,
  routes: readonly Route[],
  response: SipResponse,
  branch: Branch<RelayedBranch>,
): Promise<ReplyVerdict> {
  const draft = Draft.ofResponse(response);
  if (global !== null) {
    // the global route sees no transaction (the manual's Script-Routes, onreply_route)
    const own = shareTrace(request, new Request(routing, null));
    const run = await onWorker(routing, own, [global], { response, draft });
    if (drops(routing, run, response)) return 'drop';
  }
  if (routes.length > 0) {
    const ownAvps = routing.parameters(tmParameters).onreply_avp_mode !== 1;
    const own = request.fork(ownAvps ? new Avps() : request.avps);
    const run = await onWorker(routing, own, routes, { response, draft, branch, relayed: branch.spec.data });
    if (drops(routing, run, response)) return 'drop';
  }
  return afterHooks(request.state(relaying).replyHooks ?? [], response, draft, branch);
}

/** Whether the route has dropped a response, which is counted; final ones cannot be dropped. */
export function drops(routing: RunRouting, run: Run | null, { status }: SipResponse): boolean {
  if (run?.dropped !== true || status >= 200) return false;
  routing.host.proxy.counts.dropped++;
  return true;
}

/** Runs the failure route, which must be armed again for each round. */
export function onFailure(
  routing: RunRouting,
  request: Request,
  state: Relaying,
  failure: Failure<RelayedBranch>,
): Awaitable<void> {
  const route = state.failureRoute;
  if (route !== null) return runFailureRoute(routing, request, state, failure, route);
}

/** Restores the request as received: the current `$ru`, `$du` and flags belong to the failed branches. */
function asReceived(request: Request): void {
  const { main } = request.state(messageBranches);
  const uri = request.message?.requestUri ?? '';
  Object.assign(main, { uri, destinationUri: null, q: null, path: null, socket: null });
  main.flags.clear();
  main.attributes.clear();
}

async function runFailureRoute(
  routing: RunRouting,
  request: Request,
  state: Relaying,
  failure: Failure<RelayedBranch>,
  route: Route,
): Promise<void> {
  state.failureRoute = null;
  const branch = failure.branch ?? undefined;
  request.state(messageBranches).clear();
  asReceived(request);
  // after t_relay() the script changed only a copy (the manual's modules/tm, Overview)
  const changes = request.state(edits);
  changes.splice(0, changes.length, ...(state.edits ?? changes));
  await onWorker(routing, request, [route], {
    failure,
    ...(branch === undefined ? {} : { branch, relayed: branch.spec.data }),
  });
}

/** Lets the local route see the CANCEL of a branch, which siprest generates. */
export function onCancel(routing: RunRouting, cancel: SipRequest): Awaitable<RequestEdits | null> {
  if (routing.script.find('local_route', '') === null) {
    showLocalMessage(routing, 'local_request_route', cancel.raw);
    return null;
  }
  const edited = editsOfCancel(routing, cancel);
  return edited.then((edits) => {
    showLocalMessage(
      routing,
      'local_request_route',
      edits === null ? cancel.raw : editedMessage(cancel, edits),
    );
    return edits;
  });
}

function editsOfCancel(routing: RunRouting, cancel: SipRequest): Promise<RequestEdits | null> {
  return new Promise((done) => {
    const taken = routing.submit((worker) => {
      const edits = localRoute(worker, cancel, null);
      edits.then(done, () => done(null));
      return edits;
    });
    if (!taken) done(null);
  });
}

/**
 * Runs routes in order on one worker, each with the resume routes of its async(); returns the last run, or null if the
 * pool had no capacity.
 */
export function onWorker(
  routing: RunRouting,
  request: Request,
  routes: readonly Route[],
  subject: RunSubject,
): Promise<Run | null> {
  return new Promise((done) => {
    const taken = routing.submit(async (worker) => {
      let last: Run | null = null;
      try {
        for (const [i, route] of routes.entries()) {
          last = await runRoute(worker, request, route, { subject });
          if (last.continuation !== null) {
            // the worker is free in the meantime
            const later = routes.slice(i + 1);
            const end = last.continuation.then(resumed);
            void end
              .then((run) =>
                run.dropped || later.length === 0 ? run : onWorker(routing, request, later, subject),
              )
              .then(done);
            return;
          }
          if (last.dropped) break;
        }
        done(last);
      } catch (error) {
        done(last); // an error in a route does not stop its transaction
        throw error;
      }
    });
    if (!taken) done(null);
  });
}
