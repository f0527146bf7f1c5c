import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closePayload,
  encodeFrame,
  type FrameDefect,
  OPCODE,
  WebSocketFrames,
} from '../../src/sip/websocket-frames.ts';

const LIMIT = 65_535;

/** A reader that notes what it reads. */
function reader(isServer = true) {
  const seen: string[] = [];
  const frames = new WebSocketFrames(LIMIT, isServer, {
    message: (data) => seen.push(`message ${data.toString('latin1')}`),
    ping: (data) => seen.push(`ping ${data.toString('latin1')}`),
    close: (code) => seen.push(`close ${code}`),
  });
  return { frames, seen };
}

/** A frame that a client might send: any first byte, any announced length. */
function frame(first: number, payload: string | Buffer, isMasked = true): Buffer {
  const made = encodeFrame(first & 0x0f, Buffer.from(payload as string, 'latin1'), isMasked);
  made[0] = first;
  return made;
}

const TEXT = 0x80 | OPCODE.text;
const BINARY = 0x80 | OPCODE.binary;
const FIRST = OPCODE.text;
const NEXT = OPCODE.continuation;
const LAST = 0x80 | OPCODE.continuation;
const PING = 0x80 | OPCODE.ping;
const PONG = 0x80 | OPCODE.pong;
const CLOSE = 0x80 | OPCODE.close;

describe('WebSocket frames', () => {
  const long = 'x'.repeat(300);
  const stream = Buffer.concat([
    frame(TEXT, 'one'),
    frame(PING, 'p'),
    frame(FIRST, 'tw'),
    frame(PONG, ''),
    frame(NEXT, ''),
    frame(PING, 'between'),
    frame(LAST, 'o'),
    frame(BINARY, `\xff${long}`),
    frame(TEXT, ''),
    frame(CLOSE, closePayload(1000, 'bye')),
    frame(TEXT, 'after the end'),
  ]);
  const expected = [
    'message one',
    'ping p',
    'ping between',
    'message two',
    `message \xff${long}`,
    'message ',
    'close 1000',
  ];

  it('are read alike wherever they are cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const { frames, seen } = reader();
      expect(frames.push(stream.subarray(0, cut))).toBeNull();
      expect(frames.push(stream.subarray(cut))).toBeNull();
      expect(seen, `cut at ${cut}`).toEqual(expected);
    }
    const { frames, seen } = reader();
    for (const byte of stream) expect(frames.push(Buffer.of(byte))).toBeNull();
    expect(seen).toEqual(expected);
  });

  it.each([0, 1, 125, 126, 127, 65_534, LIMIT])('carry %i bytes', (length) => {
    for (const isMasked of [true, false]) {
      const { frames, seen } = reader(isMasked);
      const payload = Buffer.alloc(length, 'a');
      expect(frames.push(encodeFrame(OPCODE.text, payload, isMasked))).toBeNull();
      expect(seen).toEqual([`message ${'a'.repeat(length)}`]);
      expect(frames.isInside).toBe(false);
    }
  });

  it('know whether a message is incomplete', () => {
    const { frames } = reader();
    const whole = frame(FIRST, 'ab');
    expect(frames.isInside).toBe(false);
    for (const byte of whole) {
      frames.push(Buffer.of(byte));
      expect(frames.isInside).toBe(true);
    }
    frames.push(frame(PING, ''));
    expect(frames.isInside).toBe(true);
    frames.push(frame(LAST, ''));
    expect(frames.isInside).toBe(false);
  });

  it.each<[string, readonly Buffer[], number, string]>([
    ['a frame that is not masked', [frame(TEXT, 'a', false)], 1002, 'a frame of the client is not masked'],
    ['a reserved bit', [frame(TEXT | 0x40, 'a')], 1002, 'a reserved bit is set'],
    ['an unknown opcode', [frame(0x83, 'a')], 1002, 'unknown opcode 3'],
    ['an unknown control opcode', [frame(0x8b, 'a')], 1002, 'unknown opcode 11'],
    ['a control frame in fragments', [frame(OPCODE.ping, 'a')], 1002, 'a control frame is fragmented'],
    ['a long control frame', [frame(PING, 'a'.repeat(126))], 1002, 'a control frame is too long'],
    ['a continuation of nothing', [frame(LAST, 'a')], 1002, 'a continuation continues no message'],
    [
      'a message in a message',
      [frame(FIRST, 'a'), frame(TEXT, 'b')],
      1002,
      'a message begins within another',
    ],
    ['a Close of one byte', [frame(CLOSE, 'a')], 1002, 'a Close is invalid'],
    ['a Close with a reserved code', [frame(CLOSE, closePayload(1005))], 1002, 'a Close is invalid'],
    ['text that is not UTF-8', [frame(TEXT, 'caf\xe9')], 1007, 'a text message is not UTF-8'],
    [
      'a long message',
      [frame(TEXT, 'a'.repeat(LIMIT)), frame(TEXT, 'a'.repeat(LIMIT + 1))],
      1009,
      'the message is too long',
    ],
    [
      'a long message in fragments',
      [frame(FIRST, 'a'.repeat(LIMIT)), frame(LAST, 'a')],
      1009,
      'the message is too long',
    ],
  ])('%s ends the connection', (_, frames, code, reason) => {
    const { frames: made } = reader();
    let defect: FrameDefect | null = null;
    for (const one of frames) defect ??= made.push(one);
    expect(defect).toEqual({ code, reason });
    expect(made.push(frame(TEXT, 'later'))).toBeNull();
  });

  it('of giants are refused by their announcement, before anything is kept', () => {
    const { frames } = reader();
    const announcement = Buffer.from([TEXT, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4]);
    expect(frames.push(announcement)).toMatchObject({ code: 1009 });
  });

  it('of a server must not be masked', () => {
    const { frames } = reader(false);
    expect(frames.push(frame(TEXT, 'a'))).toMatchObject({ code: 1002 });
  });

  it('never throw, whatever bytes arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (chunks) => {
        const { frames } = reader();
        for (const chunk of chunks) frames.push(Buffer.from(chunk));
      }),
    );
  });
});
