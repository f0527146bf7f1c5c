/** Statements as closures that answer how they ended; see {@link Flow}. */
import type {
  AssertNode,
  AssignNode,
  AsyncNode,
  BlockNode,
  ForEachNode,
  IfNode,
  LaunchNode,
  ReturnNode,
  StatementNode,
  SwitchNode,
  WhileNode,
} from './ast.ts';
import { andThen, isPending, whenThere } from './awaitable.ts';
import type { AsyncFunctionSpec, Awaitable, Value } from './catalog.ts';
import type { CallCompiler } from './compile-calls.ts';
import type { Evaluate, ExpressionCompiler } from './compile-expressions.ts';
import type { VariableCompiler } from './compile-variables.ts';
import { type CompiledRoute, type Execution, Flow, type Step } from './execution.ts';
import { comparison, compoundOperators, toInteger, toText } from './operators.ts';
import { inTurn, Waits } from './waits.ts';

export interface StatementParts<R extends Execution<R>> {
  readonly variables: VariableCompiler<R>;
  readonly calls: CallCompiler<R>;
  readonly expressions: ExpressionCompiler<R>;
  /** A plain route by name. */
  route(name: string): CompiledRoute<R>;
  /** How often a `while` may turn: the global parameter max_while_loops. */
  readonly maxWhileLoops: number;
  /** Whether assert() does anything: the global parameter enable_asserts. */
  readonly enableAsserts: boolean;
}

export class StatementCompiler<R extends Execution<R>> {
  readonly #parts: StatementParts<R>;

  constructor(parts: StatementParts<R>) {
    this.#parts = parts;
  }

  statement(node: StatementNode): Step<R> {
    switch (node.kind) {
      case 'block':
        return this.block(node);
      case 'if':
        return this.#if(node);
      case 'while':
        return this.#while(node);
      case 'for-each':
        return this.#forEach(node);
      case 'switch':
        return this.#switch(node);
      case 'assign':
        return this.#assign(node);
      case 'call':
      case 'route-call': {
        const value = this.#parts.expressions.value(node);
        return this.#placed(node, (run) => {
          const status = value(run);
          return isPending(status) ? status.then(() => flowAfter(run)) : flowAfter(run);
        });
      }
      case 'return':
        return this.#return(node);
      case 'exit':
        return exit;
      case 'drop':
        return (run) => {
          run.dropped = true;
          return exit(run);
        };
      case 'break':
        return () => Flow.break;
      case 'async':
        return this.#async(node);
      case 'launch':
        return this.#launch(node);
      case 'assert':
        return this.#assert(node);
    }
  }

  block(node: BlockNode): Step<R> {
    return sequence(node.statements.map((statement) => this.statement(statement)));
  }

  /** Notes where the script is, for messages of what runs next. */
  #placed(node: StatementNode, step: Step<R>): Step<R> {
    const { start } = node.span;
    return (run) => {
      run.position = start;
      return step(run);
    };
  }

  #if(node: IfNode): Step<R> {
    const test = this.#parts.expressions.test(node.condition);
    const then = this.statement(node.then);
    const otherwise = node.otherwise === null ? null : this.statement(node.otherwise);
    const branch = (run: R, holds: boolean) => {
      if (run.stopped) return Flow.exit;
      if (holds) return then(run);
      return otherwise === null ? Flow.next : otherwise(run);
    };
    return this.#placed(node, (run) => {
      const holds = test(run);
      return isPending(holds) ? holds.then((h) => branch(run, h)) : branch(run, holds);
    });
  }

  #while(node: WhileNode): Step<R> {
    const test = this.#parts.expressions.test(node.condition);
    const body = this.statement(node.body);
    const limit = this.#parts.maxWhileLoops;
    const tooMany = (run: R, goOn: boolean) => {
      if (goOn && !run.stopped) run.complain(`while: stopped after ${limit} turns (max_while_loops)`);
      return false;
    };
    return this.#placed(node, (run) => {
      let turns = 0;
      return repeat(run, body, () => {
        const goOn = test(run);
        return turns++ < limit ? goOn : andThen(goOn, (more) => tooMany(run, more));
      });
    });
  }

  #forEach(node: ForEachNode): Step<R> {
    const waits = new Waits<R>();
    const { set } = this.#parts.variables.access(node.variable, waits);
    const list = this.#parts.variables.list(node.list, waits);
    const body = this.statement(node.body);
    const step = waits.before((run) => {
      const values = list(run);
      let next = 0;
      return repeat(run, body, () => {
        const value = values[next++];
        if (value === undefined) return false;
        set?.(run, value, ':=');
        return true;
      });
    });
    return this.#placed(node, step);
  }

  #switch(node: SwitchNode): Step<R> {
    const subject = this.#parts.expressions.value(node.subject);
    const sameText = comparison('==');
    // text is no number, be it of digits, but a number has its digits as text
    const equal = (value: Value, wanted: string | number) =>
      typeof wanted === 'number' ? value === wanted : sameText(toText(value), wanted);
    const cases = node.cases.map((one) => ({
      value: one.value?.value ?? null,
      step: sequence(one.statements.map((statement) => this.statement(statement))),
    }));
    const otherwise = node.cases.findIndex((one) => one.value === null);
    // from each case on, since execution falls through to the next
    const from = cases.map((_, i) => sequence(cases.slice(i).map((one) => one.step)));
    const choose = (run: R, value: Value) => {
      const match = cases.findIndex((one) => one.value !== null && equal(value, one.value));
      run.status = 1;
      const step = from[match < 0 ? otherwise : match];
      if (step === undefined) return Flow.next;
      const flow = step(run);
      return isPending(flow) ? flow.then(withoutBreak) : withoutBreak(flow);
    };
    return this.#placed(node, (run) => {
      const value = subject(run);
      return isPending(value) ? value.then((one) => choose(run, one)) : choose(run, value);
    });
  }

  #assign(node: AssignNode): Step<R> {
    const compound = compoundOperators[node.operator];
    const plain = node.operator === ':=' ? ':=' : '=';
    const waits = new Waits<R>();
    const { get, set } = this.#parts.variables.access(node.target, waits);
    if (set === undefined) throw new Error(`unchecked script: $${node.target.name.text} is read-only`);
    const value = this.#parts.expressions.value(node.value);
    const store = (run: R, result: Value) => {
      if (run.stopped) return Flow.exit;
      const stored = set(
        run,
        compound === null ? result : compound(get(run), result),
        compound === null ? plain : ':=',
      );
      run.status = stored ? 1 : -1;
      if (!stored) run.complain(`$${node.target.name.text} does not take this value`);
      return Flow.next;
    };
    const step = waits.before((run) => {
      const result = value(run);
      return isPending(result) ? result.then((r) => store(run, r)) : store(run, result);
    });
    return this.#placed(node, step);
  }

  #return(node: ReturnNode): Step<R> {
    const [code, ...others] = node.values.map((value) => this.#parts.expressions.value(value));
    if (code === undefined) return (run) => leave(run, 1, none);
    const finish = (run: R, result: Value): Awaitable<Flow> => {
      if (run.stopped) return Flow.exit;
      const status = toInteger(result) ?? -1;
      if (others.length === 0) return leave(run, status, none);
      return whenThere(inTurn(others, run), (values) => leave(run, status, values));
    };
    return this.#placed(node, (run) => {
      const status = code(run);
      return isPending(status) ? status.then((result) => finish(run, result)) : finish(run, status);
    });
  }

  #async(node: AsyncNode): Step<R> {
    const waits = new Waits<R>();
    const { spec, start, route } = this.#operation(node, node.resume.text, waits);
    const timeout = node.timeout === null ? null : this.#parts.expressions.value(node.timeout);
    const suspend = (run: R, seconds: number | null) =>
      run.suspend({
        function: spec,
        start,
        route,
        timeout: seconds === null || seconds <= 0 ? null : seconds,
        parameter: null,
      });
    const step = waits.before((run) =>
      timeout === null
        ? suspend(run, null)
        : andThen(timeout(run), (seconds) => suspend(run, toInteger(seconds))),
    );
    return this.#placed(node, step);
  }

  #launch(node: LaunchNode): Step<R> {
    const waits = new Waits<R>();
    const { spec, start, route } = this.#operation(node, node.report?.text ?? null, waits);
    const parameter = this.#launchParameter(node);
    const step = waits.before((run) => {
      run.status = 1;
      return andThen(parameter(run), (value) =>
        run.launch({ function: spec, start, route, timeout: null, parameter: value }),
      );
    });
    return this.#placed(node, step);
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
    if (!('start' in spec)) throw new Error(`unchecked script: async(${spec.name}())`);
    return {
      spec: spec satisfies AsyncFunctionSpec<R>,
      start: this.#parts.calls.start(node.call, spec, waits),
      route: routeName === null ? null : this.#parts.route(routeName),
    };
  }

  #assert(node: AssertNode): Step<R> {
    if (!this.#parts.enableAsserts) return () => Flow.next;
    const test = this.#parts.expressions.test(node.condition);
    const message = node.message?.value ?? 'assertion failed';
    const check = (run: R, holds: boolean): Awaitable<Flow> => {
      if (run.stopped) return Flow.exit;
      return holds ? Flow.next : run.assertionFailed(message);
    };
    return this.#placed(node, (run) => {
      const holds = test(run);
      return isPending(holds) ? holds.then((h) => check(run, h)) : check(run, holds);
    });
  }
}

const none: readonly Value[] = [];

const withoutBreak = (flow: Flow) => (flow === Flow.break ? Flow.next : flow);

function exit<R extends Execution<R>>(run: R): Flow {
  run.stopped = true;
  return Flow.exit;
}

function flowAfter<R extends Execution<R>>(run: R): Flow {
  return run.stopped ? Flow.exit : Flow.next;
}

/** return(0) is exit (the manual's Script-CoreFunctions, return). */
function leave<R extends Execution<R>>(run: R, code: number, returned: readonly Value[]): Flow {
  run.status = code;
  run.returned = returned;
  return code === 0 ? exit(run) : Flow.return;
}

/** Runs the steps one after another until one does not end with `next`. */
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

/** `body` as long as `more` says so: `while` and `for`. Afterwards `$rc` is 1. */
function repeat<R extends Execution<R>>(
  run: R,
  body: Step<R>,
  more: () => Awaitable<boolean>,
): Awaitable<Flow> {
  for (;;) {
    const goOn = more();
    if (isPending(goOn)) return repeatWaiting(run, body, more, goOn, null);
    if (!goOn) break;
    const flow = body(run);
    if (isPending(flow)) return repeatWaiting(run, body, more, null, flow);
    if (flow === Flow.break) break;
    if (flow !== Flow.next) return flow;
  }
  return afterLoop(run);
}

async function repeatWaiting<R extends Execution<R>>(
  run: R,
  body: Step<R>,
  more: () => Awaitable<boolean>,
  goOn: Promise<boolean> | null,
  pending: Promise<Flow> | null,
): Promise<Flow> {
  let flow = pending === null ? null : await pending;
  for (;;) {
    if (flow !== null) {
      if (flow === Flow.break) break;
      if (flow !== Flow.next) return flow;
    }
    if (!(await (goOn ?? more()))) break;
    goOn = null;
    flow = await body(run);
  }
  return afterLoop(run);
}

function afterLoop<R extends Execution<R>>(run: R): Flow {
  if (run.stopped) return Flow.exit;
  run.status = 1;
  return Flow.next;
}
