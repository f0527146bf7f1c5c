/** Evaluates files that were tried before. */
import { type CodeGraph, evaluateGraph, type Namespace } from '../loading/index.ts';
import { stackOf } from '../runtime/index.ts';
import { systemClock } from '../timers/index.ts';
import { StartError } from './start-error.ts';

/** The top level may hang although its trial succeeded. */
const longest = 10_000;

/** @throws StartError */
export async function evaluateInTime(graph: CodeGraph): Promise<Namespace> {
  const { promise: late, stop } = limit();
  try {
    const exported = await Promise.race([evaluateGraph(graph), late]);
    if (exported !== null) return exported;
  } catch (error) {
    throw new StartError(
      `the top level failed in the server, although its trial succeeded: ${stackOf(error)}`,
    );
  } finally {
    stop();
  }
  throw new StartError(`the top level did not finish within ${longest / 1000} s in the server`);
}

/** Keeps the process alive until it is stopped; afterwards nothing holds what was evaluated. */
function limit() {
  let stop = () => {};
  const promise = new Promise<null>((resolve) => {
    const timer = systemClock.setTimer(longest, () => resolve(null));
    timer.ref();
    stop = () => systemClock.clearTimer(timer);
  });
  return { promise, stop: () => stop() };
}
