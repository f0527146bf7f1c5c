import { createHash } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';

export interface LossyRelay {
  /** The UDP port of 127.0.0.1 where what is sent to the target is taken. */
  readonly port: number;
  readonly passed: number;
  readonly dropped: number;
  close(): void;
}

export interface LossOptions {
  /** 0 to 1, of the packets in either direction. */
  readonly loss: number;
  readonly seed: number;
  /** How many copies of one message may be lost. Default 2. */
  readonly most?: number;
}

/** To which the same messages of the same calls are always lost. */
const loses = (seed: number, copy: string): number =>
  createHash('sha256').update(`${seed} ${copy}`).digest().readUInt32BE() / 2 ** 32;

/** What a message is, however often it is sent; null for a keep-alive. */
function nameOf(message: string): string | null {
  const [startLine = ''] = message.split('\r\n', 1);
  const [, callId] = /^Call-ID: *(.*?)\r$/im.exec(message) ?? [];
  const [, cseq] = /^CSeq: *(.*?)\r$/im.exec(message) ?? [];
  if (callId === undefined || cseq === undefined) return null;
  const [first = '', second = ''] = startLine.split(' ');
  return `${callId} ${cseq} ${first === 'SIP/2.0' ? second : first}`;
}

/**
 * A piece of network between whoever sends to it and a port of 127.0.0.1, that loses packets in either direction.
 *
 * Which ones are lost follows from the seed, the message and how often it was sent, and never from the order in which
 * packets arrive, which differs with the load of the machine. And a message is lost a limited number of times: any
 * chance, however small, that all copies of a message are lost would make a test fail for nothing.
 */
export async function startLossyRelay(target: number, options: LossOptions): Promise<LossyRelay> {
  const { loss, seed, most = 2 } = options;
  const front = dgram.createSocket('udp4');
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  const counts = { passed: 0, dropped: 0 };
  const sent = new Map<string, { copies: number; lost: number }>();
  const passes = (direction: 'to' | 'from', data: Buffer): boolean => {
    const name = nameOf(data.toString('latin1'));
    if (name === null) return true;
    const key = `${direction} ${name}`;
    const message = sent.get(key) ?? { copies: 0, lost: 0 };
    sent.set(key, message);
    message.copies++;
    const isLost = message.lost < most && loses(seed, `${key} ${message.copies}`) < loss;
    if (isLost) message.lost++;
    counts[isLost ? 'dropped' : 'passed']++;
    return !isLost;
  };
  /** The way back to each sender. */
  const backs = new Map<string, dgram.Socket>();
  front.on('message', (data, { address, port }) => {
    const key = `${address} ${port}`;
    let back = backs.get(key);
    if (back === undefined) {
      back = dgram.createSocket('udp4');
      back.on('message', (answer) => {
        if (passes('from', answer)) front.send(answer, port, address);
      });
      backs.set(key, back);
    }
    if (passes('to', data)) back.send(data, target, '127.0.0.1');
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
