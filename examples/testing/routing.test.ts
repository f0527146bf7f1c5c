/** Tests of examples/routing/opensips.cfg: whole calls, in milliseconds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'siprest/testing';

const script = new URL('../routing/opensips.cfg', import.meta.url);
const service = '127.0.0.1:8081';

test('a busy place is followed by the next one', async () => {
  const sim = await simulate(script);
  const [desk, mobile] = [sim.callee('desk').busy(), sim.callee('mobile')];
  sim.services.on(service, ({ query }) => ({ body: query.has('failed') ? mobile.contact : desk.contact }));
  const call = sim.caller('alice').invite('sip:bob@home.example');
  await call.answered();
  await sim.clock.advance(60_000);
  await call.hangUp();
  sim.expectFlow(
    'alice -> siprest: INVITE',
    `siprest -> ${service}: GET /route?to=bob`,
    `${service} -> siprest: 200`,
    'siprest -> desk: INVITE',
    'desk -> siprest: 486',
    'siprest -> desk: ACK',
    `siprest -> ${service}: GET /route?to=bob&failed=486&tries=1`,
    `${service} -> siprest: 200`,
    'siprest -> mobile: INVITE',
    'mobile -> siprest: 180',
    'mobile -> siprest: 200',
    'siprest -> alice: 180',
    'siprest -> alice: 200',
    'alice -> siprest: ACK',
    'siprest -> mobile: ACK',
    'alice -> siprest: BYE',
    'siprest -> mobile: BYE',
    'mobile -> siprest: 200',
    'siprest -> alice: 200',
  );
  await sim.close();
});

test('a place that is down is given up after five seconds', async () => {
  const sim = await simulate(script);
  const desk = sim.callee('desk').silent();
  sim.services.on(service, ({ query }) => (query.has('failed') ? { status: 404 } : { body: desk.contact }));
  const reply = await sim.caller('alice').invite('sip:bob@home.example').final();
  assert.equal(reply.status, 408);
  assert.equal(Math.floor(sim.clock.now / 1000), 5);
  await sim.close();
});

test('a caller who hangs up while it rings is told so', async () => {
  const sim = await simulate(script);
  const desk = sim.callee('desk').rings();
  sim.services.on(service, { body: desk.contact });
  const call = sim.caller('alice').invite('sip:bob@home.example');
  await call.response(180);
  await call.cancel();
  assert.equal((await call.final()).status, 487);
  assert.deepEqual(desk.methods, ['INVITE', 'CANCEL', 'ACK']);
  await sim.close();
});

test('a call gets through although every fourth datagram is lost', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const sim = await simulate(script, { weather: { loss: 0.25, seed } });
    const desk = sim.callee('desk');
    sim.services.on(service, { body: desk.contact });
    await sim.caller('alice').invite('sip:bob@home.example').answered();
    await desk.request('ACK');
    await sim.close();
  }
});
