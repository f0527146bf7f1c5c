/** Tests of the policies in examples/policies, each on the server that it would run on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'siprest/testing';

const policy = (name: string) => new URL(`../policies/${name}.ts`, import.meta.url);
const bob = 'sip:bob@home.example';

test('blacklist: who is listed may not call', async () => {
  const sim = await simulate(policy('blacklist'));
  const pbx = sim.callee('pbx.example');
  const { requests } = sim.services.on('blacklist.example', {
    'GET /callers/mallory': { status: 200 },
    'GET /callers/*': { status: 404 },
  });
  assert.equal((await sim.caller('mallory').invite(bob).final()).status, 403);
  await sim.caller('alice').invite(bob).answered();
  assert.deepEqual(
    requests.map(({ path }) => path),
    ['/callers/mallory', '/callers/alice'],
  );
  await pbx.request('ACK');
  assert.deepEqual(pbx.methods, ['INVITE', 'ACK']);
  await sim.close();
});

test('blacklist: while the service hangs, everybody may call after a second', async () => {
  const sim = await simulate(policy('blacklist'));
  sim.callee('pbx.example');
  sim.services.on('blacklist.example', 'hangs');
  await sim.caller('alice').invite(bob).answered();
  assert.equal(Math.floor(sim.clock.now / 1000), 1);
  await sim.close();
});

test('headers: the trunk gets its own, and replies are changed on their way', async () => {
  const sim = await simulate(policy('headers'));
  const trunk = sim
    .callee('trunk.example')
    .answers(183, { status: 200, after: 2_000, headers: { Server: 'trunk' } });
  const backup = sim.callee('backup.example');
  const headers = { 'P-Asserted-Identity': '<sip:president@home.example>' };
  const call = sim.caller('alice').invite(bob, { headers });
  assert.equal((await call.response()).status, 180);
  const answer = await call.answered();
  assert.equal(answer.header('Server'), null);
  assert.equal(answer.header('X-Setup-Time'), '2002');
  assert.equal(trunk.requests[0]?.header('X-Trunk'), 'north');
  assert.equal(trunk.requests[0]?.header('P-Asserted-Identity'), '<sip:alice@home.example>');
  assert.deepEqual(backup.methods, []);
  await sim.close();
});

test('least cost: the next gateway is tried when one is down, and none when the callee is busy', async () => {
  const sim = await simulate(policy('least-cost'));
  const cheap = sim.callee('cheap.example').silent();
  const dear = sim.callee('dear.example').busy();
  const last = sim.callee('last.example');
  sim.services.on('lcr.example', { json: ['cheap.example', 'dear.example', 'last.example'] });
  const reply = await sim.caller('alice').invite('sip:+4930123456@home.example').final();
  assert.equal(reply.status, 486);
  assert.equal(Math.floor(sim.clock.now / 1000), 3);
  assert.equal(cheap.requests[0]?.requestUri, 'sip:+4930123456@cheap.example');
  assert.deepEqual(dear.methods, ['INVITE', 'ACK']);
  assert.deepEqual(last.methods, []);
  await sim.close();
});

test('message webhook: a text is accepted once the webhook has taken it', async () => {
  const sim = await simulate(policy('message-webhook'));
  const hook = sim.services.on('hooks.example', { 'POST /messages': { status: 201, after: 1_000 } });
  const alice = sim.caller('alice');
  assert.equal((await alice.send('MESSAGE', bob, { body: 'hello' }).final()).status, 202);
  assert.match(hook.requests[0]?.body ?? '', /"text":"hello"/);
  sim.services.on('hooks.example', 'refused');
  const reply = await alice.send('MESSAGE', bob, { body: 'hello' }).final();
  assert.deepEqual([reply.status, reply.header('Retry-After')], [503, '30']);
  const image = { body: 'x', contentType: 'image/png' };
  assert.equal((await alice.send('MESSAGE', bob, image).final()).status, 415);
  await sim.close();
});

test('normalize numbers: the carrier gets international ones', async () => {
  const sim = await simulate(policy('normalize-numbers'));
  const carrier = sim.callee('carrier.example').busy();
  const alice = sim.caller('alice');
  for (const dialled of ['030123456', '004930123456', '123456', '+4930123456'])
    await alice.invite(`sip:${dialled}@home.example`).final();
  assert.deepEqual(
    carrier.requests.flatMap(({ method, requestUri }) => (method === 'INVITE' ? requestUri : [])),
    Array(4).fill('sip:+4930123456@carrier.example'),
  );
  assert.equal((await alice.invite('sip:12@home.example').final()).status, 484);
  await sim.close();
});

test('parallel: the first phone to answer gets the call', async () => {
  const sim = await simulate(policy('parallel'));
  const [desk, mobile] = [sim.callee('desk').rings(), sim.callee('mobile')];
  mobile.answers(180, { status: 200, after: 5_000 });
  sim.services.on('directory.example', { 'GET /users/bob/phones': { json: [desk.contact, mobile.contact] } });
  await sim.caller('alice').invite(bob).answered();
  await desk.request('ACK');
  assert.deepEqual(desk.methods, ['INVITE', 'CANCEL', 'ACK']);
  await mobile.request('ACK');
  await sim.close();
});

test('register: the service keeps registrations, and calls go where it says', async () => {
  const sim = await simulate(policy('register'));
  const phone = sim.callee('phone');
  const registrations = new Map<string, string>();
  sim.services.on('registrations.example', ({ method, path, json }) => {
    if (method === 'PUT') registrations.set(path, (json() as { readonly contact: string }).contact);
    const contact = registrations.get(path);
    return contact === undefined ? { status: 404 } : { body: contact };
  });
  const alice = sim.caller('alice');
  assert.equal((await alice.invite(bob).final()).status, 404);
  const headers = { Contact: `<${phone.contact}>`, Expires: '7200' };
  const reply = await phone.send('REGISTER', 'sip:home.example', { to: bob, headers }).final();
  assert.equal(reply.header('Contact'), `<${phone.contact}>;expires=3600`);
  await alice.invite(bob).answered();
  await sim.close();
});

test('serial: each phone of the group rings for ten seconds', async () => {
  const sim = await simulate(policy('serial'));
  const [first, second] = [sim.callee('phone1.example').rings(), sim.callee('phone2.example').rings()];
  sim.callee('phone3.example');
  await sim.caller('alice').invite(bob).answered();
  assert.equal(Math.floor(sim.clock.now / 1000), 20);
  assert.deepEqual(first.methods, ['INVITE', 'CANCEL', 'ACK']);
  assert.deepEqual(second.methods, ['INVITE', 'CANCEL', 'ACK']);
  await sim.close();
});

test('time of day: voicemail in the evening and on Sundays', async () => {
  for (const [date, place] of [
    ['2026-03-02T10:00:00+01:00', 'pbx.example'],
    ['2026-03-02T17:00:00+01:00', 'voicemail.example'],
    ['2026-03-01T10:00:00+01:00', 'voicemail.example'],
  ] as const) {
    const sim = await simulate(policy('time-of-day'), { date: new Date(date) });
    sim.callee(place);
    await sim.caller('alice').invite('sip:office@home.example').answered();
    await sim.close();
  }
});

test('voicemail: it gets the call of a callee who is busy or does not answer', async () => {
  const sim = await simulate(policy('voicemail'));
  const pbx = sim.callee('pbx.example').busy();
  const voicemail = sim.callee('voicemail.example');
  const alice = sim.caller('alice');
  await alice.invite(bob).answered();
  pbx.rings();
  await alice.invite(bob).answered();
  const invites = voicemail.requests.filter(({ method }) => method === 'INVITE');
  assert.deepEqual(
    invites.map((invite) => invite.header('Diversion')),
    ['<sip:bob@home.example>;reason=user-busy', '<sip:bob@home.example>;reason=no-answer'],
  );
  pbx.answers(404);
  assert.equal((await alice.invite(bob).final()).status, 404);
  await sim.close();
});
