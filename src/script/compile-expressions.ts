/**
 * Expressions as closures, in two forms: a value (right side of an assignment, argument) and a test
 * (condition). A test that calls something which ends the script leaves `stopped` set on the run; whoever asked
 * looks at it.
 */
import type { BinaryNode, CallNode, ExpressionNode, RouteCallNode, UnaryNode, VariableNode } from './ast.ts';
import { andThen, isPending } from './awaitable.ts';
import type { Awaitable, Status, Value } from './catalog.ts';
import type { Call } from './compile-calls.ts';
import type { VariableCompiler } from './compile-variables.ts';
import type { Execution } from './execution.ts';
import { arithmetic, comparison, toInteger, toText, truth } from './operators.ts';
import { Waits } from './waits.ts';

export type Evaluate<R> = (run: R) => Awaitable<Value>;
export type Test<R> = (run: R) => Awaitable<boolean>;

/** A compiled regular expression; compiling is the runtime's matter. */
export interface Matcher {
  test(text: string): boolean;
}

/** What expressions need of the rest of the compiler. */
export interface ExpressionParts<R> {
  readonly variables: VariableCompiler<R>;
  call(node: CallNode): Call<R>;
  /** The status of a route; sets `stopped` where the route ended the script. */
  routeCall(node: RouteCallNode): Call<R>;
  /** Null for a pattern that is no regular expression. */
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
        return (run) => andThen(value(run), (v) => (toInteger(v) ?? 0) !== 0);
      }
      case 'binary':
        if (node.operator === '&&' || node.operator === '||') return this.#logical(node, node.operator);
        return this.#comparison(node);
      default:
    }
    const value = this.value(node);
    return (run) => andThen(value(run), truth);
  }

  /** A function that answers 0 ends the script, wherever it stands. */
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
      return isPending(result) ? result.then((r) => !r) : !result;
    };
  }

  #logical(node: BinaryNode, operator: '&&' | '||'): Test<R> {
    const left = this.test(node.left);
    const right = this.test(node.right);
    const decides = operator === '||';
    const rest = (run: R, first: boolean) => (first === decides || run.stopped ? first : right(run));
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
        return (run) => andThen(match(run), (matched) => !matched);
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
      return (run) => andThen(subject(run), (value) => value !== null && matcher.test(toText(value) ?? ''));
    }
    return combine(subject, this.value(node.right), (value, pattern, run) => {
      if (value === null || pattern === null) return false;
      const matcher = this.#parts.matcher(String(pattern));
      if (matcher === null) run.complain(`"${pattern}" is no regular expression`);
      return matcher?.test(String(value)) ?? false;
    });
  }

  #unary(node: UnaryNode): Evaluate<R> {
    if (node.operator === '!') {
      const test = this.test(node);
      return (run) => andThen(test(run), Number);
    }
    const value = this.value(node.operand);
    const apply = node.operator === '-' ? (n: number) => -n | 0 : (n: number) => ~n;
    if (node.operand.kind === 'number') {
      const constant = apply(node.operand.value);
      return () => constant;
    }
    return (run) =>
      andThen(value(run), (v) => {
        const n = toInteger(v);
        return n === null ? null : apply(n);
      });
  }

  #binary(node: BinaryNode): Evaluate<R> {
    switch (node.operator) {
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '&':
      case '|':
      case '^':
      case '<<':
      case '>>':
        return combine(this.value(node.left), this.value(node.right), arithmetic(node.operator));
      default: {
        const test = this.test(node);
        return (run) => andThen(test(run), Number);
      }
    }
  }
}

const isNumber = (node: ExpressionNode): boolean =>
  node.kind === 'number' || (node.kind === 'unary' && node.operator !== '!' && isNumber(node.operand));

/**
 * Beside a number that stands in the script, text is no number, be it of digits: no comparison with it holds. The
 * manual has `{s.int}` for that (Script-Tran, `$(hdr(Expires){s.int})==0`).
 */
function besideNumber<R extends Execution<R>>(compare: (a: Value, b: Value) => boolean) {
  return (a: Value, b: Value, run: R): boolean => {
    if (typeof a !== 'string' && typeof b !== 'string') return compare(a, b);
    const text = typeof a === 'string' ? a : String(b);
    run.complain(
      `a comparison of text with a number does not hold, "${text.slice(0, 40)}" is text: {s.int} makes a number of it`,
    );
    return false;
  };
}

const isTrue = (status: Status) => status > 0;

function settle<R extends Execution<R>>(run: R, status: Status): Status {
  run.status = status;
  if (status === 0) run.stopped = true;
  return status;
}

/** Both sides, then the operator; the common case that both are there at once makes no promise. */
function combine<R, T extends Value | boolean>(
  left: Evaluate<R>,
  right: Evaluate<R>,
  operator: (a: Value, b: Value, run: R) => T,
): (run: R) => Awaitable<T> {
  return (run) => {
    const a = left(run);
    if (isPending(a)) return a.then((first) => andThen(right(run), (second) => operator(first, second, run)));
    const b = right(run);
    if (isPending(b)) return b.then((second) => operator(a, second, run));
    return operator(a, b, run);
  };
}
