/**
 * What a relayed call costs without sockets: INVITE, 180, 200, ACK and BYE through parser, script, transactions and
 * proxy, as many a second as `--rate` on the server's clock. `npx tsx scripts/bench.ts relay-path [--calls 20000]`; a
 * profile: `node --import tsx --cpu-prof bench/relay-path.bench.ts`.
 */
import { parseArgs } from 'node:util';
import { relayScript, relayTo } from '../test/support/relay-script.ts';
import { CALLEE, CALLER, MemoryCall } from './sip/memory-calls.ts';
import { startInMemory } from './sip/memory-transport.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '6' },
    rate: { type: 'string', default: '1000' },
    smoke: { type: 'boolean', default: false },
  },
});
const [calls, rounds] = values.smoke ? [50, 1] : [Number(values.calls), Number(values.rounds)];

let [toCaller, toCallee] = [0, 0];
let last = '';
const server = await startInMemory(relayScript({ onward: relayTo(CALLEE) }), (data, port) => {
  if (port === CALLER) toCaller++;
  else {
    toCallee++;
    last = Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1');
  }
});

/** CPU time of the process, in microseconds. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

let number = 0;
/** One after the other, since the bench makes each message from the one before. */
async function round(): Promise<number> {
  const before = cpu();
  for (let i = 0; i < calls; i++) {
    const call = new MemoryCall(++number);
    server.receive(call.invite(), CALLER);
    call.arrives(last);
    server.receive(call.ringing(), CALLEE);
    server.receive(call.answer(), CALLEE);
    server.receive(call.within('ACK', 1), CALLER);
    server.receive(call.within('BYE', 2), CALLER);
    call.arrives(last);
    server.receive(call.byeAnswer(), CALLEE);
    server.clock.advance(1000 / Number(values.rate));
    if (i % 16 === 0) await new Promise(setImmediate);
  }
  return (cpu() - before) / calls;
}

for (let i = 0; i < rounds; i++) {
  const cost = await round();
  console.log(`${cost.toFixed(1)} us of CPU for a relayed call, the two ends of it included`);
}
// 100, 180 and 200, 200 to the caller; INVITE, ACK, BYE to the callee
if (toCaller !== 4 * number || toCallee !== 3 * number) {
  console.error(`${number} calls, ${toCaller} messages to the callers, ${toCallee} to the callees`);
  process.exitCode = 1;
}
process.exit();
