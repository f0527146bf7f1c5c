/**
 * What a test of a call costs: 1,000 simulations, each with a server of its own, a REST service that is asked, a call that
 * is relayed, answered and ended, and the 32 s after it in which transactions wait for retransmissions.
 *
 *   npx tsx bench/testing.bench.ts
 */
import { simulate } from '../src/testing/index.ts';

const tests = 1000;

async function call(): Promise<number> {
  await using test = await simulate('examples/routing/opensips.cfg');
  const callee = test.callee('bob');
  test.services.on('127.0.0.1:8081', { body: callee.contact });
  const call = test.caller('alice').invite('sip:bob@home.example');
  await call.answered();
  await call.hangUp();
  await test.clock.advance(32_000);
  return test.trace.entries.length;
}

await call();
const [began, cpu] = [performance.now(), process.cpuUsage()];
let messages = 0;
for (let i = 0; i < tests; i++) messages += await call();
const { user, system } = process.cpuUsage(cpu);
const seconds = (performance.now() - began) / 1000;
console.log(
  `${tests} tests, ${messages} messages: ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU, ${(((user + system) / tests) | 0) / 1000} ms a test`,
);
