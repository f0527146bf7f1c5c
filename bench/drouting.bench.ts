/**
 * What choosing a gateway costs with 1,000 gateways and 100,000 prefixes:
 *
 *   npx tsx scripts/bench.ts drouting
 *
 * `find and order` is the choice itself, `do_routing()` the function in a script, which also writes the request URI and the AVPs.
 * CPU time, the best of five rounds.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destinationsOf } from '../src/modules/drouting/destinations.ts';
import { loadedOf } from '../src/modules/drouting/partitions.ts';
import { parseMessage } from '../src/sip/index.ts';
import { benchOf } from '../test/support/script-bench.ts';

const isSmoke = process.argv.includes('--smoke');
const [gateways, prefixes] = isSmoke ? [10, 1000] : [1000, 100_000];
const rounds = isSmoke ? 1 : 5;
const calls = isSmoke ? 1000 : 200_000;

const folder = mkdtempSync(join(tmpdir(), 'siprest-drouting-'));
const table = (name: string, columns: string, rows: readonly string[]) =>
  writeFileSync(join(folder, name), [columns, ...rows, ''].join('\n'));

/** Prefixes of two to seven digits, as country codes with areas have. */
const prefixOf = (n: number) => String(10 + ((n * 7919) % 89)) + String(n % 10 ** (1 + (n % 5)));

table(
  'dr_gateways',
  'gwid(string) type(int) address(string) strip(int) pri_prefix(string,null) attrs(string,null) probe_mode(int) state(int)',
  Array.from({ length: gateways }, (_, i) => `gw${i}:1:sip\\:10.0.${i >> 8}.${i & 255}:0::x:0:0`),
);
table(
  'dr_rules',
  'ruleid(int) groupid(string) prefix(string) timerec(string,null) priority(int) gwlist(string) sort_alg(string)',
  Array.from(
    { length: prefixes },
    (_, i) =>
      `${i}:1:${prefixOf(i)}::0:gw${i % gateways}=50,gw${(i + 1) % gateways}=30,gw${(i + 2) % gateways}=20:W`,
  ),
);
table('dr_carriers', 'carrierid(string) gwlist(string) flags(int) sort_alg(string) state(int)', []);
table('dr_groups', 'username(string) domain(string) groupid(int)', []);

const bench = benchOf(
  `loadmodule "tm.so"\nloadmodule "drouting.so"\nmodparam("drouting", "db_url", "text://${folder}")\nroute { do_routing(1); }`,
  [],
  0,
);
const began = performance.now();
await bench.routing.begin({ isFirst: false });
console.log(
  `${gateways} gateways and ${prefixes} rules were read in ${Math.round(performance.now() - began)} ms`,
);

const numbers = Array.from({ length: 1000 }, (_, i) => `${prefixOf(i * 97)}${String(i).padStart(6, '0')}`);

/** Nanoseconds for one call, the best round. */
function measure(name: string, run: (number: string) => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i++) run(numbers[i % numbers.length] ?? '');
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (1000 * (user + system)) / calls);
  }
  console.log(`${name.padEnd(20)} ${Math.round(best)} ns`);
}

const loaded = bench.routing.states.get(loadedOf).get('Default');
if (loaded === undefined) throw new Error('nothing was read');
const { data } = loaded;
const choice = { data, allowed: null, isUsable: () => true, random: Math.random };
measure('find and order', (number) => {
  const rule = data.rules.find({ group: 1, number, isWhole: false, time: 0 });
  if (rule !== null) destinationsOf(rule, choice);
});

const messages = new Map(
  numbers.map((number) => {
    const text = [
      `INVITE sip:${number}@example.com SIP/2.0`,
      'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport',
      'From: <sip:alice@example.com>;tag=1928301774',
      `To: <sip:${number}@example.com>`,
      'Call-ID: a84b4c76e66710',
      'CSeq: 1 INVITE',
      'Content-Length: 0',
      '',
      '',
    ];
    const parsed = parseMessage(Buffer.from(text.join('\r\n'), 'latin1'), {
      ...{ address: '192.0.2.1', port: 5060, transport: 'udp' },
    });
    if (parsed.kind !== 'request') throw new Error('it is a request');
    return [number, parsed] as const;
  }),
);
measure('do_routing()', (number) => bench.main(messages.get(number)));

await bench.routing.close();
rmSync(folder, { recursive: true });
