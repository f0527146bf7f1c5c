/** What a SIP message costs to read and answer, and its timers to run: `npx tsx scripts/bench.ts sip-message`. */
import { Bench } from 'tinybench';
import { buildReply, parseMessage, TransactionTable } from '../src/sip/index.ts';
import { Timer, TimerWheel } from '../src/timers/timer-wheel.ts';

const request = Buffer.from(
  [
    'OPTIONS sip:bob@biloxi.example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport',
    'From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774',
    'To: Bob <sip:bob@biloxi.example.com>',
    'Call-ID: a84b4c76e66710@pc33.atlanta.example.com',
    'CSeq: 314159 OPTIONS',
    'Contact: <sip:alice@192.0.2.1:5060>',
    'Max-Forwards: 70',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
  'latin1',
);

const isSmoke = process.argv.includes('--smoke');
const bench = new Bench(isSmoke ? { time: 20, warmup: false } : { time: 1000 });

bench.add('parse the start line and the header lines', () => {
  parseMessage(request);
});
bench.add('the same, and read From, To and Via', () => {
  const message = parseMessage(request);
  if (message.kind !== 'request') throw new Error('it is a request');
  void [message.from, message.to, message.via];
});

const parsed = parseMessage(request);
if (parsed.kind !== 'request') throw new Error('it is a request');
bench.add('build a reply', () => {
  buildReply(parsed, { status: 200, toTag: 'callee' });
});

const other = parseMessage(Buffer.from(parsed.raw.replace('776asdhds', '776asdhdt'), 'latin1'));
if (other.kind !== 'request') throw new Error('it is a request');
const transactions = new TransactionTable();
let next = parsed;
bench.add('look for a transaction, make it, answer by it and end it', () => {
  next = next === parsed ? other : parsed; // the table knows the key of the request that it was asked for last
  if (transactions.find(next) !== null) throw new Error('there is none');
  const transaction = transactions.create(next);
  transaction?.reply({ status: 200 });
  transaction?.terminate();
});

const wheel = new TimerWheel();
const running = Array.from({ length: isSmoke ? 1000 : 400_000 }, () => new Timer(() => undefined));
for (const [i, timer] of running.entries()) wheel.start(timer, 10_000 + i);
const timer = new Timer(() => undefined);
bench.add(`start and stop a timer beside ${running.length} others`, () => {
  wheel.start(timer, 32_000);
  wheel.stop(timer);
});

await bench.run();
console.table(bench.table());
if (bench.tasks.some((task) => task.result.state === 'errored')) process.exitCode = 1;
