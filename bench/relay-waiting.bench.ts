/**
 * What a relayed call keeps while it waits: INVITEs to a callee that never answers, without sockets.
 * `npx tsx scripts/bench.ts relay-waiting [--calls 20000] [--handler]`: by a script, or by a handler that awaits relay().
 */

import { parseArgs } from 'node:util';
import { defineServer } from '../src/routing/index.ts';
import { collect } from '../test/support/garbage.ts';
import { relayScript, relayTo } from '../test/support/relay-script.ts';
import { CALLEE, CALLER, MemoryCall } from './sip/memory-calls.ts';
import { SERVER, startInMemory } from './sip/memory-transport.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '20000' },
    smoke: { type: 'boolean', default: false },
    handler: { type: 'boolean', default: false },
  },
});
const calls = values.smoke ? 200 : Number(values.calls);

interface Use {
  readonly heap: number;
  readonly outside: number;
}

async function use(): Promise<Use> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, outside: external };
}

let sent = 0;
const handlers = defineServer({
  sockets: [`udp:${SERVER.address}:${SERVER.port}`],
  onInvite: (call) =>
    call.relay({
      targets: [{ uri: call.uri.text, nextHop: `sip:127.0.0.1:${CALLEE}` }],
      recordRoute: true,
    }),
});
const policy = values.handler ? handlers : relayScript({ onward: relayTo(CALLEE) });
const server = await startInMemory(policy, (_data, port) => {
  if (port === CALLEE) sent++;
});
let number = 0;
function begin(count: number): void {
  for (let i = 0; i < count; i++) server.receive(new MemoryCall(++number).invite(), CALLER);
}
begin(200); // what exists once: code, tables, caches
const before = await use();
begin(calls);
const after = await use();
const [heap, outside] = [(after.heap - before.heap) / calls, (after.outside - before.outside) / calls];
console.log(
  `${Math.round(heap + outside)} bytes for a relayed call that waits: ${Math.round(heap)} on the heap, ${Math.round(outside)} outside`,
);
if (sent !== number) {
  console.error(`${number} calls, ${sent} INVITEs were relayed`);
  process.exitCode = 1;
}
process.exit();
