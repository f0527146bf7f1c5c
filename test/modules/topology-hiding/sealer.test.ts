import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase32, toBase32 } from '../../../src/modules/topology-hiding/base32.ts';
import { Sealer } from '../../../src/modules/topology-hiding/sealer.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((data) => Buffer.from(data));

test('what was sealed is opened with the same password and context, and with no other', () => {
  const [sealer, other] = [new Sealer('a', 'x'), new Sealer('b', 'x')];
  fc.assert(
    fc.property(bytes, fc.string(), (data, context) => {
      const text = data.toString('latin1');
      const sealed = sealer.seal(text, context);
      expect(sealer.open(sealed, context)).toBe(text);
      expect(sealer.seal(text, context)).toEqual(sealed);
      expect([other.open(sealed, context), sealer.open(sealed, `${context}x`)]).toEqual([null, null]);
      const changed = Buffer.from(sealed);
      changed[data.length % sealed.length] = (changed[data.length % sealed.length] ?? 0) ^ 1;
      expect(sealer.open(changed, context)).toBe(null);
    }),
  );
});

test('base32 is read as it was written, in any case', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      const text = toBase32(data);
      expect(text).toMatch(/^[a-z2-7]*$/);
      expect([fromBase32(text), fromBase32(text.toUpperCase())]).toEqual([data, data]);
    }),
  );
  // RFC 4648, 10
  expect(['f', 'fo', 'foo', 'foobar'].map((text) => toBase32(Buffer.from(text)))).toEqual([
    'my',
    'mzxq',
    'mzxw6',
    'mzxw6ytboi',
  ]);
});
