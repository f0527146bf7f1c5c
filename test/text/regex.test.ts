import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cachedRegex, compileRegex, regexError } from '../../src/text/regex.ts';

const find = (pattern: string, text: string, options = {}) => {
  const match = compileRegex(pattern, options).exec(text);
  return match === null ? null : match.groups[0];
};

describe('matches as glibc does', () => {
  test.each([
    ['^\\+?[0-9]{6,}$', '+15551234', '+15551234'],
    ['^[[:alpha:]]+[[:digit:]]+$', 'abc123', 'abc123'],
    ['[]a]+', 'x]a]', ']a]'],
    ['[^]a]+', ']ax', 'x'],
    ['[a-]+', 'b-a-', '-a-'],
    ['[\\w]+', 'a\\w', '\\w'],
    ['[--a]+', '|-A', '-A'],
    ['[%--]+', 'a%+-', '%+-'],
    ['[[.-.]x]', 'a-', '-'],
    ['[[=b=]]', 'abc', 'b'],
    ['[[:alpha:]-]+', '1a-', 'a-'],
    ['a{2}', 'aaa', 'aa'],
    ['a{2,}', 'aaa', 'aaa'],
    ['a{,2}', 'aaa', 'aa'],
    ['a{0}b', 'ab', 'b'],
    ['a*?b', 'aab', 'aab'],
    ['<.*?>', '<a><b>', '<a><b>'],
    ['a.b', 'a\nb', 'a\nb'],
    ['a$b', 'a$b', null],
    ['a)', 'a)', 'a)'],
    ['}', '}', '}'],
    ['a||b', 'xb', ''],
    ['(|a)+', 'aa', 'aa'],
    ['(a)\\1', 'aba', null],
    ['(ab)\\1', 'xabab', 'abab'],
    ['\\<b', 'ab b', 'b'],
    ['a\\>', 'ab a', 'a'],
    ["b\\'", 'abb', 'b'],
    ['\\`a', 'ba', null],
    ['\\w+', '-a_1', 'a_1'],
    ['\\s', 'a\xa0b', null],
    ['\\W', 'a\xe9', '\xe9'],
    ['\\d', '1d', 'd'],
    ['\\n', '\nn', 'n'],
    ['', 'a', ''],
  ])('%s in %j', (pattern, text, found) => {
    expect(find(pattern, text)).toBe(found);
    expect(compileRegex(pattern).test(text)).toBe(found !== null);
  });
});

test('case is that of ASCII letters', () => {
  expect(find('^AL', 'alice', { ignoreCase: true })).toBe('al');
  expect(find('[a-c]+', 'ABCD', { ignoreCase: true })).toBe('ABC');
  expect(find('[[:upper:]]+', 'ab', { ignoreCase: true })).toBe('ab');
  expect(find('[^a]', 'Ab', { ignoreCase: true })).toBe('b');
  expect(find('(a)\\1', 'aA', { ignoreCase: true })).toBe('aA');
  expect(find('\xe9', '\xc9', { ignoreCase: true })).toBeNull();
  expect(find('[A-z]', '_', { ignoreCase: true })).toBeNull();
});

test('with newline, lines are matched one by one', () => {
  const newline = { newline: true };
  expect(find('^b$', 'a\nb\nc', newline)).toBe('b');
  expect(find('^b$', 'a\nb\nc')).toBeNull();
  expect(find('a.b', 'a\nb', newline)).toBeNull();
  expect(find('[^a]', 'a\nb', newline)).toBe('b');
  expect(find('^b', 'a\rb', newline)).toBeNull();
});

describe('an invalid expression, with glibc’s message', () => {
  test.each([
    ['*a', 'Invalid preceding regular expression'],
    ['a|*b', 'Invalid preceding regular expression'],
    ['(+)', 'Invalid preceding regular expression'],
    ['^*', 'Invalid preceding regular expression'],
    ['{1}a', 'Invalid preceding regular expression'],
    ['a{', 'Unmatched \\{'],
    ['a{x}', 'Invalid content of \\{\\}'],
    ['a{2,1}', 'Invalid content of \\{\\}'],
    ['a{40000}', 'Regular expression too big'],
    ['(a', 'Unmatched ( or \\('],
    ['[a', 'Unmatched [, [^, [:, [., or [='],
    ['[', 'Unmatched [, [^, [:, [., or [='],
    ['[[:foo:]]', 'Invalid character class name'],
    ['[b-a]', 'Invalid range end'],
    ['[a-c-e]', 'Invalid range end'],
    ['[[:alpha:]-z]', 'Invalid range end'],
    ['[[.ab.]]', 'Invalid collation character'],
    ['(a)\\2', 'Invalid back reference'],
    ['a\\', 'Trailing backslash'],
    ['('.repeat(100_000), 'Regular expression too big'],
  ])('%.20s', (pattern, message) => {
    expect(regexError(pattern)).toBe(message);
    expect(cachedRegex(pattern)).toBeNull();
  });

  test('a valid expression has no error', () => {
    expect(regexError('^sip:(.*)@(.*)$')).toBeNull();
  });
});

test('the cache returns the same expression, one for each kind', () => {
  expect(cachedRegex('ab+')).toBe(cachedRegex('ab+'));
  expect(cachedRegex('ab+', { ignoreCase: true })?.test('AB')).toBe(true);
  expect(cachedRegex('ab+')?.test('AB')).toBe(false);
  for (let i = 0; i < 1000; i++) cachedRegex(`x{${i}}`);
  expect(cachedRegex('ab+')?.test('abb')).toBe(true);
});

test('matches like JavaScript if both have the same syntax', () => {
  const atom = fc.constantFrom('a', 'b', '1', '[ab]', '[^a]', '[a-b1]', '(a)', '(ab)', '\\.', '\\w');
  const piece = fc
    .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,}'))
    .map((parts) => parts.join(''));
  const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  const text = fc
    .array(fc.constantFrom('a', 'b', '1', '.', 'A', '\n'), { maxLength: 8 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(pattern, text, fc.boolean(), (source, subject, ignoreCase) => {
      const expected = new RegExp(source, ignoreCase ? 'si' : 's').exec(subject);
      const match = compileRegex(source, { ignoreCase }).exec(subject);
      expect(match && [match.index, ...match.groups]).toEqual(expected && [expected.index, ...expected]);
    }),
    { numRuns: 500 },
  );
});

test('any bytes are a valid expression or a syntax error', () => {
  const part = fc.oneof(
    fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    fc.constantFrom(...'()[]{}*+?|^$.\\-:=,0123', '[[:alpha:]]', '{1,2}', '[^'),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 12 }),
      fc.boolean(),
      fc.boolean(),
      (parts, ignoreCase, newline) => {
        const regex = cachedRegex(parts.join(''), { ignoreCase, newline });
        expect(regex === null || typeof regex.test('aB1\n') === 'boolean').toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});
