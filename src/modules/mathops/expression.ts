/** Arithmetic expressions, infix and in reverse Polish notation. Source: modules/mathops of the manual. */

const functions: ReadonlyMap<string, (x: number) => number> = new Map([
  ['abs', Math.abs],
  ['acos', Math.acos],
  ['asin', Math.asin],
  ['atan', Math.atan],
  ['ceil', Math.ceil],
  ['cos', Math.cos],
  ['cosh', Math.cosh],
  ['exp', Math.exp],
  ['floor', Math.floor],
  ['ln', Math.log],
  ['log', Math.log10],
  ['sin', Math.sin],
  ['sinh', Math.sinh],
  ['sqrt', Math.sqrt],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
]);

const binary: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
  ['%', (a, b) => a % b],
  ['^', (a, b) => a ** b],
]);

/** Operators of one precedence each, which associate to the left; `^` too. */
const levels: readonly (readonly string[])[] = [['+', '-'], ['*', '/', '%'], ['^']];

const tokens = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([a-z][a-z0-9_]*)|([-+*/%^()]))/y;
const longest = 10_000;
const deepest = 200;

/** The value of an expression; null for an invalid one. */
export function evaluate(text: string): number | null {
  const list: string[] = [];
  tokens.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokens.lastIndex < end) {
    const token = tokens.exec(text);
    if (token === null || list.length >= longest) return null;
    list.push(token[0].trimStart());
  }
  const expression = new Expression(list);
  const value = expression.level(0, 0);
  return value === null || expression.next !== undefined ? null : value;
}

class Expression {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(list: readonly string[]) {
    this.#tokens = list;
  }

  get next(): string | undefined {
    return this.#tokens[this.#at];
  }

  level(n: number, depth: number): number | null {
    const operators = levels[n];
    if (operators === undefined) return this.#signed(depth);
    let left = this.level(n + 1, depth);
    for (
      let { next } = this;
      left !== null && next !== undefined && operators.includes(next);
      { next } = this
    ) {
      this.#at += 1;
      const right = this.level(n + 1, depth);
      left = right === null ? null : (binary.get(next)?.(left, right) ?? null);
    }
    return left;
  }

  /** Signs bind tighter than `^`. */
  #signed(depth: number): number | null {
    let sign = 1;
    for (let { next } = this; next === '-' || next === '+'; { next } = this) {
      if (next === '-') sign = -sign;
      this.#at += 1;
    }
    const value = this.#operand(depth);
    return value === null ? null : sign * value;
  }

  #operand(depth: number): number | null {
    const { next } = this;
    if (next === undefined || depth > deepest) return null;
    this.#at += 1;
    if (next === '(') {
      const value = this.level(0, depth + 1);
      if (this.next !== ')') return null;
      this.#at += 1;
      return value;
    }
    if (/^[a-z]/.test(next)) {
      const apply = functions.get(next);
      const value = apply === undefined ? null : this.#signed(depth + 1);
      return apply === undefined || value === null ? null : apply(value);
    }
    return /^[\d.]/.test(next) ? Number(next) : null;
  }
}

/** `nearbyint` rounds halves to even, `round` away from zero. */
const nearest = (x: number) => {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
};

/** Rounds halves away from zero. */
export const awayFromZero = (x: number): number => Math.sign(x) * Math.round(Math.abs(x));

const unary: ReadonlyMap<string, (x: number) => number> = new Map([
  ['neg', (x) => -x],
  ['exp', Math.exp],
  ['ln', Math.log],
  ['log10', Math.log10],
  ['abs', Math.abs],
  ['sqrt', Math.sqrt],
  ['cbrt', Math.cbrt],
  ['floor', Math.floor],
  ['ceil', Math.ceil],
  ['round', awayFromZero],
  ['nearbyint', nearest],
  ['trunc', Math.trunc],
]);

const stackOperators: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
  ['mod', (a, b) => a % b],
  ['pow', (a, b) => a ** b],
]);

const constants: ReadonlyMap<string, number> = new Map([
  ['e', Math.E],
  ['pi', Math.PI],
]);

/** The value of an expression in reverse Polish notation; null for an invalid one. */
export function evaluateStack(text: string): number | null {
  const words = text.split(/\s+/).filter(Boolean);
  if (words.length > longest) return null;
  const stack: number[] = [];
  for (const word of words) if (!step(stack, word)) return null;
  return stack.length === 1 ? (stack[0] ?? null) : null;
}

function step(stack: number[], word: string): boolean {
  const operator = stackOperators.get(word);
  const apply = unary.get(word);
  const value = constants.get(word) ?? (/^[-+]?(?:\d|\.\d)/.test(word) ? Number(word) : undefined);
  if (value !== undefined) {
    if (Number.isNaN(value)) return false;
    stack.push(value);
    return true;
  }
  const last = stack.pop();
  if (last === undefined) return false;
  if (apply !== undefined) stack.push(apply(last));
  else if (word === 'dup') stack.push(last, last);
  else if (operator !== undefined || word === 'swap') {
    const before = stack.pop();
    if (before === undefined) return false;
    if (operator === undefined) stack.push(last, before);
    else stack.push(operator(before, last));
  } else return word === 'drop';
  return true;
}
