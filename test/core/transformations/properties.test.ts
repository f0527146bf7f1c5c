import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coreTransformations } from '../../../src/core/transformations/index.ts';
import type { Run } from '../../../src/runtime/run.ts';
import { transformOf } from '../../../src/script/transforms.ts';
import { applyNamed, transform } from './transform.ts';

const run = {
  routing: {
    script: { text: (source: string) => ({ evaluate: () => source }) },
    host: { names: { addresses: () => [] } },
  },
  complain: () => {},
} as unknown as Run;

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const syntax = fc.constantFrom(
  ...'<>"%@:;=,\\[](){}*+?|^$./-#&0123456789abAB \r\n\t',
  'sip:',
  'SIP/2.0/UDP ',
  '[[:alpha:]]',
  '\\1',
);
const bytes = fc.array(fc.oneof(byte, syntax), { maxLength: 24 }).map((parts) => parts.join(''));
const printable = fc.string({ unit: 'grapheme-ascii' });
const inputs = fc.oneof(bytes, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constant(null));
const anyByteString = /^[\x00-\xff]*$/;

for (const spec of coreTransformations) {
  const { name, arguments: specs } = spec;
  if (/^nameaddr\.-?\d/.test(name)) continue;
  test(`${name} takes any bytes and gives bytes, a 32-bit integer or null`, () => {
    const args = fc.tuple(
      ...specs.map(({ type, optional }) =>
        fc.oneof(
          type === 'int' ? fc.integer({ min: -300, max: 300 }) : bytes,
          fc.constant(optional ? undefined : type === 'int' ? null : ''),
        ),
      ),
    );
    // known only when it is used, so that a bad one is not an error in the script
    const unknown = specs.map(() => null);
    const late =
      spec.prepareWaiting === undefined ? transformOf(spec, unknown) : spec.prepareWaiting(unknown);
    fc.assert(
      fc.property(inputs, args, (input, values) => {
        const output = late(input, values, run);
        if (typeof output === 'string') expect(output).toMatch(anyByteString);
        else if (output !== null) expect(output).toBe(Number(output) | 0);
      }),
      { numRuns: 60 },
    );
  });
}

test.each([
  ['{s.encode.hexa}', '{s.decode.hexa}'],
  ['{s.b64encode}', '{s.b64decode}'],
  ['{s.escape.common}', '{s.unescape.common}'],
  ['{s.escape.user}', '{s.unescape.user}'],
  ['{s.escape.param}', '{s.unescape.param}'],
  ['{s.reverse}', '{s.reverse}'],
  ['{s.xor,se,cret }', '{s.xor,se,cret }'],
])('%s and %s give the text back', (there, back) => {
  // percent escapes are of printable text alone
  const texts = there.startsWith('{s.escape.') && there !== '{s.escape.common}' ? printable : bytes;
  fc.assert(
    fc.property(texts, (text) => transform(text, there + back, run) === text),
    { numRuns: 200 },
  );
});

test('csv.value parses quotes as RFC 4180 says', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 5 }), (fields) => {
      const row = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
      expect(applyNamed(row, 'csv.count', null, run)).toBe(fields.length);
      fields.forEach((field, i) => expect(applyNamed(row, 'csv.value', String(i), run)).toBe(field));
    }),
    { numRuns: 100 },
  );
});
