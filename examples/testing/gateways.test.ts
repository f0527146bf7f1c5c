/** Tests of examples/gateways/opensips.cfg: a gateway that fails, and comes back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'siprest/testing';

const script = new URL('../gateways/opensips.cfg', import.meta.url);
const service = '127.0.0.1:8081';

/** The answer of a service that knows these gateways. */
const listOf = (...hosts: readonly string[]) => ({
  body: JSON.stringify(hosts.map((host) => ({ setid: 1, destination: `sip:${host}` }))),
});

test('a gateway that is silent costs one call three seconds, and is used again when it answers', async () => {
  const sim = await simulate(script, { services: { [service]: listOf('gw1.example', 'gw2.example') } });
  const first = sim.callee('gw1.example').silent();
  sim.callee('gw2.example');
  const calls = () => first.methods.filter((method) => method === 'INVITE').length;

  const began = sim.clock.now;
  await sim.caller('alice').invite('sip:1@home.example').answered();
  assert.equal(Math.floor((sim.clock.now - began) / 1000), 3);
  await sim.caller('bob').invite('sip:2@home.example').answered();
  assert.equal(calls(), 1);

  first.on('OPTIONS', [200]);
  await sim.clock.advance(25_000);
  await sim.caller('carol').invite('sip:3@home.example').answered();
  await sim.caller('dave').invite('sip:4@home.example').answered();
  assert.equal(calls(), 2);
  await sim.close();
});

test('without a gateway calls are refused, until the service knows one', async () => {
  const sim = await simulate(script, { services: { [service]: { status: 500 } } });
  const refused = await sim.caller('alice').invite('sip:1@home.example').final();
  assert.equal(refused.status, 503);
  sim.callee('gw1.example');
  sim.services.on(service, listOf('gw1.example'));
  await sim.clock.advance(5000);
  await sim.caller('bob').invite('sip:2@home.example').answered();
  await sim.close();
});
