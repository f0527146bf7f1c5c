/**
 * What the choice of a gateway costs among so many: ds_select_dst() by each algorithm, with and without failover, and
 * lb_start(), in a script, the statement included:
 *
 *   npx tsx scripts/bench.ts gateways [--gateways 1000]
 *
 * It is CPU time, the best of five rounds. A choice has to cost less than 2 us.
 */
import { parseArgs } from 'node:util';
import { openPartitions } from '../src/modules/dispatcher/partition.ts';
import { Contests } from '../src/modules/load-balancer/contests.ts';
import { type Destination, writtenDestination } from '../src/modules/load-balancer/destination.ts';
import { parseMessage } from '../src/sip/index.ts';
import { isPending } from '../src/timers/index.ts';
import { benchOf } from '../test/support/script-bench.ts';

const { values } = parseArgs({
  options: { gateways: { type: 'string', default: '1000' }, smoke: { type: 'boolean', default: false } },
});
const gateways = Number(values.gateways);
const [rounds, roundTime] = values.smoke ? [1, 1] : [5, 200];
const limit = 2;

const message = parseMessage(
  Buffer.from(
    [
      'INVITE sip:+4930123456@biloxi.example.com SIP/2.0',
      'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport',
      'From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774',
      'To: Bob <sip:+4930123456@biloxi.example.com>',
      'Call-ID: a84b4c76e66710@pc33.atlanta.example.com',
      'CSeq: 314159 INVITE',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
    'latin1',
  ),
  { address: '192.0.2.1', port: 5060, transport: 'udp' },
);
if (message.kind !== 'request') throw new Error('it is a request');

/** In ms, of the whole process. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Microseconds for one call: the best round. */
function microseconds(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    let calls = 0;
    const began = cpuTime();
    let spent = 0;
    for (; spent < roundTime; spent = cpuTime() - began) {
      for (let i = 0; i < 50; i++) run();
      calls += 50;
    }
    best = Math.min(best, (1000 * spent) / calls);
  }
  return best;
}

const address = (i: number) => `sip:10.0.${i >> 8}.${i & 255}:5060`;
const numbers = Array.from({ length: gateways }, (_, i) => i);
const head = [
  'loadmodule "dispatcher.so"',
  'modparam("dispatcher", "hash_pvar", "$ci $rU")',
  ...numbers.map(
    (i) => `modparam("dispatcher", "destination", "1 ${address(i)} weight=${1 + (i % 5)} priority=${i % 3}")`,
  ),
].join('\n');

const copies = 20;
async function scriptCost(statement: string): Promise<number> {
  const bench = benchOf(`${head}\nroute {\n${`${statement}\n`.repeat(copies)}}\n`, [], 2);
  await openPartitions(bench.routing);
  return microseconds(() => {
    if (isPending(bench.main(message.kind === 'request' ? message : null))) throw new Error('it has waited');
  });
}

const base = await scriptCost('$du = "sip:10.0.0.1:5060";');
const table: Record<string, { us: number }> = {};
const note = (name: string, cost: number) => {
  table[name] = { us: Number(cost.toFixed(2)) };
};
for (const [name, number] of Object.entries({
  'Call-ID': 0,
  'in turn': 4,
  random: 6,
  hash_pvar: 7,
  first: 8,
}))
  for (const flags of ['', ', "f"'])
    note(
      `ds_select_dst, ${name}${flags === '' ? '' : ', failover'}`,
      ((await scriptCost(`ds_select_dst(1, ${number}${flags});`)) - base) / copies,
    );

const loads = new Map<string, number>();
const destinations = numbers.map((i): Destination => {
  const one = writtenDestination(`${i} 1 ${address(i)} pstn=${10 + (i % 7)};conf=5`);
  if (typeof one === 'string') throw new Error(one);
  return one;
});
const contest = new Contests(destinations, {
  version: () => 0,
  isEnabled: () => true,
  capacity: ({ resources }, resource) => resources.get(resource) ?? 0,
  load: ({ id }) => loads.get(id) ?? 0,
}).of(1, ['pstn', 'conf'], false);
let ended = 0;
note(
  'lb_start, choice and change of the load',
  microseconds(() => {
    const found = contest.best(new Set(), { takesFull: true, isRandom: false });
    if (typeof found === 'string') throw new Error(found);
    loads.set(found.id, (loads.get(found.id) ?? 0) + 1);
    contest.loadChanged(found.id);
    // another call ends
    const id = String(ended++ % gateways);
    loads.set(id, Math.max(0, (loads.get(id) ?? 0) - 1));
    contest.loadChanged(id);
  }),
);
console.table(table);
const slow = Object.entries(table).filter(([, { us }]) => us >= limit);
if (!values.smoke && slow.length > 0) {
  console.error(`more than ${limit} us: ${slow.map(([name]) => name).join('; ')}`);
  process.exitCode = 1;
}
process.exit();
