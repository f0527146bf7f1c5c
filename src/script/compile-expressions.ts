/**
 * Expressions as closures, in two forms: a value (right side of an assignment, argument) and a test (condition). If a
 * call in a test ends the script, `stopped` is set on the run, and the caller checks it. An expression without a
 * value, such as `5 - "a"`, is undefined; an impossible comparison, such as `$var(text) == 5`, is null and makes the
 * whole condition null (edge-mismatch-fails-whole-condition).
 */
import { type Awaitable, andThen, isPending } from '../timers/index.ts';
import type {
  ArithmeticOperator,
  AsyncNode,
  BinaryNode,
  CallNode,
  ExpressionNode,
  LaunchNode,
  RouteCallNode,
  UnaryNode,
  VariableNode,
} from './ast.ts';
import type { Call } from './compile-calls.ts';
import type { VariableCompiler } from './compile-variables.ts';
import type { Execution, Step } from './execution.ts';
import {
  arithmetic,
  bitwise,
  bracketTruth,
  comparison,
  joined,
  type Result,
  toText,
  truth,
} from './operators.ts';
import type { Status, Value } from './values.ts';
import { Waits } from './waits.ts';

export type Evaluate<R> = (run: R) => Awaitable<Result>;
/** Null if the condition failed, which has been logged. */
export type Test<R> = (run: R) => Awaitable<boolean | null>;

/** A compiled regular expression; the runtime compiles it. */
export interface Matcher {
  test(text: string): boolean;
}

/** What expressions need from the rest of the compiler. */
export interface ExpressionParts<R> {
  readonly variables: VariableCompiler<R>;
  call(node: CallNode): Call<R>;
  /** The status of a route; sets `stopped` if the route ended the script. */
  routeCall(node: RouteCallNode): Call<R>;
  /** `async()` and `launch()` as statements. */
  background(node: AsyncNode | LaunchNode): Step<R>;
  /** Null for an invalid pattern. */
  matcher(pattern: string): Matcher | null;
}

export class ExpressionCompiler<R extends Execution<R>> {
  readonly #parts: ExpressionParts<R>;

  constructor(parts: ExpressionParts<R>) {
    this.#parts = parts;
  }

  value(node: ExpressionNode): Evaluate<R> {
    switch (node.kind) {
      case 'number':
      case 'string': {
        const { value } = node;
        return () => value;
      }
      case 'null':
        return () => null;
      case 'variable':
        return this.#variable(node, 'read');
      case 'call':
        return this.#checked(this.#parts.call(node));
      case 'route-call':
        return this.#parts.routeCall(node);
      case 'unary':
        return this.#unary(node);
      case 'binary':
        return this.#binary(node);
      case 'test':
        return this.value(node.operand);
      case 'async':
      case 'launch': {
        // async() ends the script here, so only launch() has a visible value
        const step = this.#parts.background(node);
        return (run) => andThen(step(run), () => 1);
      }
    }
  }

  test(node: ExpressionNode): Test<R> {
    switch (node.kind) {
      case 'call':
      case 'route-call': {
        const call =
          node.kind === 'call' ? this.#checked(this.#parts.call(node)) : this.#parts.routeCall(node);
        return (run) => {
          const status = call(run);
          return isPending(status) ? status.then(isTrue) : status > 0;
        };
      }
      case 'unary':
        if (node.operator === '!') return this.#not(node);
        break;
      case 'test': {
        const value = this.value(node.operand);
        return (run) => andThen(value(run), bracketTruth);
      }
      case 'binary':
        if (node.operator === '&&' || node.operator === '||') return this.#logical(node, node.operator);
        return this.#comparison(node);
      default:
    }
    const value = this.value(node);
    return (run) => andThen(value(run), truth);
  }

  /** A function that returns 0 ends the script, wherever it is called. */
  #checked(call: Call<R>): Call<R> {
    return (run) => {
      const status = call(run);
      if (isPending(status)) return status.then((s) => settle(run, s));
      return settle(run, status);
    };
  }

  #not(node: UnaryNode): Test<R> {
    const test = this.test(node.operand);
    return (run) => {
      const result = test(run);
      return isPending(result) ? result.then(negated) : negated(result);
    };
  }

  #logical(node: BinaryNode, operator: '&&' | '||'): Test<R> {
    const left = this.test(node.left);
    const right = this.test(node.right);
    const decides = operator === '||';
    const rest = (run: R, first: boolean | null) =>
      first === decides || first === null || run.stopped ? first : right(run);
    return (run) => {
      const first = left(run);
      return isPending(first) ? first.then((f) => rest(run, f)) : rest(run, first);
    };
  }

  #comparison(node: BinaryNode): Test<R> {
    switch (node.operator) {
      case '=~':
        return this.#match(node);
      case '!~': {
        const match = this.#match(node);
        return (run) => andThen(match(run), negated);
      }
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const compare = comparison(node.operator);
        return combine(
          this.#beside(node.right, node.left),
          this.#beside(node.left, node.right),
          isNumber(node.left) || isNumber(node.right) ? besideNumber(compare) : compare,
          null,
        );
      }
      default: {
        const value = this.value(node);
        return (run) => andThen(value(run), truth);
      }
    }
  }

  /** One side of a comparison: a variable beside a string literal is text. */
  #beside(other: ExpressionNode, node: ExpressionNode): Evaluate<R> {
    return node.kind === 'variable' && other.kind === 'string'
      ? this.#variable(node, 'print')
      : this.value(node);
  }

  #variable(node: VariableNode, how: 'read' | 'print'): Evaluate<R> {
    const waits = new Waits<R>();
    return waits.before(this.#parts.variables[how](node, waits));
  }

  #match(node: BinaryNode): Test<R> {
    const subject = this.#beside(node.right, node.left);
    if (node.right.kind === 'string') {
      const matcher = this.#parts.matcher(node.right.value);
      if (matcher === null) throw new Error('unchecked script: a regular expression');
      return (run) =>
        andThen(subject(run), (value) =>
          value === undefined ? null : value !== null && matcher.test(String(value)),
        );
    }
    const match = (value: Value, pattern: Value, run: R): boolean => {
      if (value === null || pattern === null) return value === pattern;
      const matcher = this.#parts.matcher(String(pattern));
      if (matcher === null) run.complain(`"${pattern}" is not a regular expression`);
      return matcher?.test(String(value)) ?? false;
    };
    return combine(subject, this.value(node.right), match, null);
  }

  #unary(node: UnaryNode): Evaluate<R> {
    if (node.operator === '!') return this.#tested(node);
    const { operator } = node;
    const value = this.value(node.operand);
    const apply = operator === '-' ? (n: number) => -n | 0 : (n: number) => ~n;
    if (node.operand.kind === 'number') {
      const constant = apply(node.operand.value);
      return () => constant;
    }
    return (run) =>
      andThen(value(run), (v) => {
        if (typeof v === 'number') return apply(v);
        return v === undefined ? v : withoutResult(run, `${operator}${described(v)}`, v);
      });
  }

  #binary(node: BinaryNode): Evaluate<R> {
    if (node.compound === true) return this.#compound(node, node.operator as ArithmeticOperator);
    switch (node.operator) {
      case '+':
        return this.#orTexts(node, '+', joined);
      case '&':
      case '|':
      case '^':
        return this.#orTexts(node, node.operator, bitwise(node.operator));
      case '/':
      case '%':
        return this.#arithmetic(node, node.operator, reportZero);
      case '-':
      case '*':
      case '<<':
      case '>>':
        return this.#arithmetic(node, node.operator);
      default:
        return this.#tested(node);
    }
  }

  /** What `left op= right` stores: two integers, or two texts for `+=` (edge-failed-arith-keeps-value). */
  #compound(node: BinaryNode, operator: ArithmeticOperator): Evaluate<R> {
    const apply = arithmetic(operator);
    const zero = operator === '/' || operator === '%';
    const operate = (a: Value, b: Value, run: R): Result => {
      if (zero) reportZero(run, a, b);
      if (typeof a === 'number' && typeof b === 'number') return apply(a, b) ?? undefined;
      if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
      return withoutResult(run, `${described(a)} ${operator}= ${described(b)}`, a, b);
    };
    return combine(this.value(node.left), this.value(node.right), operate, undefined);
  }

  /** A condition as a value: 1 or 0. */
  #tested(node: ExpressionNode): Evaluate<R> {
    const test = this.test(node);
    return (run) => andThen(test(run), (holds) => (holds === null ? undefined : Number(holds)));
  }

  #arithmetic(
    node: BinaryNode,
    operator: ArithmeticOperator,
    notice?: (run: R, left: Value, right: Value) => void,
  ): Evaluate<R> {
    const apply = arithmetic(operator);
    const operate = (a: Value, b: Value, run: R): Result => {
      notice?.(run, a, b);
      return apply(a, b) ?? withoutResult(run, `${described(a)} ${operator} ${described(b)}`, a, b);
    };
    return combine(this.value(node.left), this.value(node.right), operate, undefined);
  }

  /**
   * An operator that works on integers if its left side is one. After text or null it works on texts; a variable on the
   * right contributes its text, but a number literal or a computed number has none.
   */
  #orTexts(
    node: BinaryNode,
    operator: ArithmeticOperator,
    ofTexts: (a: string | null, b: string | null) => string | null,
  ): Evaluate<R> {
    const left = this.value(node.left);
    const right = this.value(node.right);
    const isVariable = node.right.kind === 'variable';
    const asText = node.right.kind === 'variable' ? this.#variable(node.right, 'print') : right;
    const ofIntegers = arithmetic(operator);
    const finish = (run: R, a: Value, b: Result): Result => {
      if (b === undefined) return undefined;
      const hasText = typeof b !== 'number' || isVariable;
      const result = typeof a === 'number' ? ofIntegers(a, b) : hasText ? ofTexts(a, toText(b)) : null;
      return result ?? withoutResult(run, `${described(a)} ${operator} ${described(b)}`, a, b);
    };
    const goOn = (run: R, a: Result): Awaitable<Result> => {
      if (a === undefined) return a;
      const b = typeof a === 'number' ? right(run) : asText(run);
      return isPending(b) ? b.then((second) => finish(run, a, second)) : finish(run, a, b);
    };
    return (run) => {
      const a = left(run);
      return isPending(a) ? a.then((first) => goOn(run, first)) : goOn(run, a);
    };
  }
}

const isNumber = (node: ExpressionNode): boolean =>
  node.kind === 'number' || (node.kind === 'unary' && node.operator !== '!' && isNumber(node.operand));

/**
 * Text compared with a number literal is not converted, even if it consists of digits: the comparison is impossible.
 * The manual recommends `{s.int}` (Script-Tran, `$(hdr(Expires){s.int})==0`).
 */
function besideNumber<R extends Execution<R>>(compare: (a: Value, b: Value) => boolean) {
  return (a: Value, b: Value, run: R): boolean | null => {
    if (typeof a !== 'string' && typeof b !== 'string') return compare(a, b);
    run.complain(
      `the condition fails: ${described(typeof a === 'string' ? a : b)} is text compared with a number; use {s.int} to convert it`,
    );
    return null;
  };
}

const negated = (holds: boolean | null) => (holds === null ? null : !holds);

/** A value as shown in the log. */
function described(value: Value): string {
  if (typeof value !== 'string') return value === null ? 'null' : String(value);
  return `"${value.length > 40 ? `${value.slice(0, 40)}...` : value}"`;
}

/** Logs why an expression has no value; on undefined the caller changes nothing (edge-failed-arith-keeps-value). */
function withoutResult<R extends Execution<R>>(run: R, what: string, ...values: readonly Value[]): undefined {
  const text = values.find((value) => typeof value === 'string');
  const why = values.includes(null)
    ? 'null is not a number'
    : text === undefined
      ? 'it is not a number'
      : `${described(text)} is text; use {s.int} to convert it`;
  run.complain(`${what} has no result: ${why}`);
  return undefined;
}

function reportZero<R extends Execution<R>>(run: R, left: Value, right: Value): void {
  if (typeof left === 'number' && (right === 0 || right === null)) run.complain('division by 0 gives 0');
}

const isTrue = (status: Status) => status > 0;

function settle<R extends Execution<R>>(run: R, status: Status): Status {
  run.status = status;
  if (status === 0) run.stopped = true;
  return status;
}

/**
 * Evaluates both sides, then the operator; no promise if both are available at once, as usual. If one side has no
 * value, the result is `failure`.
 */
function combine<R, T extends Value | boolean | undefined>(
  left: Evaluate<R>,
  right: Evaluate<R>,
  operator: (a: Value, b: Value, run: R) => T,
  failure: T,
): (run: R) => Awaitable<T> {
  const apply = (run: R, a: Result, b: Result): T =>
    a === undefined || b === undefined ? failure : operator(a, b, run);
  return (run) => {
    const a = left(run);
    if (isPending(a)) return a.then((first) => andThen(right(run), (second) => apply(run, first, second)));
    const b = right(run);
    if (isPending(b)) return b.then((second) => apply(run, a, second));
    return apply(run, a, b);
  };
}
