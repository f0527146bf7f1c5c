import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseScript, type ScriptNode, template } from '../../src/script/index.ts';
import { load, rendered } from './fixture.ts';

/** Pieces of scripts, chosen so that the result is close enough to a script to get far into the parser. */
const pieces = [
  'route',
  'route[a]',
  'timer_route[t, 1]',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ';',
  ',',
  ':',
  '=',
  '==',
  '=~',
  ':=',
  '+=',
  '+',
  '-',
  '!',
  '~',
  '&&',
  'or',
  'if',
  'else',
  'while',
  'for',
  'in',
  'switch',
  'case',
  'default',
  'return',
  'exit',
  'drop',
  'break',
  'async',
  'launch',
  'assert',
  'include_file',
  'loadmodule',
  'modparam',
  '"rest_client.so"',
  '"rest_client"',
  '"curl_timeout"',
  'socket',
  'udp:[::1]:5060',
  'log_level',
  'as',
  'xlog',
  'rest_get',
  'NULL',
  'yes',
  '1',
  '0x1F',
  '010',
  '99999999999',
  '10.0.0.1',
  '"text"',
  "'raw'",
  '"$fU $$ $ $(fU{s.len})"',
  '"$var($var($var(',
  '"open',
  '$fU',
  '$var(a)',
  '$(avp(x)[1])',
  '$(avp(x)[*]{s.substr,1,2})',
  '$(',
  '$var(',
  '$(fU{',
  '#',
  '//',
  '/*',
  '*/',
  '\n',
  ' ',
  '\t',
  '\\',
  '\x00',
  '\xff',
  '@',
  '`',
];

const scriptLike = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((words) => words.join(' '));
const anything = fc.oneof(
  scriptLike,
  scriptLike.map((text) => `route { ${text} }`),
  scriptLike.map((text) => `route { xlog("${text}"); }`),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

/** All spans of a tree, those of its strings' variables included. */
function spans(value: unknown, found: { readonly start: number; readonly end: number }[] = []): typeof found {
  if (Array.isArray(value)) for (const one of value) spans(one, found);
  else if (typeof value === 'object' && value !== null) {
    if ('kind' in value && value.kind === 'string') spans(template(value as never), found);
    for (const [key, one] of Object.entries(value)) {
      if (key === 'span' || key === 'head' || key === 'operatorSpan') found.push(one as never);
      else if (key !== 'origins') spans(one, found);
    }
  }
  return found;
}

describe('any text', () => {
  test('throws nothing, and each diagnostic has a valid place and can be rendered', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const script = load(text);
        const length = Buffer.byteLength(text, 'utf8');
        for (const { span, labels = [] } of script.diagnostics) {
          for (const { start, end } of [span, ...labels.map((one) => one.span)]) {
            expect(start).toBeGreaterThanOrEqual(0);
            expect(end).toBeGreaterThanOrEqual(start);
            expect(end).toBeLessThanOrEqual(length);
          }
        }
        rendered(script);
      }),
      { numRuns: 1500 },
    );
  });

  test('has spans within the text, and parses the same twice', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const once: ScriptNode = parseScript(text, 'a').script;
        expect(parseScript(text, 'a').script).toEqual(once);
        for (const { start, end } of spans(once)) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('survives quoting', () => {
    const bytes = fc.uint8Array({ maxLength: 50 }).map((one) => Buffer.from(one).toString('latin1'));
    fc.assert(
      fc.property(bytes, (value) => {
        const quoted = value.replace(/["\\]/g, '\\$&');
        const { script, diagnostics } = parseScript(`route { $var(a) = "${quoted}"; }`, 'a');
        expect(diagnostics).toEqual([]);
        expect(script.routes[0]?.body.statements[0]).toMatchObject({ value: { kind: 'string', value } });
      }),
    );
  });
});

/** Inputs that would be the end of a parser which recurses without bound or looks back. */
const hostile: Readonly<Record<string, (n: number) => string>> = {
  'open parentheses': (n) => `route { $var(a) = ${'('.repeat(n)}`,
  'open braces': (n) => `route ${'{'.repeat(n)}`,
  'ifs in one another': (n) => `route { ${'if (1) '.repeat(n / 7)}`,
  'a chain of else': (n) => `route { ${'if (1) exit; else '.repeat(n / 18)}exit; }`,
  'a chain of operators': (n) => `route { $var(a) = 1${' + 1'.repeat(n / 4)}; }`,
  negations: (n) => `route { if (${'!'.repeat(n)}1) exit; }`,
  'calls in one another': (n) => `route { ${'f('.repeat(n / 2)}`,
  'variables in one another': (n) => `route { xlog("${'$var('.repeat(n / 5)}"); }`,
  'variables in one another, in code': (n) => `route { ${'$(avp('.repeat(n / 6)}`,
  'indexes in one another': (n) => `route { ${'$(avp(a)['.repeat(n / 9)}`,
  'quotes on lines': (n) => '"\n'.repeat(n / 2),
  'strings side by side': (n) => `route { xlog(${'"a" '.repeat(n / 4)}); }`,
  'one long line': (n) => `route { xlog("${'x'.repeat(n)}"); }`,
  'one long word': (n) => 'a'.repeat(n),
  'a word of colons': (n) => `route { f(a${':'.repeat(n)}); }`,
  'a long number': (n) => `route { $var(a) = ${'0'.repeat(n)}; }`,
  'open comments': (n) => '/*'.repeat(n / 2),
  noise: (n) => '\x01@ `'.repeat(n / 4),
  errors: (n) => `route { ${'f(;'.repeat(n / 3)} }`,
};

describe('hostile input is read in linear time', () => {
  test.each(Object.keys(hostile))('%s', (name) => {
    const make = hostile[name] as (n: number) => string;
    const script = load(make(1_000_000));
    rendered(script);
    // time is the behaviour here: what looks back takes minutes for a million bytes
    const text = make(1_000_000);
    const began = process.cpuUsage();
    load(text);
    const { user } = process.cpuUsage(began);
    expect(user / 1e6).toBeLessThan(10);
  });

  test('nesting beyond the limit is one error', () => {
    const script = load(`route { $var(a) = ${'('.repeat(100_000)}1${')'.repeat(100_000)}; }`);
    expect(script.diagnostics.map((one) => one.code)).toEqual(['nested-too-deeply']);
  });
});
