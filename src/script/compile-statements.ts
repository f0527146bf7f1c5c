/** Statements as closures that return how they ended; see {@link Flow}. */
import { type Awaitable, andThen, isPending } from '../timers/index.ts';
import type {
  AssertNode,
  AssignNode,
  BlockNode,
  ExpressionNode,
  ForEachNode,
  IfNode,
  ReturnNode,
  StatementNode,
  SwitchNode,
  WhileNode,
} from './ast.ts';
import { BackgroundCompiler, type BackgroundParts } from './compile-background.ts';
import { enterRoute } from './enter-route.ts';
import { type Execution, Flow, type Step } from './execution.ts';
import {
  afterLoop,
  afterWhile,
  exit,
  flowAfter,
  leave,
  leftByBreak,
  nothing,
  repeat,
  sequence,
} from './flow-control.ts';
import { comparison, compoundOperators, orNull, type Result, toText } from './operators.ts';
import { counted, type Reached } from './reached.ts';
import type { Value } from './values.ts';
import { inTurn, Waits } from './waits.ts';

export interface StatementParts<R extends Execution<R>> extends BackgroundParts<R> {
  /** Maximum number of iterations of a `while`: the global parameter max_while_loops. */
  readonly maxWhileLoops: number;
  /** Whether assert() does anything: the global parameter enable_asserts. */
  readonly enableAsserts: boolean;
  /** Counts what runs; absent: nothing does. */
  readonly reached?: Reached | undefined;
}

export class StatementCompiler<R extends Execution<R>> {
  readonly #parts: StatementParts<R>;
  readonly #background: BackgroundCompiler<R>;

  constructor(parts: StatementParts<R>) {
    this.#parts = parts;
    this.#background = new BackgroundCompiler(parts);
  }

  statement(node: StatementNode): Step<R> {
    return this.#counted(node, this.#uncounted(node));
  }

  /** A block has no counter of its own. */
  #counted(node: StatementNode, step: Step<R>): Step<R> {
    const { reached } = this.#parts;
    if (reached === undefined || node.kind === 'block') return step;
    return counted(reached.statement(node.span.start), step);
  }

  #uncounted(node: StatementNode): Step<R> {
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
        return this.#placed(node, exit);
      case 'drop':
        return this.#placed(node, (run) => {
          run.dropped = true;
          return exit(run);
        });
      case 'break':
        return () => Flow.break;
      case 'async':
        return this.#placed(node, this.#background.async(node));
      case 'launch':
        return this.#placed(node, this.#background.launch(node));
      case 'assert':
        return this.#assert(node);
    }
  }

  block(node: BlockNode): Step<R> {
    return sequence(node.statements.map((statement) => this.statement(statement)));
  }

  /**
   * The statements of a route, under an `if`, in a `for` or in a case: if they end with an `if` that ran no branch,
   * `$rc` is 1 (flow-last-if-false), even if its condition failed.
   */
  branch(statements: readonly StatementNode[]): Step<R> {
    const last = statements.findLastIndex((statement) => !isEmpty(statement));
    return sequence(
      statements.map((statement, i) => (i === last ? this.#last(statement) : this.statement(statement))),
    );
  }

  #last(node: StatementNode): Step<R> {
    if (node.kind === 'if') return this.#counted(node, this.#if(node, true));
    return node.kind === 'block' ? this.branch(node.statements) : this.statement(node);
  }

  /** Records the position in the script, for messages. */
  #placed(node: StatementNode, step: Step<R>): Step<R> {
    const { start } = node.span;
    const what = stepName(node);
    return (run) => {
      run.position = start;
      if (run.isStepped) run.stepped(what);
      return step(run);
    };
  }

  #if(node: IfNode, isLast = false): Step<R> {
    const test = this.#parts.expressions.test(node.condition);
    const then = isEmpty(node.then) ? nothing : this.branch(statementsOf(node.then));
    const { otherwise: other } = node;
    const otherwise = other === null || isEmpty(other) ? null : this.branch(statementsOf(other));
    const branch = (run: R, holds: boolean | null) => {
      if (run.stopped) return Flow.exit;
      if (holds === true) return then(run);
      if (otherwise !== null) return otherwise(run);
      run.status = isLast ? 1 : holds === null ? -1 : 0;
      return Flow.next;
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
    const tooMany = (run: R, goOn: boolean | null) => {
      if (goOn && !run.stopped) run.complain(`while: stopped after ${limit} turns (max_while_loops)`);
      return false;
    };
    return this.#placed(node, (run) => {
      let turns = 0;
      const flow = repeat(run, body, () => {
        const goOn = test(run);
        return turns++ < limit ? goOn : andThen(goOn, (again) => tooMany(run, again));
      });
      return isPending(flow) ? flow.then((one) => afterWhile(run, one)) : afterWhile(run, flow);
    });
  }

  #forEach(node: ForEachNode): Step<R> {
    const waits = new Waits<R>();
    const { set } = this.#parts.variables.access(node.variable, waits);
    const list = this.#parts.variables.list(node.list, waits);
    const { index } = node.list;
    const isList = index?.kind === 'index' && index.value === 'all';
    // each iteration adds a value to an AVP (flow-foreach-into-avp)
    const operator = node.variable.name.text === 'avp' ? '=' : ':=';
    const body = this.branch(statementsOf(node.body));
    const nothingToDo = isEmpty(node.body);
    const step = waits.before((run) => {
      if (!isList) {
        run.complain(`for: nothing to loop over without [*]; use $(${node.list.name.text}[*])`);
        run.status = -10;
        return Flow.next;
      }
      run.status = 1;
      if (nothingToDo) return Flow.next; // the variable keeps its value
      const values = list(run);
      let next = 0;
      const flow = repeat(run, body, () => {
        const value = values[next++];
        if (value === undefined) return false;
        set?.(run, value, operator);
        return true;
      });
      return isPending(flow) ? flow.then((one) => afterLoop(run, one)) : afterLoop(run, flow);
    });
    return this.#placed(node, step);
  }

  #switch(node: SwitchNode): Step<R> {
    const subject = this.#parts.expressions.value(node.subject);
    const sameText = comparison('==');
    // text is not a number even if it consists of digits, but a number has its digits as text
    const equal = (value: Value, wanted: string | number) =>
      typeof wanted === 'number' ? value === wanted : sameText(toText(value), wanted);
    const cases = node.cases.map((one) => ({
      value: one.value?.value ?? null,
      step: this.branch(one.statements),
    }));
    const otherwise = node.cases.findIndex((one) => one.value === null);
    // starting at each case, since execution falls through to the next
    const from = cases.map((_, i) => sequence(cases.slice(i).map((one) => one.step)));
    const choose = (run: R, value: Value) => {
      const match = cases.findIndex((one) => one.value !== null && equal(value, one.value));
      run.status = 1;
      const step = from[match < 0 ? otherwise : match];
      if (step === undefined) return Flow.next;
      const flow = step(run);
      return isPending(flow) ? flow.then((one) => afterLoop(run, one)) : afterLoop(run, flow);
    };
    return this.#placed(node, (run) => {
      const value = subject(run);
      return isPending(value) ? value.then((one) => choose(run, orNull(one))) : choose(run, orNull(value));
    });
  }

  #assign(node: AssignNode): Step<R> {
    const waits = new Waits<R>();
    const { set, takesText } = this.#parts.variables.access(node.target, waits);
    if (set === undefined) throw new Error(`unchecked script: $${node.target.name.text} is read-only`);
    // `+=` and the like add a value to an AVP, as `=` does
    const plain = node.operator === ':=' ? ':=' : '=';
    const assigned = assignedValue(node);
    const value =
      takesText && assigned.kind === 'variable'
        ? digitsOf(this.#parts.variables.print(assigned, waits))
        : this.#parts.expressions.value(assigned);
    const store = (run: R, result: Result) => {
      if (run.stopped) return Flow.exit;
      // an expression without a value, which has been logged, leaves the variable unchanged
      const stored = result !== undefined && set(run, result, plain);
      run.status = stored ? 1 : -1;
      if (!stored && result !== undefined) run.complain(`$${node.target.name.text} rejected the value`);
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
    if (code === undefined) return this.#placed(node, (run) => leave(run, 1, none));
    const finish = (run: R, result: Result): Awaitable<Flow> => {
      if (run.stopped) return Flow.exit;
      // text counts as 1, even digits
      const status = typeof result === 'number' ? result : typeof result === 'string' ? 1 : -1;
      if (others.length === 0) return leave(run, status, none);
      return andThen(inTurn(others, run), (values) => leave(run, status, values.map(orNull)));
    };
    return this.#placed(node, (run) => {
      const status = code(run);
      return isPending(status) ? status.then((result) => finish(run, result)) : finish(run, status);
    });
  }

  #assert(node: AssertNode): Step<R> {
    const passed = (run: R): Flow => {
      run.status = leftByBreak;
      return Flow.next;
    };
    if (!this.#parts.enableAsserts) return passed;
    const test = this.#parts.expressions.test(node.condition);
    const message = node.message?.value ?? 'assertion failed';
    const check = (run: R, holds: boolean | null): Awaitable<Flow> => {
      if (run.stopped) return Flow.exit;
      if (holds === true) return passed(run);
      const route = run.assertionFailed(message);
      if (route === null) return exit(run);
      run.frame = null;
      return andThen(enterRoute(run, route), () => exit(run));
    };
    return this.#placed(node, (run) => {
      const holds = test(run);
      return isPending(holds) ? holds.then((h) => check(run, h)) : check(run, holds);
    });
  }
}

/** How traces name a statement. */
function stepName(node: StatementNode): string {
  switch (node.kind) {
    case 'call':
      return `${node.name.text}()`;
    case 'async':
    case 'launch':
      return `${node.kind} ${node.call.name.text}()`;
    case 'route-call':
      return 'route()';
    case 'assign':
      return `assign $${node.target.name.text}`;
    default:
      return node.kind;
  }
}

const none: readonly Value[] = [];

/** A number in a variable is converted to digits where text is needed. */
function digitsOf<R>(print: (run: R) => Value): (run: R) => Value {
  return (run) => toText(print(run));
}

/** What an assignment stores: `target op= value` is `target = target op value`, and `~=` stores `~value`. */
function assignedValue({ target, operator, value, span }: AssignNode): ExpressionNode {
  if (operator === '~=') return { kind: 'unary', span, operator: '~', operand: value };
  const arithmetic = compoundOperators[operator];
  if (arithmetic === null) return value;
  return {
    kind: 'binary',
    span,
    operator: arithmetic,
    operatorSpan: span,
    left: target,
    right: value,
    compound: true,
  };
}

function statementsOf(node: StatementNode): readonly StatementNode[] {
  return node.kind === 'block' ? node.statements : [node];
}

function isEmpty(node: StatementNode): boolean {
  return node.kind === 'block' && node.statements.every(isEmpty);
}
