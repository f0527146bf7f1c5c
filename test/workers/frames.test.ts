import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type Frame, FrameReader, socketId } from '../../src/workers/frames.ts';

const port = fc.integer({ min: 0, max: 65_535 });
const endpoint = fc.record({ address: fc.constantFrom('', '127.0.0.1', '2001:db8::17'), port });
const frame: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom('message', 'send', 'alias', 'end', 'opened', 'closed', 'hello'),
  socket: port,
  at: fc.integer({ min: 0, max: 2 ** 42 }),
  from: endpoint,
  to: endpoint,
  data: fc.uint8Array({ maxLength: 300 }),
});

describe('frames', () => {
  it('are reassembled, whatever pieces arrive', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.nat(400)), (frames, cuts) => {
        const stream = Buffer.concat(frames.map(encodeFrame));
        const reader = new FrameReader();
        const read: Frame[] = [];
        const ends = [
          ...cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b),
          stream.length,
        ];
        let start = 0;
        for (const end of ends) {
          for (const one of reader.push(stream.subarray(start, end)) ?? []) read.push(one);
          start = end;
        }
        expect(read.map((one) => ({ ...one, data: [...one.data] }))).toEqual(
          frames.map((one) => ({ ...one, data: [...one.data] })),
        );
      }),
    );
  });

  it.each([
    ['a length below that of an empty frame', Buffer.from([0, 0, 0, 3])],
    ['a length above that of the longest', Buffer.from([0, 2, 0, 0])],
    ['a kind that there is not', Buffer.concat([Buffer.from([0, 0, 0, 21, 99]), Buffer.alloc(16)])],
  ])('are refused for %s', (_, bytes) => {
    expect(new FrameReader().push(bytes)).toBeNull();
  });

  it('name a socket as the script does, the same in each process', () => {
    expect(socketId('udp:127.0.0.1:5060')).toBe(socketId('udp:127.0.0.1:5060'));
    expect(socketId('udp:127.0.0.1:5060')).not.toBe(socketId('tcp:127.0.0.1:5060'));
    expect(socketId('udp:127.0.0.1:5060')).toBeLessThan(65_536);
  });
});
