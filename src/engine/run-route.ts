/**
 * Runs a script on a message, from one of its top routes to its end. What async() asks for is started here, once the
 * closures of the script have returned and left it as a value: {@link Suspension}. After it another run goes on with the
 * same request.
 */

import { endStretch, Request, Run, type RunSubject, type RunWorker } from '../runtime/index.ts';
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

/** The route that goes on after a function, and its parameter. */
type Next = Pick<Launched<Run>, 'function' | 'route'> & Partial<Pick<Launched<Run>, 'parameter'>>;

/**
 * Runs a top route on a message. An exception here is a bug in siprest: it is logged, the message is answered 500,
 * and everything else goes on.
 */
export function runRoute(
  worker: RunWorker,
  request: Request,
  route: CompiledRoute<Run>,
  about: { readonly subject?: RunSubject; readonly parameters?: readonly Value[] } = {},
): Awaitable<Run> {
  const run = new Run(worker, request, about.subject);
  const { scripts } = run.routing.host;
  const began = performance.now(); // the processor's time: real, whatever clock the host has
  const outer = run.beginStretch(began);
  const done = guard(run, () => carryOn(run, enterRoute(run, route, about.parameters)));
  endStretch(outer);
  scripts.milliseconds += performance.now() - began;
  scripts.runs++;
  return isPending(done) ? done.then(() => endOf(run)) : endOf(run);
}

function endOf(run: Run): Run {
  run.leaveUnanswered();
  return run;
}

/** Never throws. */
function guard(run: Run, execute: () => Awaitable<void>): Awaitable<void> {
  const fail = (error: unknown) => {
    run.complain(`the script failed on this message: ${describe(error)}`);
    if (!run.isAboutReply && !run.request.replied) run.request.reply(500, 'Server Internal Error');
  };
  try {
    const done = execute();
    if (isPending(done)) return done.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** Once the closures have returned: does what async() asks for, until the script ends or leaves its worker. */
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
 * Starts the function of async(). Null if the run ends here: another one goes on when the function is done, or nothing
 * is to be done; else what goes on in this run, on its worker.
 */
function suspend(run: Run, suspension: Suspension<Run>): Awaitable<Completion<Run>> | null {
  run.suspension = null;
  // where the call is: its arguments are read there
  run.frame = suspension.frame;
  // each resume route is a step, or one that resumes itself would never end
  if (--run.steps < 0 && run.isOverTime()) return null;
  // stays so in its resume route, which is then run here
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

/** The worker is free from now on; it goes on with the resume route when the function is done. */
function leave(run: Run, completion: Promise<Completion<Run>>, next: Next): void {
  const { request, subject } = run;
  run.hasResumeRoute = next.route !== null;
  if (subject.response === undefined) goOnAfter(completion, next, run, request, subject);
  else
    run.continuation = new Promise((done) => {
      goOnAfter(completion, next, run, request, subject, done);
    });
}

/** After a function: sets its outputs and its return code, and enters the route that goes on. */
function resume(run: Run, { route, parameter = null }: Next, complete: Completion<Run>): Awaitable<unknown> {
  run.status = complete(run);
  if (route === null) return;
  run.stopped = false;
  run.frame = null;
  return enterRoute(run, route, parameter === null ? undefined : [parameter]);
}

/** Another run goes on when the function is done, on the worker of the one before. */
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
      const outer = run.beginStretch(performance.now());
      const done = guard(run, () => carryOn(run, resume(run, next, complete)));
      endStretch(outer);
      const end = () => {
        run.leaveUnanswered();
        ended?.(run);
      };
      return isPending(done) ? done.then(end) : end();
    });
    background.end();
  };
  completion.then(later, (error: unknown) =>
    later((run) => {
      run.complain(`${next.function.name}(): ${describe(error)}`);
      return -1;
    }),
  );
}

/** What launch() has started: its report route runs when it is done. Waits for it if it keeps the worker. */
export function report(run: Run, launched: Launched<Run>): Awaitable<void> {
  // the report route sees the output variables and its parameter, nothing of the message
  const request = new Request(run.routing, null);
  const completion = Promise.resolve(launched.completion);
  if (launched.background) return goOnAfter(completion, launched, run, request);
  return completion.then((complete) => {
    const own = new Run(run.worker, request);
    return guard(own, () => carryOn(own, resume(own, launched, complete)));
  });
}

const failed: Completion<Run> = () => -1;

const describe = (error: unknown) =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
