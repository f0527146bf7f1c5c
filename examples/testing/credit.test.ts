/**
 * Tests of examples/credit/opensips.cfg, as it is: its socket is simulated, and so are the services that it asks.
 *
 *   siprest test examples/testing --coverage
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'siprest/testing';

const script = new URL('../credit/opensips.cfg', import.meta.url);

test('a caller with credit gets it in a header', async () => {
  const sim = await simulate(script);
  const service = sim.services.on('127.0.0.1:8081', { 'GET /credit': { body: '42' } });
  const reply = await sim.caller('alice').send('OPTIONS', 'sip:bob@home.example').final();
  assert.equal(reply.status, 200);
  assert.equal(reply.header('X-Credit'), '42');
  assert.equal(service.requests[0]?.query.get('account'), 'alice');
  await sim.close();
});

test('accounts of partner.example are with another service', async () => {
  const sim = await simulate(script);
  sim.services.on('127.0.0.1:8082', { status: 402 });
  const reply = await sim.caller('sip:carol@partner.example').send('OPTIONS', 'sip:bob@home.example').final();
  assert.equal(reply.status, 403);
  await sim.close();
});

test('a service that hangs costs two seconds, and delays nobody else', async () => {
  const sim = await simulate(script);
  sim.services.on('127.0.0.1:8081', 'hangs');
  sim.services.on('127.0.0.1:8082', { body: '7' });
  const slow = sim.caller('alice').send('OPTIONS', 'sip:bob@home.example');
  const fast = sim.caller('sip:carol@partner.example').send('OPTIONS', 'sip:bob@home.example');
  assert.equal((await fast.final()).status, 200);
  assert.ok(sim.clock.now < 100);
  assert.equal((await slow.final()).status, 500);
  assert.ok(sim.clock.now >= 2000);
  await sim.close();
});
