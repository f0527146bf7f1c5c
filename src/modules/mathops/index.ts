/** The mathops module: floating-point numbers. Source: modules/mathops of the manual; scenarios mathops-*. */
import { defineModule, type Run } from '../../runtime/index.ts';
import { defineArgument, defineParameters, type Status, type VariableReference } from '../../script/index.ts';
import { awayFromZero, evaluate, evaluateStack } from './expression.ts';

const parameters = defineParameters([
  {
    name: 'decimal_digits',
    type: 'int',
    default: 6,
    minimum: 0,
    maximum: 100,
    summary: 'Digits after the point in results.',
  },
]);

const source = 'modules/mathops';
const expression = defineArgument({ name: 'expression', type: 'string', summary: 'An expression.' });
const number = defineArgument({
  name: 'number',
  type: 'string',
  summary: 'A number; text that does not begin with one is 0.',
});
const result = defineArgument({
  name: 'result_var',
  type: 'variable',
  gives: 'text',
  summary: 'Gets the result.',
});

/** As C reads a number: as much of the text as is one, else 0. */
const numberOf = (text: string) =>
  Number(/^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(text)?.[1] ?? 0);

/** As C prints a number: halves to even, `inf`, `-inf`, `nan`. */
function printed(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`;
  const scale = 10 ** digits;
  const scaled = Math.abs(value) * scale;
  const isTie = scaled % 1 === 0.5 && scaled / scale === Math.abs(value) && Math.floor(scaled) % 2 === 0;
  return (isTie ? (Math.sign(value) * Math.floor(scaled)) / scale : value).toFixed(digits);
}

const whole = (value: number) => printed(value === 0 ? 0 : value, 0);

const store = (run: Run, variable: VariableReference<Run>, value: string): Status =>
  variable.set(run, value) ? 1 : -1;

function evaluated(
  run: Run,
  name: string,
  value: number | null,
  text: string,
  variable: VariableReference<Run>,
): Status {
  if (value === null) {
    run.complain(`${name}(): invalid expression "${text}"`);
    return -1;
  }
  return store(run, variable, printed(value, run.parameters(parameters).decimal_digits));
}

/** A number as the nearest one with so many significant figures. */
function significant(value: number, figures: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const scale = 10 ** (figures - 1 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = awayFromZero(value * scale) / scale;
  return Number.isFinite(rounded) ? rounded : value;
}

const rounding = (name: string, summary: string, round: (value: number) => number) =>
  ({
    name,
    arguments: [number, result],
    summary,
    source,
    run: (run: Run, text: string, variable: VariableReference<Run>) =>
      store(run, variable, whole(round(numberOf(text)))),
  }) as const;

export const mathops = defineModule({
  name: 'mathops',
  summary: 'Arithmetic with floating-point numbers.',
  source,
  parameters,
  functions: [
    {
      name: 'math_eval',
      arguments: [expression, result],
      summary:
        'Evaluates an expression with parentheses, `+ - * / % ^` and the functions abs, acos, asin, atan, ceil, cos, cosh, exp, floor, ln, log (to the base 10), sin, sinh, sqrt, tan and tanh; -1 for an invalid one.',
      source,
      run: (run, text, variable) => evaluated(run, 'math_eval', evaluate(text), text, variable),
    },
    {
      name: 'math_rpn',
      arguments: [expression, result],
      summary:
        'Evaluates an expression in reverse Polish notation: `+ - * / mod pow`, neg, exp, ln, log10, abs, sqrt, cbrt, floor, ceil, round, nearbyint, trunc, the constants e and pi, and drop, dup and swap.',
      source,
      run: (run, text, variable) => evaluated(run, 'math_rpn', evaluateStack(text), text, variable),
    },
    rounding('math_trunc', 'Rounds towards zero.', Math.trunc),
    rounding('math_floor', 'Rounds down.', Math.floor),
    rounding('math_ceil', 'Rounds up.', Math.ceil),
    {
      name: 'math_round',
      arguments: [
        number,
        result,
        { name: 'decimals', type: 'int', optional: true, summary: 'Digits after the point; default none.' },
      ],
      summary: 'Rounds to the nearest number, halves away from zero.',
      source,
      run: (run, text, variable, decimals = 0) => {
        const digits = Math.min(100, Math.max(0, decimals));
        const scale = 10 ** digits;
        const value = awayFromZero(numberOf(text) * scale) / scale;
        return store(run, variable, digits === 0 ? whole(value) : printed(value, digits));
      },
    },
    {
      name: 'math_round_sf',
      arguments: [number, result, { name: 'figures', type: 'int', summary: 'How many figures remain.' }],
      summary: 'Rounds to a number of significant figures.',
      source,
      run: (run, text, variable, figures) => {
        const value = significant(numberOf(text), Math.max(1, figures));
        return store(run, variable, printed(value, run.parameters(parameters).decimal_digits));
      },
    },
    {
      name: 'math_compare',
      arguments: [
        { ...expression, name: 'exp1' },
        { ...expression, name: 'exp2' },
        { name: 'result_var', type: 'variable', summary: 'Gets 1, 0 or -1.' },
      ],
      summary:
        'Compares two expressions: the result is 1 if the first is greater, -1 if the second is, else 0.',
      source,
      run: (run, first, second, variable) => {
        const [a, b] = [evaluate(first), evaluate(second)];
        if (a !== null && b !== null) return variable.set(run, a > b ? 1 : a < b ? -1 : 0) ? 1 : -1;
        run.complain(`math_compare(): invalid expression "${a === null ? first : second}"`);
        return -1;
      },
    },
  ],
});
