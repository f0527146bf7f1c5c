/** Control flow between steps: sequences, loops, and the ways to leave a loop, a route or the script. */
import { type Awaitable, isPending } from '../timers/index.ts';
import { type Execution, Flow, type Step } from './execution.ts';
import type { Value } from './values.ts';

/** Runs the steps in order until one does not end with `next`. */
export function sequence<R>(steps: readonly Step<R>[]): Step<R> {
  const [only, second] = steps;
  if (only === undefined) return () => Flow.next;
  if (second === undefined) return only;
  const resume = async (run: R, pending: Promise<Flow>, from: number): Promise<Flow> => {
    let flow = await pending;
    for (let i = from; flow === Flow.next && i < steps.length; i++) flow = await (steps[i] as Step<R>)(run);
    return flow;
  };
  return (run) => {
    for (let i = 0; i < steps.length; i++) {
      const flow = (steps[i] as Step<R>)(run);
      if (flow === Flow.next) continue;
      return isPending(flow) ? resume(run, flow, i + 1) : flow;
    }
    return Flow.next;
  };
}

/** Runs `body` while `more` is true, for `while` and `for`. Ends with {@link Flow.break} if the body did. */
export function repeat<R extends Execution<R>>(
  run: R,
  body: Step<R>,
  more: () => Awaitable<boolean | null>,
): Awaitable<Flow> {
  for (;;) {
    const goOn = more();
    if (isPending(goOn)) return repeatWaiting(run, body, more, goOn, null);
    if (goOn !== true) break;
    if (--run.steps < 0 && run.isOverTime()) return Flow.exit;
    const flow = body(run);
    if (isPending(flow)) return repeatWaiting(run, body, more, null, flow);
    if (flow !== Flow.next) return flow;
  }
  return run.stopped ? Flow.exit : Flow.next;
}

async function repeatWaiting<R extends Execution<R>>(
  run: R,
  body: Step<R>,
  more: () => Awaitable<boolean | null>,
  goOn: Promise<boolean | null> | null,
  pending: Promise<Flow> | null,
): Promise<Flow> {
  let flow = pending === null ? null : await pending;
  for (;;) {
    if (flow !== null && flow !== Flow.next) return flow;
    if ((await (goOn ?? more())) !== true) break;
    goOn = null;
    if (--run.steps < 0 && run.isOverTime()) return Flow.exit;
    flow = await body(run);
  }
  return run.stopped ? Flow.exit : Flow.next;
}

export function exit<R extends Execution<R>>(run: R): Flow {
  run.stopped = true;
  return Flow.exit;
}

export function flowAfter<R extends Execution<R>>(run: R): Flow {
  return run.stopped ? Flow.exit : Flow.next;
}

/** return(0) is exit (the manual's Script-CoreFunctions, return). */
export function leave<R extends Execution<R>>(run: R, code: number, returned: readonly Value[]): Flow {
  run.status = code;
  run.returned = returned;
  return code === 0 ? exit(run) : Flow.return;
}

/** `$rc` after a loop, a switch or a block left by `break`, and after a successful `assert()`. */
export const leftByBreak = -5;

/** After a `for` or `switch`, `$rc` is that of the last statement. */
export function afterLoop<R extends Execution<R>>(run: R, flow: Flow): Flow {
  if (flow !== Flow.break) return flow;
  run.status = leftByBreak;
  return Flow.next;
}

/** After a `while`, `$rc` is 1, unless it was left by `break`. */
export function afterWhile<R extends Execution<R>>(run: R, flow: Flow): Flow {
  if (flow === Flow.next) run.status = 1;
  return afterLoop(run, flow);
}

export function nothing<R extends Execution<R>>(run: R): Flow {
  run.status = 1;
  return Flow.next;
}
