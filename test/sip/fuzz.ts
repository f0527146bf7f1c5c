/**
 * Requests and responses that are almost right, thrown at a proxy in the middle of calls, and at the framing of
 * streams: nothing may throw, and nothing may be left when it is over. `npm run fuzz:sip -- [seconds] [seed]`.
 */
import { fileURLToPath } from 'node:url';
import { type BranchSpec, MAX_MESSAGE_BYTES, parseMessage, type ReplyVerdict } from '../../src/sip/index.ts';
import { StreamFramer } from '../../src/sip/stream-framer.ts';
import { Chance, mutated } from '../support/chance.ts';
import { branchTo, Caller, type Plan, ProxyUnderTest, TestNetwork } from './proxy-network.ts';
import { TORTURE } from './torture.ts';

/** What breaks parsers: separators, quotes, numbers at the limits, whole header lines. */
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\r\n ',
  '\r\n\r\n',
  '\0',
  '"',
  '\\',
  '<',
  '>',
  ';',
  ',',
  '=',
  ':',
  '@',
  '[::1]',
  ';branch=z9hG4bK',
  ';tag=',
  ';rport',
  ';received=999.1.1.1',
  ';maddr=255.255.255.255',
  ';lr',
  '-1',
  '99999999999999999999',
  '\xff\xfe',
  'Via: SIP/2.0/UDP 192.0.2.1:7001;branch=z9hG4bKx\r\n',
  'Content-Length: 5\r\n',
  'l: 100000\r\n',
  'Route: <sip:192.0.2.1:5060;lr>\r\n',
  'CSeq: 7 CANCEL\r\n',
  'SIP/2.0 200 OK\r\n',
  'SIP/2.0 487 x',
  'INVITE',
  'ACK',
  'CANCEL',
  'a'.repeat(5000),
  'Via: SIP/2.0/UDP a\r\n'.repeat(3000),
];

const STATUSES = [100, 180, 183, 199, 200, 202, 299, 301, 302, 401, 407, 408, 486, 487, 500, 503, 600, 603];

function randomPlan(chance: Chance): Plan {
  return Array.from(
    { length: chance.below(4) },
    () => [chance.below(8000), chance.of(STATUSES)] as const,
  ).sort(([one], [other]) => one - other);
}

/** One call, or a few, with everything going wrong. Throws with the seed when something does that must not. */
async function round(seed: number): Promise<number> {
  const chance = new Chance(seed);
  const network = new TestNetwork();
  const ports = [7001, 7002, 7003];
  for (const port of ports) {
    const callee = network.callee(port, randomPlan(chance));
    callee.honoursCancel = chance.happens(0.7);
  }
  const maybeLater = async <T>(value: T): Promise<T> => {
    for (let i = chance.below(20); i > 0; i--) await Promise.resolve();
    if (chance.happens(0.05)) throw new Error('a hook that fails');
    return value;
  };
  const verdict = (): ReplyVerdict =>
    chance.of(['forward', 'drop', { appended: ['X-Seen: 1\r\n' as never] }]);
  const more = (): BranchSpec<number>[] => [branchTo(chance.of(ports)), branchTo(chance.of(ports))];
  const proxy = new ProxyUnderTest(network, {
    branches: ports.slice(0, 1 + chance.below(3)).map((port) => (chance.happens(0.3) ? [port, 7001] : port)),
    settings: {
      frTimeout: 5000,
      frInvTimeout: 8000,
      block6xx: chance.happens(0.5),
      translate503: chance.happens(0.5),
    },
    hooks: {
      onReply: () => (chance.happens(0.5) ? verdict() : maybeLater(verdict())),
      onFailure: () => {
        if (chance.happens(0.4)) proxy.proxy?.relay(more());
        if (chance.happens(0.1)) proxy.proxy?.reply({ status: chance.of(STATUSES.slice(4)) });
        return chance.happens(0.5) ? undefined : maybeLater(undefined);
      },
      onError: () => undefined,
    },
  });
  network.weather = {
    delay: () => 1 + chance.below(100),
    isLost: () => chance.happens(0.1),
    damaged: (data) =>
      chance.happens(0.1) ? Buffer.from(mutated(chance, data.toString('latin1'), PIECES), 'latin1') : data,
  };
  const caller = new Caller(network);
  if (chance.happens(0.9)) caller.sendUntilAnswered(chance.of(['INVITE', 'INVITE', 'OPTIONS', 'BYE']));
  let injected = 0;
  for (let step = 0; step < 40; step++) {
    if (chance.happens(0.05)) caller.cancel();
    const seen = network.log;
    const base = chance.happens(0.3) || seen.length === 0 ? chance.of(TORTURE).text : chance.of(seen).text;
    const data = Buffer.from(chance.happens(0.9) ? mutated(chance, base, PIECES) : base, 'latin1');
    network.deliver(data, chance.of([5066, 7001, 7002, 9999]), 5060);
    injected++;
    frame(chance, data);
    await network.run(250);
  }
  network.weather = {};
  await network.run(200_000);
  if (!proxy.isIdle)
    throw new Error(
      `something is left: ${proxy.core.clients.size} client and ${proxy.table.size} server transactions, ${network.timers.size} timers`,
    );
  return injected;
}

/** The bytes as a stream in pieces: the same messages come out whatever the pieces are. */
function frame(chance: Chance, data: Buffer): void {
  const run = (pieces: readonly Buffer[]): string => {
    const out: string[] = [];
    const framer = new StreamFramer(
      { header: MAX_MESSAGE_BYTES, message: MAX_MESSAGE_BYTES },
      {
        message: (message) => {
          out.push(message.toString('latin1'));
          parseMessage(message);
        },
        ping: () => out.push('ping'),
      },
    );
    for (const piece of pieces) {
      const defect = framer.push(piece);
      if (defect !== null) out.push(defect);
    }
    return out.join('|');
  };
  const pieces: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const size = 1 + chance.below(200);
    pieces.push(data.subarray(at, at + size));
    at += size;
  }
  if (run([data]) !== run(pieces)) throw new Error('the framing depends on the pieces');
}

export interface FuzzOptions {
  readonly rounds: number;
  /** In ms; ends it before the rounds do. */
  readonly time?: number;
  readonly seed: number;
}

/** How many messages were thrown. Rejects with an error that names the seed of the round. */
export async function fuzz(options: FuzzOptions): Promise<number> {
  const until = performance.now() + (options.time ?? Number.POSITIVE_INFINITY);
  let injected = 0;
  for (let i = 0; i < options.rounds && performance.now() < until; i++) {
    const seed = options.seed + i;
    try {
      injected += await round(seed);
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    }
  }
  return injected;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = '600', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
  console.log(`fuzzing for ${seconds} s from seed ${seed}`);
  const thrown = await fuzz({
    rounds: Number.POSITIVE_INFINITY,
    time: Number(seconds) * 1000,
    seed: Number(seed),
  });
  console.log(`${thrown} messages, nothing found`);
}
