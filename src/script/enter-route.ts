/** A route's own variables: `$param`, `$route`, and the values of `return`. */
import { isPending } from '../timers/index.ts';
import { type CompiledRoute, type Execution, Flow, type Frame } from './execution.ts';
import type { Value } from './values.ts';

const noValues: readonly Value[] = [];

/** Runs a route as a callee, with its own `$param`, `$route` and `return`. */
export function enterRoute<R extends Execution<R>>(
  run: R,
  route: CompiledRoute<R>,
  parameters: readonly Value[] = noValues,
  names?: readonly string[],
) {
  const parent = run.frame;
  const frame: Frame = {
    kind: route.kind,
    name: route.name,
    parameters,
    names,
    parent,
    depth: (parent?.depth ?? 0) + 1,
  };
  run.frame = frame;
  run.entered(frame);
  const flow = route.execute(run);
  return isPending(flow) ? flow.then((one) => leaveRoute(run, parent, one)) : leaveRoute(run, parent, flow);
}

function leaveRoute<R extends Execution<R>>(run: R, parent: Frame | null, flow: Flow): Flow {
  run.frame = parent;
  if (run.status === 0 && flow === Flow.next) run.status = 1;
  return flow === Flow.exit ? Flow.exit : Flow.next;
}
