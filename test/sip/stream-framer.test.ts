import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamFramer } from '../../src/sip/stream-framer.ts';
import { bytes, requestText } from './simulated.ts';

function framer(limits = { header: 65_535, message: 65_535 }): {
  push: (text: string) => string | null;
  messages: string[];
  pings: () => number;
  inside: () => boolean;
} {
  const messages: string[] = [];
  let pings = 0;
  const made = new StreamFramer(limits, {
    message: (data) => messages.push(data.toString('latin1')),
    ping: () => {
      pings++;
    },
  });
  return {
    push: (text) => made.push(bytes(text)),
    messages,
    pings: () => pings,
    inside: () => made.isInside,
  };
}

const withLength = (value: string): string => requestText().replace('Content-Length: 0', value);

describe('messages in a stream', () => {
  it('are reassembled, whatever pieces arrive', () => {
    const body = fc.stringMatching(/^[\x00-\x7f]{0,40}$/);
    const between = fc.constantFrom('', '\r\n', '\r\n\r\n', '\r\n\r\n\r\n\r\n\r\n');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(body, between), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (parts, sizes, bareLf) => {
          const texts = parts.map(([text]) => {
            const message = requestText({ body: text, headers: ['l-odd: 1', 'Subject: a', ' l: 7'] });
            const headEnd = message.indexOf('\r\n\r\n') + 4;
            return bareLf
              ? message.slice(0, headEnd).replaceAll('\r\n', '\n') + message.slice(headEnd)
              : message;
          });
          const stream = parts.map(([, gap], i) => gap + (texts[i] ?? '')).join('');
          const { push, messages, inside } = framer();
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            expect(push(stream.slice(at, at + size))).toBeNull();
            at += size;
          }
          expect(messages).toEqual(texts);
          expect(inside()).toBe(false);
        },
      ),
    );
  });

  it('may have Content-Length in compact form, folded, or twice with the same value', () => {
    for (const line of ['l:3', 'Content-Length :\r\n 3', 'CONTENT-LENGTH: 3\r\nl: 3']) {
      const { push, messages } = framer();
      const text = `${withLength(line)}abc`;
      expect(push(text)).toBeNull();
      expect(messages).toEqual([text]);
    }
  });

  it.each([
    ['the message has no Content-Length', withLength('X: 1')],
    ['the Content-Length is not a number', withLength('Content-Length: 5x')],
    ['the Content-Length is not a number', withLength('Content-Length: -5')],
    ['the Content-Length is not a number', withLength('l: 99999999999999')],
    ['the Content-Lengths differ', withLength('l: 5\r\nContent-Length: 6')],
    ['the header cannot be told from the body', withLength('X: a\rb\r\nl: 0')],
    ['the message is too long', withLength('l: 999999')],
  ])('cannot be found any more when %s', (defect, text) => {
    const { push, messages } = framer();
    expect(push(text)).toBe(defect);
    expect(push(requestText())).toBeNull();
    expect(messages).toEqual([]);
  });

  it('must stay within the limits', () => {
    const small = framer({ header: 500, message: 600 });
    expect(small.push(requestText({ headers: [`X: ${'a'.repeat(600)}`] }))).toBe('the header is too long');
    const endless = framer({ header: 500, message: 600 });
    let said: string | null = null;
    let pushed = 0;
    for (; said === null && pushed < 5000; pushed += 10) said = endless.push('a'.repeat(10));
    expect(said).toBe('the header is too long');
    expect(pushed).toBeLessThan(1600);
    const long = framer({ header: 500, message: 600 });
    expect(long.push(requestText({ body: 'a'.repeat(600) }))).toBe('the message is too long');
    const fits = framer({ header: 500, message: 600 });
    expect(fits.push(requestText({ body: 'a'.repeat(100) }))).toBeNull();
    expect(fits.messages).toHaveLength(1);
  });

  it('are distinguished from keep-alives: a double CRLF is a ping, a single one a pong (RFC 5626, 4.4.1)', () => {
    const { push, pings, inside } = framer();
    push('\r\n');
    push(requestText());
    expect(pings()).toBe(0);
    for (const piece of ['\r', '\n\r', '\n']) push(piece);
    expect(pings()).toBe(1);
    push('\r\n\r\n\r\n\r\n');
    expect(pings()).toBe(3);
    expect(inside()).toBe(false);
  });
});
