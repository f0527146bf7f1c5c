/**
 * Runs a script on a message, from a top route to its end. The closures of the script return the function of async() as
 * a value, a {@link Suspension}; it is started here, and another run with the same request continues after it.
 */

import { endStretch, Request, Run, type RunSubject, type RunWorker, stackOf } from '../runtime/index.ts';
import {
  type CompiledRoute,
  type Completion,
  enterRoute,
  type Launched,
  type RouteKind,
  type Suspension,
  type Value,
} from '../script/index.ts';
import { type Awaitable, isPending } from '../timers/index.ts';

/** Where async() frees the worker (the manual's Script-Async, Allowed Routes); elsewhere it is a blocking call. */
const leaving: ReadonlySet<RouteKind | null> = new Set<RouteKind>(['route', 'onreply_route']);

/** The route that continues after a function, and its parameter. */
type Next = Pick<Launched<Run>, 'function' | 'route'> & Partial<Pick<Launched<Run>, 'parameter'>>;

/**
 * Runs a top route on a message. An exception here is a bug in siprest: it is logged, the message is answered 500, and
 * other messages are unaffected.
 */
export function runRoute(
  worker: RunWorker,
  request: Request,
  route: CompiledRoute<Run>,
  about: { readonly subject?: RunSubject; readonly parameters?: readonly Value[] } = {},
): Awaitable<Run> {
  const run = new Run(worker, request, about.subject);
  const { scripts } = run.routing.host;
  if (request.trace !== null) beginSpan(run, route);
  const began = performance.now(); // CPU time, so always the real clock
  const outer = run.beginStretch(began);
  const done = guard(run, () => carryOn(run, enterRoute(run, route, about.parameters)));
  endStretch(outer);
  scripts.addRoute(route, performance.now() - began);
  return isPending(done) ? done.then(() => endOf(run)) : endOf(run);
}

function endOf(run: Run): Run {
  run.leaveUnanswered();
  if (run.span !== null) endSpan(run);
  return run;
}

function beginSpan(run: Run, route: Pick<CompiledRoute<Run>, 'kind' | 'name'>): void {
  run.span = run.request.trace?.run(route, run.subject.branch) ?? null;
}

/** A request that has no transaction is over when its main route is. */
function endSpan({ span, request, subject }: Run): void {
  span?.end();
  const { response, relayed, failure } = subject;
  const isMain = response === undefined && relayed === undefined && failure === undefined;
  if (isMain && request.transaction === null) request.trace?.end();
}

/** Never throws. */
function guard(run: Run, execute: () => Awaitable<void>): Awaitable<void> {
  const fail = (error: unknown) => {
    run.complain(`the script failed on this message: ${stackOf(error)}`);
    if (!run.isAboutReply && !run.request.replied) run.request.reply(500, 'Server Internal Error');
  };
  try {
    const done = execute();
    if (isPending(done)) return done.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** After the closures have returned: executes async() calls until the script ends or leaves its worker. */
function carryOn(run: Run, flow: Awaitable<unknown>): Awaitable<void> {
  if (isPending(flow)) return flow.then(() => carryOn(run, undefined));
  while (run.suspension !== null) {
    const next = run.suspension;
    const completion = suspend(run, next);
    if (completion === null) return;
    const resumed = isPending(completion)
      ? completion.then((complete) => resume(run, next, complete))
      : resume(run, next, completion);
    if (isPending(resumed)) return resumed.then(() => carryOn(run, undefined));
  }
}

/**
 * Starts the function of async(). Null if the run ends here, with another run after the function or with nothing left
 * to do; else the completion with which this run continues on its worker.
 */
function suspend(run: Run, suspension: Suspension<Run>): Awaitable<Completion<Run>> | null {
  run.suspension = null;
  // arguments are read in the frame of the call
  run.frame = suspension.frame;
  // count each resume route as a step: one that resumes itself would never end
  if (--run.steps < 0 && run.isOverTime()) return null;
  // the resume route, which then runs here, is blocking too
  run.isBlocking ||= !leaving.has(run.routeKind);
  const transaction = run.isBlocking ? 'refused' : run.request.createTransaction();
  if (transaction === 'absorbed') return null;
  const background = transaction !== 'refused' && (suspension.function.admit?.(run) ?? true);
  const completion = suspension.start({ run, mode: 'async', background, timeout: suspension.timeout });
  if (completion === null) return failed;
  if (!background || !isPending(completion)) return completion;
  leave(run, completion, suspension);
  return null;
}

/** Waits for all resume routes: each may end with async() as well. */
export async function resumed(run: Run): Promise<Run> {
  return run.continuation === null ? run : resumed(await run.continuation);
}

/** Frees the worker, which continues with the resume route when the function is done. */
function leave(run: Run, completion: Promise<Completion<Run>>, next: Next): void {
  const { request, subject } = run;
  run.hasResumeRoute = next.route !== null;
  if (subject.response === undefined && subject.isAwaited !== true)
    goOnAfter(completion, next, run, request, subject);
  else
    run.continuation = new Promise((done) => {
      goOnAfter(completion, next, run, request, subject, done);
    });
}

/** After a function: sets its outputs and its return code, and enters the next route. */
function resume(run: Run, { route, parameter = null }: Next, complete: Completion<Run>): Awaitable<unknown> {
  run.status = complete(run);
  if (route === null) return;
  run.stopped = false;
  run.frame = null;
  return enterRoute(run, route, parameter === null ? undefined : [parameter]);
}

/** When the function is done, another run continues on the same worker. */
function goOnAfter(
  completion: Promise<Completion<Run>>,
  next: Next,
  { worker, position, routing }: Run,
  request: Request,
  subject?: RunSubject,
  ended?: (run: Run) => void,
): void {
  const { background } = routing;
  background.begin();
  const later = (complete: Completion<Run>) => {
    worker.resume((on) => {
      const run = new Run(on, request, subject);
      run.position = position;
      if (request.trace !== null && next.route !== null) beginSpan(run, next.route);
      const outer = run.beginStretch(performance.now());
      const done = guard(run, () => carryOn(run, resume(run, next, complete)));
      endStretch(outer);
      const end = () => {
        endOf(run);
        ended?.(run);
      };
      return isPending(done) ? done.then(end) : end();
    });
    background.end();
  };
  completion.then(later, (error: unknown) =>
    later((run) => {
      run.complain(`${next.function.name}(): ${stackOf(error)}`);
      return -1;
    }),
  );
}

/** Runs the report route of launch() when its function is done. Waits for it if the worker is kept. */
export function report(run: Run, launched: Launched<Run>): Awaitable<void> {
  // the report route sees the output variables and its parameter, but no message
  const request = new Request(run.routing, null);
  const completion = Promise.resolve(launched.completion);
  if (launched.background) return goOnAfter(completion, launched, run, request);
  return completion.then((complete) => {
    const own = new Run(run.worker, request);
    return guard(own, () => carryOn(own, resume(own, launched, complete)));
  });
}

const failed: Completion<Run> = () => -1;
