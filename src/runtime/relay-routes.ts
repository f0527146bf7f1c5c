/** The routes that run while a request is under way: reply, failure and local routes, each on a worker of its own. */
import type { Awaitable } from '../script/index.ts';
import type { Branch, Failure, ReplyVerdict, RequestEdits, SipRequest, SipResponse } from '../sip/index.ts';
import { Avps } from './avps.ts';
import { edits } from './edits.ts';
import { messageBranches } from './message-branches.ts';
import { localRoute } from './new-request.ts';
import { responseEdits } from './outgoing.ts';
import type { RelayedBranch, Relaying, Route } from './relaying.ts';
import type { Request } from './request.ts';
import { type Run, type RunSubject, runRoute } from './run.ts';
import type { Server } from './worker.ts';

/** Runs the reply routes that are armed: the global one, the transaction's, the branch's. */
export function onReply(
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
    return responseEdits(response, run.request.state(edits)) ?? 'forward';
  });
}

/** Runs the failure route, which has to be armed anew for the next round. */
export function onFailure(
  request: Request,
  state: Relaying,
  failure: Failure<RelayedBranch>,
): Awaitable<void> {
  const route = state.failureRoute;
  if (route !== null) return runFailureRoute(request, state, failure, route);
}

async function runFailureRoute(
  request: Request,
  state: Relaying,
  failure: Failure<RelayedBranch>,
  route: Route,
): Promise<void> {
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
export function onCancel(server: Server, cancel: SipRequest): Awaitable<RequestEdits | null> {
  if (server.script.find('local_route', '') === null) return null;
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
export function onWorker(
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
