/** What a SIP message costs to read: `npx tsx scripts/bench.ts sip-message`. */
import { Bench } from 'tinybench';
import { parseMessage } from '../src/sip/index.ts';

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

await bench.run();
console.table(bench.table());
if (bench.tasks.some((task) => task.result.state === 'errored')) process.exitCode = 1;
