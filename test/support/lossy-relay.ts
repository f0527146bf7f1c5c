import dgram from 'node:dgram';
import { once } from 'node:events';

export interface LossyRelay {
  /** The UDP port of 127.0.0.1 where what is sent to the target is taken. */
  readonly port: number;
  readonly passed: number;
  readonly dropped: number;
  close(): void;
}

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A piece of network between whoever sends to it and a port of 127.0.0.1, that loses `loss` (0 to 1) of the packets in either direction. */
export async function startLossyRelay(target: number, loss: number, seed: number): Promise<LossyRelay> {
  const random = seededRandom(seed);
  const front = dgram.createSocket('udp4');
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  const counts = { passed: 0, dropped: 0 };
  const passes = (): boolean => {
    const lost = random() < loss;
    counts[lost ? 'dropped' : 'passed']++;
    return !lost;
  };
  /** The way back to each sender. */
  const backs = new Map<string, dgram.Socket>();
  front.on('message', (data, { address, port }) => {
    const key = `${address} ${port}`;
    let back = backs.get(key);
    if (back === undefined) {
      back = dgram.createSocket('udp4');
      back.on('message', (answer) => {
        if (passes()) front.send(answer, port, address);
      });
      backs.set(key, back);
    }
    if (passes()) back.send(data, target, '127.0.0.1');
  });
  return {
    port: front.address().port,
    get passed() {
      return counts.passed;
    },
    get dropped() {
      return counts.dropped;
    },
    close() {
      front.close();
      for (const back of backs.values()) back.close();
    },
  };
}
