/**
 * What scripts cost: each kind of statement, variable and transformation in nanoseconds, and a routing script of 50
 * statements on a whole message:
 *
 *   npx tsx scripts/bench.ts script
 *
 * A row is a route with a hundred copies of the statement, run again and again on one message; what the route
 * itself costs is taken off. It is CPU time, the best of five rounds, since whatever else the machine does only adds.
 */
import { parseMessage, type SipRequest } from '../src/sip/index.ts';
import { isPending } from '../src/timers/index.ts';
import { benchOf } from '../test/support/script-bench.ts';
import { routingScript, rows } from './script/rows.ts';

const isSmoke = process.argv.includes('--smoke');
const rounds = isSmoke ? 1 : 5;
const roundTime = isSmoke ? 1 : 120;
const copies = 100;

const bytes = Buffer.from(
  [
    'INVITE sip:+4930123456@biloxi.example.com;transport=udp SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport',
    'From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774',
    'To: Bob <sip:+4930123456@biloxi.example.com>',
    'Call-ID: a84b4c76e66710@pc33.atlanta.example.com',
    'CSeq: 314159 INVITE',
    'Contact: <sip:alice@192.0.2.1:5060>',
    'User-Agent: bench/1.0',
    'Max-Forwards: 70',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
  'latin1',
);

function message(): SipRequest {
  const parsed = parseMessage(bytes, { address: '192.0.2.1', port: 5060, transport: 'udp' });
  if (parsed.kind !== 'request') throw new Error('it is a request');
  return parsed;
}

/** In ms, of the whole process. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Nanoseconds for one call: the best round. */
function nanoseconds(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    let calls = 0;
    const began = cpuTime();
    let spent = 0;
    for (; spent < roundTime; spent = cpuTime() - began) {
      for (let i = 0; i < 20; i++) {
        if (isPending(run())) throw new Error('a promise was made where nothing waits');
      }
      calls += 20;
    }
    best = Math.min(best, (spent * 1e6) / calls);
  }
  return best;
}

const modules = ['json', 'textops', 'sipmsgops', 'signaling', 'maxfwd'].map(
  (name) => `loadmodule "${name}.so"`,
);
/** With the log of a server that serves. */
const load = (text: string) => benchOf(`${modules.join('\n')}\n${text}`, [], 2);
const one = message();
const empty = load('route { }');
const base = nanoseconds(() => empty.main(one));

const table: Record<string, { 'ns each': number }> = {};
for (const { name, statement, before = '', routes = '' } of rows) {
  const bench = load(`route {\n${before}\n${`${statement}\n`.repeat(copies)}}\n${routes}`);
  table[name] = { 'ns each': Math.max(0, Math.round((nanoseconds(() => bench.main(one)) - base) / copies)) };
}
console.table(table);

const routing = load(routingScript);
const parsed = nanoseconds(() => void message());
const whole = nanoseconds(() => routing.main(message()));
console.log(`a routing script of 50 statements: ${((whole - parsed) / 1000).toFixed(1)} us a message`);
console.log(`the same and parsing the message: ${(whole / 1000).toFixed(1)} us`);
