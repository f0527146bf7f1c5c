import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRegex, RegexSyntaxError } from '../../src/text/regex.ts';
import { LinearRegex } from '../../src/text/regex-linear.ts';
import { parseRegex } from '../../src/text/regex-syntax.ts';

describe('the choice of the engine', () => {
  test.each([
    'foo',
    '^sip:[^@]+@',
    '^sip:([^@]+)@([0-9.]+)(;.*)?$',
    '^\\+?[0-9]{3,15}$',
    '^(00|\\+)[1-9][0-9]*$',
    '^([0-9]{1,3}\\.){3}[0-9]{1,3}$',
    '^(INVITE|ACK|BYE)$',
    '^(;[^;=]+=[^;]*)*$',
    '[0-9]+',
  ])('%s is never more than its text, so JavaScript takes it', (pattern) => {
    expect(compileRegex(pattern, { ignoreCase: true }).limit).toBe(Number.POSITIVE_INFINITY);
  });

  test.each(['foo.*bar', '[0-9]+x', '^.*a.*b', '(a|b)*c', 'm=audio [0-9]+ RTP'])(
    '%s grows with the square of its text, so RE2 takes the long ones',
    (pattern) => {
      const { limit } = compileRegex(pattern);
      expect(limit).toBeGreaterThan(1000);
      expect(limit).toBeLessThan(2000);
    },
  );

  test.each(['(a+)+$', '^(a|ab)*$', '^(a*)*b', '((a|b)*c?)*d', '(x+x+)+y', '(.*)\\1(.*)+x'])(
    '%s has no bound, so RE2 takes all but the shortest',
    (pattern) => {
      expect(compileRegex(pattern).limit).toBeLessThan(20);
    },
  );
});

describe('network input cannot keep the process busy', () => {
  test.each([
    ['^(a+)+$', `${'a'.repeat(50_000)}!`],
    ['(a|aa)+$', `${'a'.repeat(50_000)}!`],
    ['(x+x+)+y', 'x'.repeat(50_000)],
    ['.*foo.*bar.*', 'fooba '.repeat(10_000)],
    ['[0-9]+x', '1'.repeat(65_000)],
    ['<sip:(.*)@(.*)>', '<sip:@'.repeat(10_000)],
    ['x?'.repeat(40) + 'x'.repeat(40), 'x'.repeat(39)],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', `${'a'.repeat(50_000)}!`],
    ['(.*)(.*)(.*)(.*)(.*)[^a]', 'a'.repeat(50_000)],
    ['(a*)*\\1b', 'a'.repeat(50_000)],
  ])('%s', (pattern, text) => {
    // time is the behaviour here: a backtracking engine takes from seconds to the end of the universe
    const began = performance.now();
    expect(compileRegex(pattern, { ignoreCase: true }).test(text)).toBe(false);
    expect(compileRegex(pattern).exec(text)).toBeNull();
    expect(performance.now() - began).toBeLessThan(3000);
  });
});

const atom = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'A',
    '.',
    '[ab]',
    '[^a]',
    '[[:alpha:]]',
    '\\w',
    '\\W',
    '\\.',
    '\\s',
    '\n',
    '\xe9',
    '[\x80-\xff]',
  ),
  fc.constantFrom('^', '$', '\\b', '\\B', '\\`', "\\'", '\\<a', 'b\\>'),
);
const piece = fc
  .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '{0,9}'))
  .map(([one, count]) => (/^(?:[\^$]|\\[bB`'<])/.test(one) ? one : one.endsWith('\\>') ? one : one + count));
const sequence = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
const pattern = fc
  .tuple(sequence, sequence, sequence, fc.constantFrom('', '*', '+', '{2,3}'))
  .map(
    ([before, one, other, count]) =>
      `${before}(${one}|${other})${/^[^a-z]*$/i.test(one + other) ? '' : count}`,
  );
const text = fc
  .array(fc.constantFrom('a', 'b', 'A', 'x', '.', ' ', '\n', '\xe9', '\xff'), { maxLength: 10 })
  .map((characters) => characters.join(''));

test('both engines agree', () => {
  let compared = 0;
  fc.assert(
    fc.property(pattern, text, fc.boolean(), fc.boolean(), (one, subject, ignoreCase, newline) => {
      const options = { ignoreCase, newline };
      let regex: ReturnType<typeof compileRegex>;
      try {
        regex = compileRegex(one, options);
      } catch (error) {
        if (error instanceof RegexSyntaxError) return;
        throw error;
      }
      const linear = LinearRegex.of(parseRegex(one, options).root);
      if (linear === null || subject.length > regex.limit) return;
      compared += 1;
      expect(linear.test(subject)).toBe(regex.test(subject));
      const [mine, theirs] = [regex.exec(subject), linear.exec(subject, 0)];
      expect(theirs && { index: theirs.index }).toEqual(mine && { index: mine.index });
    }),
    { numRuns: 2000 },
  );
  expect(compared).toBeGreaterThan(1000);
});

test('a match and its groups are the same in a long text as in a short one', () => {
  const regex = compileRegex('<sip:(.*)@([^>]*)>;(x)?');
  const short = regex.exec('<sip:alice@home.example>;');
  const long = regex.exec(`${' '.repeat(5000)}<sip:alice@home.example>;${' '.repeat(5000)}`);
  expect(long).toEqual({
    index: 5000,
    end: 5025,
    groups: ['<sip:alice@home.example>;', 'alice', 'home.example', undefined],
  });
  expect([...(short?.groups ?? [])]).toEqual(long?.groups);
  expect(regex.exec(`${' '.repeat(5000)}<sip:alice@home.example>;`, 5001)).toBeNull();
});
