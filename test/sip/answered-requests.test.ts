import { beforeEach, describe, expect, it } from 'vitest';
import { AnsweredRequests } from '../../src/sip/answered-requests.ts';
import { Checksum } from '../../src/sip/checksum.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { TimerWheel } from '../../src/timers/timer-wheel.ts';
import { RecordingTransport } from './simulated.ts';

const LIFETIME = 32_000;

let clock: SimulatedClock;
let wires: RecordingTransport[];
let answered: AnsweredRequests;
let forgotten: number;

beforeEach(() => {
  clock = new SimulatedClock();
  wires = [new RecordingTransport(clock), new RecordingTransport(clock)];
  forgotten = 0;
  answered = new AnsweredRequests(new TimerWheel(clock), () => {
    forgotten++;
  });
});

function add(key: string, reply: string, port = 5060, address = '192.0.2.1', wire = 0): void {
  answered.add(
    key,
    Buffer.from(reply, 'latin1'),
    wires[wire] as RecordingTransport,
    { address, port },
    LIFETIME,
  );
}

/**
 * Keys whose checksums have the same last 18 bits, which those of a text's beginning alone decide: a pair of pieces that
 * lead to the same ones, then another pair, and so on.
 */
function collidingKeys(salt: string, pairs: number): string[] {
  const lastBits = (text: string): number => new Checksum().add(salt).add(text).number & 0x3ffff;
  let keys = [''];
  for (let pair = 0; pair < pairs; pair++) {
    const [start = ''] = keys;
    const seen = new Map<number, string>();
    for (let i = 0; ; i++) {
      const piece = i.toString(36).padStart(4, '0');
      const bits = lastBits(start + piece);
      const other = seen.get(bits);
      seen.set(bits, piece);
      if (other === undefined) continue;
      keys = keys.flatMap((key) => [key + other, key + piece]);
      break;
    }
  }
  return keys;
}

describe('answered requests', () => {
  it('get the same bytes again, from the same socket, to the same address', () => {
    add('OPTIONS a', 'one\xff\0', 65_535, '2001:db8:1234:5678:9abc:def0:1234:5678');
    add('OPTIONS b', 'two', 1, '192.0.2.1', 1);
    add('OPTIONS c', '');
    for (const key of ['OPTIONS b', 'OPTIONS a', 'OPTIONS c', 'OPTIONS d']) answered.resend(key);
    expect(wires.map(({ sent }) => sent.map(({ text, address, port }) => [text, address, port]))).toEqual([
      [
        ['one\xff\0', '2001:db8:1234:5678:9abc:def0:1234:5678', 65_535],
        ['', '192.0.2.1', 5060],
      ],
      [['two', '192.0.2.1', 1]],
    ]);
  });

  it('are each forgotten when their time is over', () => {
    add('a', 'a');
    clock.advance(10);
    add('b', 'b');
    clock.advance(LIFETIME - 11);
    expect([answered.has('a'), answered.size]).toEqual([true, 2]);
    clock.advance(1);
    expect([answered.has('a'), answered.has('b'), answered.size, forgotten]).toEqual([false, true, 1, 1]);
    clock.advance(10);
    expect([answered.has('b'), answered.size, forgotten, clock.timers]).toEqual([false, 0, 2, 0]);
    add('a', 'again');
    expect([answered.has('a'), answered.size]).toEqual([true, 1]);
  });

  it('are forgotten silently when deleted, one or all', () => {
    for (const key of ['a', 'b', 'c']) add(key, key);
    answered.delete('b');
    answered.delete('b');
    expect([answered.has('b'), answered.size]).toEqual([false, 2]);
    clock.advance(LIFETIME);
    expect([answered.size, forgotten]).toEqual([0, 2]);
    for (const key of ['a', 'b', 'c']) add(key, key);
    answered.clear();
    expect([answered.has('a'), answered.size]).toEqual([false, 0]);
    clock.advance(LIFETIME);
    add('d', 'd');
    expect([answered.has('a'), answered.has('d'), forgotten]).toEqual([false, true, 2]);
  });

  it('are not kept if longer than a datagram', () => {
    add('k'.repeat(70_000), 'a');
    add('b', 'r'.repeat(2_000_000));
    expect([answered.size, forgotten]).toEqual([0, 2]);
  });

  it('of one bucket are limited, so that lookups stay fast under attack', () => {
    const keys = collidingKeys('salt', 7);
    const kept = () => keys.filter((key) => answered.has(key)).length;
    const crowded = new AnsweredRequests(new TimerWheel(clock), () => {}, { salt: 'salt' });
    const wire = wires[0] as RecordingTransport;
    for (const key of keys)
      crowded.add(key, Buffer.from(key), wire, { address: '192.0.2.1', port: 5060 }, LIFETIME);
    expect([keys.length, crowded.size]).toEqual([128, 64]);
    // another salt, as each process has its own: they have nothing to do with each other
    for (const key of keys) add(key, key);
    expect([kept(), answered.size]).toEqual([128, 128]);
  });

  it('match a Map, while many blocks are allocated and freed', () => {
    const model = new Map<string, { readonly reply: string; readonly until: number }>();
    const known = (key: string) => (model.get(key)?.until ?? 0) > clock.now();
    let lost = 0;
    for (let i = 0; i < 40_000; i++) {
      const key = `OPTIONS z9hG4bK${(i * 7919) % 12_007} 192.0.2.1:5060`;
      expect(answered.has(key)).toBe(known(key));
      if (known(key)) {
        if (i % 3 === 0) {
          answered.delete(key);
          model.delete(key);
          lost++;
        }
      } else {
        const reply = `${i} `.repeat(1 + (i % 97));
        add(key, reply);
        model.set(key, { reply, until: clock.now() + LIFETIME });
      }
      clock.advance(i % 5);
    }
    const [wire] = wires as [RecordingTransport];
    const there = [...model].filter(([key]) => known(key));
    expect(answered.size).toBe(there.length);
    for (const [key, { reply }] of there) {
      answered.resend(key);
      expect(wire.sent.pop()?.text).toBe(reply);
    }
    expect(there.length).toBeGreaterThan(5000);
    expect(lost).toBeGreaterThan(5000);
    clock.advance(LIFETIME);
    expect(answered.size).toBe(0);
  });
});
