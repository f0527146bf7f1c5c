import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageEdits } from '../../src/relay/outgoing.ts';
import { bodyParts, buildBody } from '../../src/runtime/body.ts';
import { applyEdits, bodyOffset, type Edit, headerLines } from '../../src/runtime/edits.ts';
import { editedMessage, parseMessage, SipRequest } from '../../src/sip/index.ts';
import { globMatches } from '../../src/text/glob.ts';

function request(text: string): SipRequest {
  const message = parseMessage(Buffer.from(text.replace(/\n/g, '\r\n'), 'latin1'));
  if (!(message instanceof SipRequest)) throw new Error(JSON.stringify(message));
  return message;
}

const bodyEdit = (text: string, contentType: string | null): Edit => ({
  kind: 'body',
  content: { parts: bodyParts(contentType, text), contentType, text },
  shown: false,
});

const sample = request(`OPTIONS sip:b@x SIP/2.0
Via: SIP/2.0/UDP h;branch=z9hG4bK1
From: <sip:a@x>;tag=1
To: <sip:b@x>
Call-ID: 1
CSeq: 1 OPTIONS
X-Folded: one
 two
Content-Type: text/plain
Content-Length: 5

hello`);

describe('applyEdits()', () => {
  test('without edits returns the message', () => {
    expect(applyEdits(sample, [])).toBe(sample.raw);
  });

  test('a folded header is one line', () => {
    expect(headerLines(sample.raw).lines).toHaveLength(sample.headers.length);
    expect(sample.raw.slice(bodyOffset(sample.raw))).toBe('hello');
    expect(applyEdits(sample, [{ kind: 'remove', header: 5 }])).not.toMatch(/Folded|two/);
    expect(applyEdits(sample, [{ kind: 'set-value', header: 5, value: 'three' }])).toContain(
      'CSeq: 1 OPTIONS\r\nX-Folded: three\r\nContent-Type',
    );
  });

  test("keeps the script's order at the same position", () => {
    const text = applyEdits(sample, [
      { kind: 'insert-before', header: 1, lines: 'B: 1\r\n' },
      { kind: 'insert-after', header: 0, lines: 'A: 1\r\n' },
      { kind: 'insert-before', header: 1, lines: 'B: 2\r\n' },
      { kind: 'insert-after', header: 0, lines: 'A: 2\r\n' },
      { kind: 'remove', header: 1 },
    ]);
    expect(text).toContain('z9hG4bK1\r\nA: 1\r\nA: 2\r\nB: 1\r\nB: 2\r\nTo:');
  });

  test('of overlapping edits the first one wins', () => {
    const at = sample.raw.indexOf('OPTIONS');
    const text = applyEdits(sample, [
      { kind: 'replace', from: at, to: at + 7, text: 'MESSAGE' },
      { kind: 'replace', from: at + 3, to: at + 9, text: 'never' },
    ]);
    expect(text).toMatch(/^MESSAGE sip:b@x/);
  });

  test('a body sets its length and type', () => {
    const text = applyEdits(sample, [bodyEdit('never', 'a/b'), bodyEdit('longer body', 'text/html')]);
    expect(text).toMatch(/Content-Type: text\/html\r\nContent-Length: 11\r\n\r\nlonger body$/);
  });

  test('any edits result in a message that can be parsed', () => {
    const header = fc.nat(7);
    const lines = fc.constantFrom('X: 1\r\n', 'Y: 2\r\nZ: 3\r\n');
    const edit: fc.Arbitrary<Edit> = fc.oneof(
      fc.record({ kind: fc.constant('insert-before' as const), header, lines }),
      fc.record({ kind: fc.constant('insert-after' as const), header, lines }),
      fc.record({ kind: fc.constant('append' as const), lines }),
      fc.record({ kind: fc.constant('remove' as const), header: fc.constantFrom(5, 6, 7) }),
      fc.record({
        kind: fc.constant('set-value' as const),
        header: fc.constant(5),
        value: fc.constantFrom('', 'v'),
      }),
      fc.tuple(fc.constantFrom('', 'b'), fc.constantFrom(null, 'text/html')).map((both) => bodyEdit(...both)),
    );
    fc.assert(
      fc.property(fc.array(edit), (list) => {
        const message = parseMessage(Buffer.from(applyEdits(sample, list), 'latin1'));
        expect(message.kind).toBe('request');
        const body = list.findLast((one) => one.kind === 'body')?.content.text ?? 'hello';
        expect(message.kind === 'request' && message.body).toBe(body);
      }),
    );
  });
});

describe('messageEdits()', () => {
  const header = fc.nat(7);
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    fc.record({
      kind: fc.constantFrom('insert-before' as const, 'insert-after' as const),
      header,
      lines: fc.constantFrom('X: 1\r\n', 'Y: 2\r\nZ: 3\r\n'),
    }),
    fc.record({ kind: fc.constant('append' as const), lines: fc.constantFrom('Last: 1\r\n', 'Last: 2\r\n') }),
    fc.record({ kind: fc.constant('remove' as const), header: fc.constantFrom(5, 6) }),
    fc.record({
      kind: fc.constant('set-value' as const),
      header: fc.constantFrom(5, 6),
      value: fc.constantFrom('v', 'w x'),
    }),
  );

  test('forwards what applyEdits() returns', () => {
    fc.assert(
      fc.property(fc.array(edit), (list) => {
        const sent = editedMessage(sample, messageEdits(sample, list) ?? {});
        expect(sent.toString('latin1')).toBe(applyEdits(sample, list));
      }),
    );
  });

  test.each<[string, Edit[]]>([
    ['no From', [{ kind: 'remove', header: 1 }]],
    ['two To', [{ kind: 'append', lines: 'To: <sip:x@y>\r\n' }]],
    ['a CSeq of another method', [{ kind: 'set-value', header: 4, value: '1 BYE' }]],
    ['a header that ends the header', [{ kind: 'set-value', header: 5, value: 'x\r\n\r\ny' }]],
  ])('what leaves no message, %s, is null', (_, list) => {
    expect(messageEdits(sample, list)).toBeNull();
  });
});

describe('body parts', () => {
  const part = fc.record({
    type: fc.constantFrom('text/plain', 'application/sdp', 'application/isup;version=a'),
    headers: fc.constantFrom('', 'X: 1\r\n'),
    body: fc.string({ unit: fc.constantFrom('a', '-', '\r\n', 'OSS-unique-boundary-42', '--', ' ') }),
  });

  test('survive being joined and parsed', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 5 }), (parts) => {
        const { contentType, body } = buildBody(parts, 'text/plain');
        expect(bodyParts(contentType, body)).toEqual(parts);
      }),
    );
  });

  test('any body is parsed', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('--b', '\r\n', '\n', 'x', ':', '--') }), (body) => {
        expect(bodyParts('multipart/mixed;boundary=b', body)).toBeInstanceOf(Array);
      }),
    );
  });
});

describe('globMatches()', () => {
  test.each([
    ['*', '', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abcd', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[]]', ']', true],
    ['[', '[', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['*a*b*', 'xxaxxbxx', true],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(globMatches(pattern, text)).toBe(expected);
  });

  test('many stars do not make it slow', () => {
    expect(globMatches(`${'*a'.repeat(500)}b`, 'a'.repeat(5000))).toBe(false);
  });
});
