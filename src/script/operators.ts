/**
 * The typing rules of the language's operators. Source: the manual's Script-Operators and Script-Syntax
 * pages and the vectors lang-*: 32-bit integers that wrap, comparisons that ignore ASCII case, `+` that
 * joins texts and adds integers.
 */
import type { ArithmeticOperator, AssignOperator, ComparisonOperator } from './ast.ts';
import type { Value } from './values.ts';

const decimal = /^\s*[+-]?\d+$/;

/** The value of an expression; undefined if it has none, which has been logged. */
export type Result = Value | undefined;

/** A value as an integer, or null if it is not one: `5`, `"5"`, but not `"5a"`. */
export function toInteger(value: Value): number | null {
  if (typeof value === 'number') return value;
  if (value === null || !decimal.test(value)) return null;
  return Number(value) | 0;
}

/** A value as a byte string; null stays null. */
export function toText(value: Value): string | null {
  return typeof value === 'number' ? String(value) : value;
}

/** The truth of a bare value in a condition (lang-string-true, lang-int-truth). */
export function truth(value: Result): boolean {
  if (typeof value === 'number') return value !== 0;
  return value !== null && value !== undefined && value.length > 0;
}

/** The truth of `[ value ]`: any text is true there, even empty text. */
export function bracketTruth(value: Result): boolean {
  return typeof value === 'number' ? value !== 0 : typeof value === 'string';
}

/** Lower-cases ASCII letters and nothing else: a byte string may hold UTF-8. */
export function lowerAscii(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 127) return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }
  return text.toLowerCase();
}

const integerOperations: Readonly<Record<ArithmeticOperator, (a: number, b: number) => number>> = {
  '+': (a, b) => (a + b) | 0,
  '-': (a, b) => (a - b) | 0,
  '*': (a, b) => Math.imul(a, b),
  // `| 0` turns the result of a division by 0 into 0 (edge-division-by-zero)
  '/': (a, b) => (a / b) | 0,
  '%': (a, b) => (a % b) | 0,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
};

/**
 * `a op b` on integers, null on the right counting as 0; null without a result: text on either side, even
 * digits, or null on the left (edge-null-beside-int, edge-digits-are-no-number). For texts there are {@link joined} and
 * {@link bitwise}.
 */
export function arithmetic(operator: ArithmeticOperator): (a: Value, b: Value) => number | null {
  const operation = integerOperations[operator];
  return (a, b) =>
    typeof a !== 'number' || typeof b === 'string' ? null : b === null ? operation(a, 0) : operation(a, b);
}

/** `a + b` when `a` is text or null: null counts as empty text next to text (edge-null-plus-string). */
export function joined(a: string | null, b: string | null): string {
  return a === null ? (b ?? '') : b === null ? a : a + b;
}

/** `a op b` byte by byte, for texts of the same length; null for others, as the reference does. */
export function bitwise(operator: '&' | '|' | '^'): (a: string | null, b: string | null) => string | null {
  const operation = integerOperations[operator];
  return (a, b) => {
    if (a === null || b === null || a.length !== b.length) return null;
    let result = '';
    for (let at = 0; at < a.length; at++)
      result += String.fromCharCode(operation(a.charCodeAt(at), b.charCodeAt(at)));
    return result;
  };
}

/**
 * -1, 0 or 1, or null if one side is null. Two integers are compared as numbers, everything else as text ignoring
 * case; for text and number literals see compile-expressions.ts.
 */
function order(a: Value, b: Value): number | null {
  if (a === null || b === null) return null;
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
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

/** The operator of `target op= value`; null for plain `=` and `:=`, and for `~=`, which uses only the value. */
export const compoundOperators: Readonly<Record<AssignOperator, ArithmeticOperator | null>> = {
  '=': null,
  ':=': null,
  '+=': '+',
  '-=': '-',
  '*=': '*',
  '/=': '/',
  '%=': '%',
  '&=': '&',
  '|=': '|',
  '^=': '^',
  '<<=': '<<',
  '>>=': '>>',
  '~=': null,
};

/** Except as a statement, an expression without a value counts as null. */
export const orNull = (result: Result): Value => result ?? null;
