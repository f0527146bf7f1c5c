/**
 * What a test of a call costs, for a script and for a handler: 1,000 simulations, each with a server of its own, a REST
 * service that is asked, a call that is relayed, answered and ended, and the 32 s after it in which transactions wait for
 * retransmissions.
 *
 *   npx tsx bench/testing.bench.ts
 */
import { defineServer } from '../src/routing/index.ts';
import { simulate, type TestedPolicy } from '../src/testing/index.ts';

const tests = 1000;

const handlers = defineServer({
  sockets: ['udp:127.0.0.1:5060'],
  async onInvite(call) {
    const answer = await call.rest.get('http://127.0.0.1:8081/route?to=bob');
    if (answer.kind !== 'response') return call.reply(503);
    await call.relay({ targets: [answer.body.toString()], recordRoute: true });
  },
});

async function call(policy: TestedPolicy): Promise<number> {
  await using test = await simulate(policy);
  const callee = test.callee('bob');
  test.services.on('127.0.0.1:8081', { body: callee.contact });
  const call = test.caller('alice').invite('sip:bob@home.example');
  await call.answered();
  await call.hangUp();
  await test.clock.advance(32_000);
  return test.trace.entries.length;
}

async function measure(name: string, policy: TestedPolicy): Promise<void> {
  await call(policy);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  let messages = 0;
  for (let i = 0; i < tests; i++) messages += await call(policy);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${name}: ${tests} tests, ${messages} messages: ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU, ${(((user + system) / tests) | 0) / 1000} ms a test`,
  );
}

await measure('script', 'examples/routing/opensips.cfg');
await measure('handler', handlers);
