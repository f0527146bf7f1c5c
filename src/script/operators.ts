/**
 * The typing rules of the language's operators. Source: the manual's Script-Operators and Script-Syntax
 * pages and the vectors lang-*: 32-bit integers that wrap, comparisons that ignore ASCII case, `+` that
 * joins unless both sides are integers.
 */
import type { ArithmeticOperator, AssignOperator, ComparisonOperator } from './ast.ts';
import type { Value } from './catalog.ts';

const decimal = /^\s*[+-]?\d+$/;

/** A value as an integer, or null where it is none: `5`, `"5"`, but not `"5a"`. */
export function toInteger(value: Value): number | null {
  if (typeof value === 'number') return value;
  if (value === null || !decimal.test(value)) return null;
  return Number(value) | 0;
}

/** A value as a byte string; null stays null. */
export function toText(value: Value): string | null {
  return typeof value === 'number' ? String(value) : value;
}

/** The truth of a value that stands alone in a condition (lang-string-true, lang-int-truth). */
export function truth(value: Value): boolean {
  if (typeof value === 'number') return value !== 0;
  return value !== null && value.length > 0;
}

/** Lower-cases ASCII letters and nothing else: a byte string may hold UTF-8. */
export function lowerAscii(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 127) return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }
  return text.toLowerCase();
}

const integerOperations: Readonly<Record<ArithmeticOperator, (a: number, b: number) => number | null>> = {
  '+': (a, b) => (a + b) | 0,
  '-': (a, b) => (a - b) | 0,
  '*': (a, b) => Math.imul(a, b),
  '/': (a, b) => (b === 0 ? null : (a / b) | 0),
  '%': (a, b) => (b === 0 ? null : a % b),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
};

/**
 * `a op b`; null where it has no result: a side that is null, text that is no number (but for `+`), a
 * division by 0.
 */
export function arithmetic(operator: ArithmeticOperator): (a: Value, b: Value) => Value {
  const operation = integerOperations[operator];
  if (operator === '+') {
    return (a, b) => {
      if (typeof a === 'number' && typeof b === 'number') return (a + b) | 0;
      if (a === null || b === null) return null;
      return `${a}${b}`;
    };
  }
  return (a, b) => {
    const left = toInteger(a);
    const right = toInteger(b);
    return left === null || right === null ? null : operation(left, right);
  };
}

/** -1, 0 or 1, or null where one side is null. Text is compared with case ignored, `5` and `"5"` as numbers; beside a number in the script text is none, see compile-expressions.ts. */
function order(a: Value, b: Value): number | null {
  if (a === null || b === null) return null;
  if (typeof a === 'number' || typeof b === 'number') {
    const left = toInteger(a);
    const right = toInteger(b);
    if (left !== null && right !== null) return Math.sign(left - right);
  }
  const left = lowerAscii(String(a));
  const right = lowerAscii(String(b));
  return left < right ? -1 : left > right ? 1 : 0;
}

export type OrderOperator = Exclude<ComparisonOperator, '=~' | '!~'>;

const comparisons: Readonly<Record<OrderOperator, (a: Value, b: Value) => boolean>> = {
  '==': (a, b) => a === b || (a === null || b === null ? false : order(a, b) === 0),
  '!=': (a, b) => a !== b && (a === null || b === null ? true : order(a, b) !== 0),
  '<': (a, b) => order(a, b) === -1,
  '<=': (a, b) => (order(a, b) ?? 1) <= 0,
  '>': (a, b) => order(a, b) === 1,
  '>=': (a, b) => (order(a, b) ?? -1) >= 0,
};

/** With null, only `==` and `!=` can be true: null equals null alone. */
export function comparison(operator: OrderOperator): (a: Value, b: Value) => boolean {
  return comparisons[operator];
}

/** What `target op= value` does to the two; null for plain `=` and `:=`. */
export const compoundOperators: Readonly<Record<AssignOperator, ((a: Value, b: Value) => Value) | null>> = {
  '=': null,
  ':=': null,
  '+=': arithmetic('+'),
  '-=': arithmetic('-'),
  '*=': arithmetic('*'),
  '/=': arithmetic('/'),
  '%=': arithmetic('%'),
  '&=': arithmetic('&'),
  '|=': arithmetic('|'),
  '^=': arithmetic('^'),
  '<<=': arithmetic('<<'),
  '>>=': arithmetic('>>'),
  '~=': (_, b) => {
    const operand = toInteger(b);
    return operand === null ? null : ~operand;
  },
};
