/** Expressions in Perl's syntax that JavaScript's engine matches, compared with RE2. */
import { describe, expect, test } from 'vitest';
import { posixForm } from '../../src/text/perl-as-posix.ts';
import { PerlRegex } from '../../src/text/perl-regex.ts';

const texts = [
  '',
  '0040211234',
  '+40211',
  '40',
  'abc#12',
  'a.b',
  'x(y)z',
  '112',
  '\u00e9',
  'ab12cd',
  '-',
  ']',
];

const both = [
  String.raw`^(0040|\+40|0|40)21[0-9]+`,
  String.raw`^(\d{2,4})(\d*)$`,
  String.raw`^[^0-9]+`,
  String.raw`(a|b)?(.)(#)?`,
  String.raw`\D\d+$`,
  String.raw`a\.b|x\(y\)`,
  String.raw`^[]a-c]`,
  String.raw`\w+\s*#`,
];

describe('expressions with a POSIX form', () => {
  test.each(both)('%s', (pattern) => {
    expect(posixForm(pattern)).not.toBeNull();
    const [fast, slow] = [new PerlRegex(pattern), new PerlRegex(pattern, { multiline: true })];
    for (const text of texts) {
      expect(fast.test(text)).toBe(slow.test(text));
      const [one, other] = [fast.exec(text), slow.exec(text)];
      expect(one === null ? null : [one.index, one.end, [...one.groups]]).toEqual(
        other === null ? null : [other.index, other.end, [...other.groups]],
      );
    }
  });

  test('a line break is left to RE2, for which . does not match it', () => {
    expect(new PerlRegex('^a.b$').test('a\nb')).toBe(false);
  });
});

test.each(['(?:a)', 'a*?', 'a++', '(a)+', '(a){2}', String.raw`[\d]`, String.raw`\bx`, 'a{', '[[:digit:]]'])(
  '%s has none',
  (pattern) => {
    expect(posixForm(pattern)).toBeNull();
  },
);
