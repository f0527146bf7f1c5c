import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { jsonModule } from '../../src/modules/json.ts';
import type { Request } from '../../src/runtime/request.ts';
import type { Worker } from '../../src/runtime/routing.ts';
import type { Run } from '../../src/runtime/run.ts';
import { type StateKey, States } from '../../src/runtime/state.ts';
import type { VariableReference } from '../../src/script/function-spec.ts';
import { InvalidUse } from '../../src/script/invalid-use.ts';
import type { Value } from '../../src/script/values.ts';
import type { VariableAccess, VariableUse } from '../../src/script/variable-spec.ts';
import { parseJson, printJson } from '../../src/text/json-values.ts';

/** A worker with a message: what of a run the module looks at. */
class Message {
  static parameters: Record<string, boolean> = {};
  readonly request = new States<Request>({} as Request);
  readonly worker: { readonly states: States<Worker> };
  readonly complaints: string[] = [];
  constructor(worker = { states: new States<Worker>({} as Worker) }) {
    this.worker = worker;
  }
  parameters(): Record<string, boolean> {
    return Message.parameters;
  }
  state<T>(key: StateKey<Request, T>): T {
    return this.request.get(key);
  }
  complain(message: string): void {
    this.complaints.push(message);
  }
}

let message = new Message();
let run = message as unknown as Run;
beforeEach(() => {
  Message.parameters = {};
  message = new Message();
  run = message as unknown as Run;
});

const access = (
  subname: VariableUse<Run>['subname'],
  name = 'json',
  index: VariableUse<Run>['index'] = null,
): VariableAccess<Run> => {
  const spec = jsonModule.variables?.find((variable) => variable.name === name);
  if (spec === undefined) throw new Error(`no $${name}`);
  return spec.resolve({ subname, index, context: null });
};
const get = (path: string, name = 'json') => access(path, name).get(run);
const set = (path: string, value: Value) => access(path).set?.(run, value, '=');
const parse = (path: string, value: Value) => access(path).set?.(run, value, ':=');
const list = (path: string) => access(path, 'json', 'all').list?.(run);
const compact = (path: string) => get(path, 'json_compact');

const reference = (path: string): VariableReference<Run> => {
  const { get: read, set: write } = access(path);
  return {
    text: `$json(${path})`,
    get: read,
    list: (on) => [read(on)],
    set: (on, value) => write?.(on, value, '=') ?? false,
  };
};
const call = (name: string, ...args: VariableReference<Run>[]) => {
  const spec = jsonModule.functions?.find((one) => one.name === name);
  if (spec === undefined || spec.run === undefined) throw new Error(`no ${name}()`);
  return spec.run(run, ...args);
};

describe('reading', () => {
  test('converts each type for the script (trans-json-types)', () => {
    parse('o', '{"i":5,"s":"t","b":true,"n":null,"f":1.5,"a":[1,"two",{"k":"v"}],"o":{"x":{"y":9}}}');
    const paths = [
      'o/i',
      'o/s',
      'o/b',
      'o/n',
      'o/f',
      'o/a[1]',
      'o/a[2]/k',
      'o/o/x/y',
      'o/none',
      'o/a[-1]/k',
      'o/a[9]',
      'o/s/x',
      'x',
    ];
    expect(paths.map((path) => get(path))).toEqual([
      5,
      't',
      'true',
      null,
      '1.5',
      'two',
      'v',
      9,
      null,
      'v',
      null,
      null,
      null,
    ]);
    expect(get('o/a')).toBe('[ 1, "two", { "k": "v" } ]');
  });

  test('an array may be the root (trans-json-array-root)', () => {
    parse('o', '[{"status":"ok"},{"status":"no"}]');
    expect([get('o[0]/status'), get('o[1]/status'), get('o[-2]/status')]).toEqual(['ok', 'no', 'ok']);
  });

  test('paths may contain variables (trans-json-dynamic)', () => {
    parse('o', '{"k1":"v1","list":["z","y"]}');
    let path = 'o/k1';
    const { get: read } = access(() => path);
    expect(read(run)).toBe('v1');
    path = 'o/list[1]';
    expect(read(run)).toBe('y');
    path = 'o/list[<null>]';
    expect(read(run)).toBeNull();
  });

  test('spaces belong to keys, and no key is special', () => {
    parse('o', '{"a b":1,"__proto__":{"x":2},"constructor":3,"":4,"7":5,"1":6}');
    expect([get('o/a b'), get('o/__proto__/x'), get('o/constructor'), get('o/toString')]).toEqual([
      1,
      2,
      3,
      null,
    ]);
    expect(compact('o')).toBe('{"a b":1,"__proto__":{"x":2},"constructor":3,"":4,"7":5,"1":6}');
  });

  test('integers beyond 32 bits', () => {
    parse('o', '[2147483647,2147483648,-9999999999,12345678901234567890,99999999999999999999999]');
    expect([get('o[0]'), get('o[1]'), get('o[2]')]).toEqual([2147483647, -2147483648, -1410065407]);
    Message.parameters = { enable_long_quoting: true };
    expect([get('o[0]'), get('o[1]'), get('o[2]')]).toEqual([2147483647, '2147483648', '-9999999999']);
    expect(compact('o')).toBe(
      '[2147483647,2147483648,-9999999999,12345678901234567890,18446744073709551615]',
    );
  });
});

describe('writing', () => {
  test('builds a document (rest-post-built-json)', () => {
    parse('o', '{}');
    expect([set('o/from', 'alice'), set('o/n', 5), set('o/list', '[]')]).toEqual([true, true, true]);
    expect(get('o')).toBe('{ "from": "alice", "n": 5, "list": "[]" }');
  });

  test(':= parses, = does not, and a copy is a copy', () => {
    parse('a', '[1,2,3]');
    parse('o', '{}');
    parse('o/a', get('a'));
    parse('o/t', 'true');
    set('a[0]', 9);
    expect(compact('o')).toBe('{"a":[1,2,3],"t":true}');
    expect(compact('a')).toBe('[9,2,3]');
  });

  test('[] appends, null deletes (trans-json-delete)', () => {
    parse('a', '[]');
    set('a[]', 1);
    set('a[]', 'two');
    parse('a[]', '{}');
    expect(compact('a')).toBe('[1,"two",{}]');
    expect(set('a[-1]', null)).toBe(true);
    expect(set('a[0]', null)).toBe(true);
    expect(compact('a')).toBe('["two"]');
    parse('o', '{"a":1,"b":2}');
    expect(set('o/a', null)).toBe(true);
    expect(compact('o')).toBe('{"b":2}');
    set('o', null);
    expect(get('o')).toBeNull();
  });

  test('a path that does not exist is refused', () => {
    parse('o', '{"a":[1]}');
    const refused = [
      set('none/a', 1),
      set('o/b/c', 1),
      set('o/a[1]', 1),
      set('o/a/k', 1),
      set('o[0]', 1),
      set('o[]', 1),
      set('o/a[5]', null),
    ];
    expect(refused).toEqual(refused.map(() => false));
    expect(compact('o')).toBe('{"a":[1]}');
  });

  test('invalid JSON leaves nothing (trans-json-bad)', () => {
    parse('o', '{"x":1}');
    expect(parse('o', 'not json')).toBe(false);
    expect([get('o'), get('o/x')]).toEqual([null, null]);
  });

  test('documents belong to the worker, and a message keeps its own', () => {
    parse('o', '{"x":1}');
    const other = new Message(message.worker) as unknown as Run;
    expect(access('o/x').get(other)).toBe(1);
    access('o').set?.(other, '{"x":2}', ':=');
    expect([access('o/x').get(other), get('o/x')]).toEqual([2, 1]);
    access('o').set?.(other, null, '=');
    expect([access('o/x').get(other), get('o/x')]).toEqual([null, 1]);
  });
});

describe('for ... in', () => {
  test('values and keys (lang-for-each-json)', () => {
    parse('j', '{"ips":["10.0.0.1","10.0.0.2"],"o":{"a":1,"b":[2],"c":null}}');
    expect(list('j/ips')).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(list('j/o')).toEqual([1, '[ 2 ]', null]);
    expect(list('j/o.values')).toEqual([1, '[ 2 ]', null]);
    expect(list('j/o.keys')).toEqual(['a', 'b', 'c']);
    expect(list('j.keys')).toEqual(['ips', 'o']);
    expect([list('j/none'), list('none'), list('j/ips.keys'), list('j/o/a')]).toEqual([[], [], [], []]);
  });

  test('rejects any other index', () => {
    expect(() => access('j', 'json', 1)).toThrow(InvalidUse);
    expect(() => access('j', 'json', 'append')).toThrow(InvalidUse);
  });
});

test('a bad path is found at compile time', () => {
  for (const path of ['', '/a', 'o[x]', 'o[1', 'o//a', 'o/', 'o[1]a'])
    expect(() => access(path), path).toThrow(InvalidUse);
});

describe('printing', () => {
  const document = '{"a":[1,{"b":"x/y"}],"e":[],"o":{}}';
  test.each([
    ['json', '{ "a": [ 1, { "b": "x\\/y" } ], "e": [ ], "o": { } }'],
    ['json_compact', '{"a":[1,{"b":"x\\/y"}],"e":[],"o":{}}'],
    ['json_compact_noescape', document],
    [
      'json_pretty',
      '{\n  "a":[\n    1,\n    {\n      "b":"x\\/y"\n    }\n  ],\n  "e":[\n  ],\n  "o":{\n  }\n}',
    ],
  ])('$%s', (name, output) => {
    parse('o', document);
    expect(get('o', name)).toBe(output);
    // a string is itself in every style
    expect(get('o/a[1]/b', name)).toBe('x/y');
  });

  test('escapes', () => {
    parse('a', '[]');
    set('a[]', '"\\/\b\f\n\r\t\x01\x7f\xc3\xbc');
    expect(compact('a')).toBe('["\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xbc"]');
  });
});

describe('parsing', () => {
  test.each([
    ['"\\u00fc \\u20AC \\ud83d\\ude00 \\ud83d \\/"', Buffer.from('ü € 😀 \ufffd /').toString('latin1')],
    [" 'single' ", 'single'],
    ['/* note */ [1, // one\n 2,]', '[ 1, 2 ]'],
    ['True', 'true'],
    ['{"a":1} and more', '{ "a": 1 }'],
    ['{"a":1,"b":2,"a":3}', '{ "a": 3, "b": 2 }'],
    ['[1.50,1e3,-0.5E-2]', '[ 1.50, 1e3, -0.5E-2 ]'],
    ['-12', -12],
  ])('%s', (text, value) => {
    expect(parse('o', text)).toBe(true);
    expect(get('o')).toBe(value);
  });

  test.each([
    '',
    ' ',
    '{',
    '[1',
    '[1 2]',
    '{"a"}',
    '{a:1}',
    '"open',
    '"\\x"',
    '"\\u12"',
    'nul',
    'nulls',
    '12a',
    '--1',
    '/* open',
    '[',
    ',',
    '[,]',
  ])('not %j', (text) => {
    expect(parse('o', text)).toBe(false);
    expect(get('o')).toBeNull();
  });

  test('too deep nesting is refused, without a stack overflow', () => {
    expect(parse('o', '['.repeat(500) + ']'.repeat(500))).toBe(true);
    expect(parse('o', '['.repeat(200_000) + ']'.repeat(200_000))).toBe(false);
    expect(parse('o', `[${' '.repeat(10_485_760)}]`)).toBe(false);
  });

  test('any JSON survives parsing and printing', () => {
    // integers of more than 64 bits do not
    const json = fc.json().filter((text) => !/\d{19}/.test(text));
    fc.assert(
      fc.property(json, (text) => {
        const bytes = Buffer.from(text, 'utf8').toString('latin1');
        expect(parse('o', `{"v":${bytes}}`)).toBe(true);
        const printed = Buffer.from(String(compact('o')), 'latin1').toString('utf8');
        expect(JSON.parse(printed)).toEqual({ v: JSON.parse(text) });
      }),
    );
  });

  test('any bytes are refused, or are JSON that survives printing', () => {
    const part = fc.oneof(
      fc.constantFrom(...'{}[]",:\\u0123456789abcdef-+.eE/*\' \n', 'null', 'true', '\\ud800', '[1,', '{"a":'),
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const value = parseJson(parts.join(''));
        if (value === undefined) return;
        const printed = printJson(value, 'compact');
        expect(printed).toMatch(/^[ -\xff]+$/);
        expect(parseJson(printed ?? '')).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('json_link', () => {
  test('both places share a value until one of them is set', () => {
    parse('b', '[{},{},{}]');
    expect(call('json_link', reference('stub'), reference('b[0]'))).toBe(1);
    set('stub/ana', 'are');
    parse('stub/ar', '[1,2,3]');
    set('b[0]/ar[0]', null);
    expect(get('stub')).toBe('{ "ana": "are", "ar": [ 2, 3 ] }');
    expect(get('b')).toBe('[ { "ana": "are", "ar": [ 2, 3 ] }, { }, { } ]');
    set('stub', null);
    expect(get('stub')).toBeNull();
    expect(get('b')).toBe('[ { "ana": "are", "ar": [ 2, 3 ] }, { }, { } ]');
  });

  test('refuses cycles', () => {
    parse('b', '[1,{"c":{}}]');
    expect(call('json_link', reference('b[0]'), reference('b'))).toBe(-1);
    expect(call('json_link', reference('alias'), reference('b'))).toBe(1);
    expect(call('json_link', reference('b[1]/c/d'), reference('alias'))).toBe(-1);
    expect(message.complaints).toHaveLength(2);
    expect(compact('b')).toBe('[1,{"c":{}}]');
  });

  test('prints nothing where links multiply beyond the limit', () => {
    parse('a0', '["0123456789"]');
    for (let i = 1; i <= 40; i++) {
      parse(`a${i}`, '[0,0]');
      void call('json_link', reference(`a${i}[0]`), reference(`a${i - 1}`));
      void call('json_link', reference(`a${i}[1]`), reference(`a${i - 1}`));
    }
    expect(get('a40')).toBeNull();
    expect(get('a3')).not.toBeNull();
  });

  test('needs $json variables and a source', () => {
    expect(call('json_link', reference('x'), reference('none'))).toBe(-1);
    const other: VariableReference<Run> = {
      text: '$var(x)',
      get: () => '{}',
      list: () => [],
      set: () => true,
    };
    expect(call('json_link', reference('x'), other)).toBe(-1);
    expect(message.complaints).toEqual(['json_link(): $var(x) is not a $json variable']);
  });
});

describe('json_merge', () => {
  test('merges as RFC 7396 says', () => {
    parse('main', '{"test1":"a","common":"1","gone":1,"deep":{"x":1,"y":2}}');
    parse('patch', '{"common":"2","gone":null,"deep":{"y":3},"test2":"b"}');
    expect(call('json_merge', reference('main'), reference('patch'), reference('out'))).toBe(1);
    expect(get('out')).toBe('{"test1":"a","common":"2","deep":{"x":1,"y":3},"test2":"b"}');
    expect(compact('main')).toBe('{"test1":"a","common":"1","gone":1,"deep":{"x":1,"y":2}}');
  });

  test('fails without a document', () => {
    parse('main', '{}');
    expect(call('json_merge', reference('main'), reference('none'), reference('out'))).toBe(-1);
  });
});
