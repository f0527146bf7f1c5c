/**
 * What the rows of tables say of the types of the code beside them. The types are checked by `npm run types`, which
 * fails on an error that is not expected and on an expected one that is not there; the tests run the same code.
 */
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  defineFunction,
  defineFunctions,
  defineModule,
  defineTransformation,
  defineTransformations,
  defineVariable,
  defineVariables,
  type Module,
  type Run,
  type RunRouting,
} from '../../src/runtime/index.ts';
import {
  defineArgument,
  defineParameters,
  defineSettings,
  type RowValues,
  TableValues,
  transformOf,
  type Value,
  type VariableReader,
  type VariableReference,
} from '../../src/script/index.ts';

const parameters = defineParameters([
  { name: 'greeting', type: 'string', default: 'hello', summary: '' },
  { name: 'limit', type: 'int', default: 3, minimum: 1, summary: '' },
  { name: 'interval', type: 'seconds', default: 0.5, unit: 's', summary: '' },
  { name: 'loud', type: 'boolean', default: false, summary: '' },
  { name: 'fallback', type: 'string', default: null, summary: '' },
  { name: 'names', type: 'string', default: null, repeated: true, summary: '' },
]);

describe('parameters of a module', () => {
  test('have the types of their rows, and the defaults', () => {
    const values = new TableValues().get(parameters);
    expectTypeOf(values).toEqualTypeOf<{
      readonly greeting: string;
      readonly limit: number;
      readonly interval: number;
      readonly loud: boolean;
      readonly fallback: string | null;
      readonly names: readonly string[];
    }>();
    expect(values).toEqual({
      greeting: 'hello',
      limit: 3,
      interval: 0.5,
      loud: false,
      fallback: null,
      names: [],
    });
  });

  test('are known only by their names', () => {
    const values = new TableValues().get(parameters);
    // @ts-expect-error -- no row has this name
    expect(values.limits).toBeUndefined();
  });

  test('belong to the table, not to another one with the same rows', () => {
    const tables = new TableValues();
    tables.set(parameters, { limit: 9 });
    expect(tables.get(parameters).limit).toBe(9);
    expect(tables.get([...parameters]).limit).toBe(3);
    expect(tables.has([...parameters])).toBe(false);
  });
});

test('global parameters have the types of their rows', () => {
  const settings = defineSettings([
    { name: 'format', type: 'string', values: ['text', 'json'], default: 'text', summary: '' },
    { name: 'address', type: 'string', default: null, summary: '' },
    { name: 'alias', type: 'any', repeated: true, default: null, summary: '' },
    { name: 'socket', type: 'socket', repeated: true, summary: '' },
    { name: 'port', type: 'int', summary: '' },
  ]);
  expectTypeOf<RowValues<typeof settings>>().toEqualTypeOf<{
    readonly format: 'text' | 'json';
    readonly address: string | null;
    readonly alias: readonly (number | string)[];
    readonly socket: readonly string[];
    readonly port: number | null;
  }>();
  expect(new TableValues().get(settings).format).toBe('text');
});

describe('arguments of a function', () => {
  test('have the types of their rows', () => {
    const [plain, later] = defineFunctions([
      {
        name: 'plain',
        arguments: [
          { name: 'level', type: 'level', optional: true, leading: true, summary: '' },
          { name: 'count', type: 'int', summary: '' },
          { name: 'text', type: 'string', summary: '' },
          { name: 'anything', type: 'value', summary: '' },
          { name: 'which', type: 'static', oneOf: ['first', 'last'], summary: '' },
          { name: 'pattern', type: 'regex', optional: true, summary: '' },
          { name: 'source', type: 'variable', readOnly: true, summary: '' },
          { name: 'result', type: 'variable', optional: true, summary: '' },
        ],
        summary: '',
        run: (run, level, count, text, anything, which, pattern, source, result) => {
          expectTypeOf(run).toEqualTypeOf<Run>();
          expectTypeOf(level).toEqualTypeOf<number | undefined>();
          expectTypeOf(count).toEqualTypeOf<number>();
          expectTypeOf(text).toEqualTypeOf<string>();
          expectTypeOf(anything).toEqualTypeOf<Value>();
          expectTypeOf(which).toEqualTypeOf<'first' | 'last'>();
          expectTypeOf(pattern).toEqualTypeOf<string | undefined>();
          expectTypeOf(source).toEqualTypeOf<VariableReader<Run>>();
          expectTypeOf(result).toEqualTypeOf<VariableReference<Run> | undefined>();
          return 1;
        },
      },
      {
        name: 'later',
        arguments: [
          { name: 'seconds', type: 'int', summary: '' },
          { name: 'result', type: 'variable', summary: '' },
        ],
        summary: '',
        start: ({ timeout }, seconds, result) => {
          expectTypeOf(timeout).toEqualTypeOf<number | null>();
          expectTypeOf(seconds).toEqualTypeOf<number>();
          return (run) => (result.set(run, seconds) ? 1 : -1);
        },
      },
    ]);
    expect(plain.run?.length).toBe(9);
    expect(later.start?.length).toBe(3);
  });

  test('cannot be used as another type', () => {
    const text = defineArgument({ name: 'text', type: 'string', summary: '' });
    // @ts-expect-error -- a string is not a number
    defineFunction({ name: 'f', arguments: [text], summary: '', run: (_, count: number) => count });
    defineFunction({
      name: 'f',
      arguments: [{ ...text, optional: true }],
      summary: '',
      // @ts-expect-error -- it may be left out
      run: (_, given) => given.length,
    });
    defineFunction({
      name: 'f',
      arguments: [{ name: 'source', type: 'variable', readOnly: true, summary: '' }],
      summary: '',
      run: (run, source) => {
        expectTypeOf(source).not.toHaveProperty('set');
        return source.get(run) === null ? -1 : 1;
      },
    });
    const perhaps: boolean = text.name === 'text';
    defineFunction({
      name: 'f',
      arguments: [{ ...text, optional: perhaps }],
      summary: '',
      // @ts-expect-error -- it may be left out
      run: (_, given) => given.length,
    });
    // @ts-expect-error -- the row has one argument
    defineFunction({ name: 'f', arguments: [text], summary: '', run: (_run, _given, more) => more });
    // @ts-expect-error -- there is no such type of argument
    defineArgument({ name: 'text', type: 'text', summary: '' });
  });

  test('of an untyped row are unknown', () => {
    const row: Parameters<typeof defineArgument>[0] = { name: 'count', type: 'int', summary: '' };
    defineFunction({
      name: 'f',
      arguments: [row],
      summary: '',
      run: (_, value) => {
        expectTypeOf(value).toBeUnknown();
        return 1;
      },
    });
  });
});

describe('a transformation', () => {
  test('has its arguments with the types of their rows', () => {
    const [plain, prepared] = defineTransformations([
      {
        name: 'x.plain',
        arguments: [
          { name: 'index', type: 'int' },
          { name: 'token', type: 'string', optional: true },
        ],
        summary: '',
        apply: (text, index, token) => {
          expectTypeOf(text).toEqualTypeOf<string>();
          expectTypeOf(index).toEqualTypeOf<number>();
          expectTypeOf(token).toEqualTypeOf<string | undefined>();
          return `${text}${index}${token}`;
        },
      },
      {
        name: 'x.prepared',
        arguments: [{ name: 'table', type: 'rest' }],
        summary: '',
        prepare: ([constant]) => {
          expectTypeOf(constant).toEqualTypeOf<string | null>();
          return (value, [table], run) => {
            expectTypeOf(value).toEqualTypeOf<Value>();
            expectTypeOf(table).toEqualTypeOf<string>();
            expectTypeOf(run).toEqualTypeOf<Run>();
            return `${constant} ${table} ${value}`;
          };
        },
      },
    ]);
    const run = {} as Run;
    expect(plain.apply?.('a', 1, undefined)).toBe('a1undefined');
    expect(prepared.prepare?.([null])(5, ['t'], run)).toBe('null t 5');
  });

  test('is not called with null', () => {
    const spec = defineTransformation({
      name: 'x.add',
      arguments: [{ name: 'number', type: 'int' }],
      summary: '',
      apply: (text, number) => Number(text) + number,
    });
    if (spec.prepareWaiting !== undefined) throw new Error('it does not wait');
    const late = transformOf<Run>(spec, [null]);
    const run = {} as Run;
    expect(late(40, [2], run)).toBe(42);
    expect(late('40', [null], run)).toBeNull();
    expect(late(null, [2], run)).toBeNull();
  });

  test('cannot use an argument as another type', () => {
    defineTransformation({
      name: 'x.add',
      arguments: [{ name: 'number', type: 'int' }],
      summary: '',
      // @ts-expect-error -- a number is not a text
      apply: (text, number: string) => text + number,
    });
  });
});

describe('a variable', () => {
  test('is resolved with the subname that its row allows', () => {
    type Late = (run: Run) => string;
    const variables = defineVariables([
      {
        name: 'needs',
        subname: 'required',
        summary: '',
        resolve: ({ subname }) => {
          expectTypeOf(subname).toEqualTypeOf<string | Late>();
          return { get: () => null };
        },
      },
      {
        name: 'may',
        subname: 'optional',
        summary: '',
        resolve: ({ subname }) => {
          expectTypeOf(subname).toEqualTypeOf<string | Late | null>();
          return { get: () => null };
        },
      },
      {
        name: 'one',
        subname: ['of', 'two'],
        summary: '',
        resolve: ({ subname }) => {
          expectTypeOf(subname).toEqualTypeOf<'of' | 'two' | Late | null>();
          return { get: () => null };
        },
      },
      {
        name: 'none',
        summary: '',
        resolve: ({ subname }) => {
          expectTypeOf(subname).toEqualTypeOf<null>();
          return { get: () => null };
        },
      },
    ]);
    expect(variables.map(({ subname }) => subname)).toEqual([
      'required',
      'optional',
      ['of', 'two'],
      undefined,
    ]);
  });

  test('cannot have another rule', () => {
    // @ts-expect-error -- there is no such rule
    defineVariable({ name: 'x', subname: 'sometimes', summary: '', resolve: () => ({ get: () => null }) });
  });
});

describe('a module', () => {
  test('has its parameters, and the arguments of its functions, with the types of the rows', () => {
    const module = defineModule({
      name: 'greeter',
      summary: '',
      parameters,
      validate: ({ limit, fallback }) => {
        expectTypeOf(limit).toEqualTypeOf<number>();
        return fallback === null ? [] : [fallback];
      },
      start: (routing, { names }) => {
        expectTypeOf(routing).toEqualTypeOf<RunRouting>();
        expectTypeOf(names).toEqualTypeOf<readonly string[]>();
      },
      functions: [
        {
          name: 'greet',
          arguments: [
            { name: 'who', type: 'string', summary: '' },
            { name: 'times', type: 'int', optional: true, summary: '' },
            { name: 'result', type: 'variable', summary: '' },
          ],
          summary: '',
          run: (run, who, times = 1, result) => {
            const { greeting, limit } = run.parameters(parameters);
            return result.set(run, `${greeting}, ${who}! `.repeat(Math.min(times, limit))) ? 1 : -1;
          },
        },
      ],
    });
    expectTypeOf(module).toExtend<Module>();
    expect(module.parameters).toBe(parameters);
  });

  test('cannot read a parameter that it does not have', () => {
    defineModule({
      name: 'greeter',
      summary: '',
      parameters: [{ name: 'limit', type: 'int', default: 3, summary: '' }],
      // @ts-expect-error -- no row has this name
      validate: ({ limits }) => (limits === 3 ? [] : ['limit']),
    });
    defineModule({
      name: 'greeter',
      summary: '',
      parameters: [{ name: 'limit', type: 'int', default: 3, summary: '' }],
      // @ts-expect-error -- it is a number
      validate: ({ limit }) => [limit],
    });
    defineModule({
      name: 'greeter',
      summary: '',
      // @ts-expect-error -- a parameter has a default
      parameters: [{ name: 'limit', type: 'int', summary: '' }],
    });
  });
});
