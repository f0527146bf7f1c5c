/** Calls that leave the worker free while they run: `async()` and `launch()`. */
import { type Awaitable, andThen, isPending } from '../timers/index.ts';
import type { AsyncNode, LaunchNode } from './ast.ts';
import type { CallCompiler } from './compile-calls.ts';
import type { Evaluate, ExpressionCompiler } from './compile-expressions.ts';
import type { VariableCompiler } from './compile-variables.ts';
import { type CompiledRoute, type Execution, Flow, type Launched, type Step } from './execution.ts';
import { exit } from './flow-control.ts';
import { orNull, type Result, toInteger } from './operators.ts';
import { Waits } from './waits.ts';

export interface BackgroundParts<R extends Execution<R>> {
  readonly variables: VariableCompiler<R>;
  readonly calls: CallCompiler<R>;
  readonly expressions: ExpressionCompiler<R>;
  /** A plain route by name. */
  route(name: string): CompiledRoute<R>;
  /** Takes over what `launch()` has begun. */
  report(run: R, launched: Launched<R>): Awaitable<void>;
}

export class BackgroundCompiler<R extends Execution<R>> {
  readonly #parts: BackgroundParts<R>;

  constructor(parts: BackgroundParts<R>) {
    this.#parts = parts;
  }

  async(node: AsyncNode): Step<R> {
    const waits = new Waits<R>();
    const { spec, start, route } = this.#operation(node, node.resume.text, waits);
    const timeout = node.timeout === null ? null : this.#parts.expressions.value(node.timeout);
    const suspend = (run: R, seconds: number | null): Flow => {
      run.suspension = {
        function: spec,
        start,
        route,
        timeout: seconds === null || seconds <= 0 ? null : seconds,
        frame: run.frame,
      };
      return exit(run);
    };
    const step = waits.before((run) =>
      timeout === null
        ? suspend(run, null)
        : andThen(timeout(run), (seconds) => suspend(run, toInteger(seconds ?? null))),
    );
    return step;
  }

  launch(node: LaunchNode): Step<R> {
    const waits = new Waits<R>();
    const { spec, start, route } = this.#operation(node, node.report?.text ?? null, waits);
    const { report } = this.#parts;
    const parameter = this.#launchParameter(node);
    const begin = (run: R, value: Result): Awaitable<Flow> => {
      const background = spec.admit?.(run) ?? true;
      const completion = start({ run, mode: 'launch', background, timeout: null });
      if (completion === null) return Flow.next;
      const launched = { function: spec, completion, background, route, parameter: orNull(value) };
      return andThen(report(run, launched), () => Flow.next);
    };
    const step = waits.before((run) => {
      run.status = 1;
      const value = parameter(run);
      return isPending(value) ? value.then((one) => begin(run, one)) : begin(run, value);
    });
    return step;
  }

  /** Unlike route()'s, launch()'s string parameter is a format string (vector async-launch-param). */
  #launchParameter(node: LaunchNode): Evaluate<R> {
    if (node.parameter === null) return () => null;
    if (node.parameter.kind !== 'string') return this.#parts.expressions.value(node.parameter);
    const waits = new Waits<R>();
    const text = this.#parts.variables.text(node.parameter, waits);
    return typeof text === 'string' ? () => text : waits.before(text);
  }

  #operation(node: AsyncNode | LaunchNode, routeName: string | null, waits: Waits<R>) {
    const spec = this.#parts.calls.spec(node.call);
    if (spec.start === undefined) throw new Error(`unchecked script: async(${spec.name}())`);
    return {
      spec,
      start: this.#parts.calls.start(node.call, spec, waits),
      route: routeName === null ? null : this.#parts.route(routeName),
    };
  }
}
