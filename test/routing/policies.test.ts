/** The policies of examples/policies, on the simulated network. */
import { describe, expect, test } from 'vitest';
import blacklist from '../../examples/policies/blacklist.ts';
import headers from '../../examples/policies/headers.ts';
import leastCost from '../../examples/policies/least-cost.ts';
import messageWebhook from '../../examples/policies/message-webhook.ts';
import normalizeNumbers from '../../examples/policies/normalize-numbers.ts';
import parallel from '../../examples/policies/parallel.ts';
import register from '../../examples/policies/register.ts';
import serial from '../../examples/policies/serial.ts';
import timeOfDay from '../../examples/policies/time-of-day.ts';
import voicemail from '../../examples/policies/voicemail.ts';
import { simulate } from '../../src/testing/index.ts';

const bob = 'sip:bob@home.example';

describe('least-cost routing', () => {
  test('the cheapest gateway fails, the next one takes the call', async () => {
    await using kit = await simulate(leastCost);
    kit.services.on('lcr.example', { body: JSON.stringify(['gw1.example', 'gw2.example', 'gw3.example']) });
    const [gw1, gw2, gw3] = ['gw1.example', 'gw2.example', 'gw3.example'].map((host) => kit.callee(host));
    gw1?.silent();
    gw2?.answers(503);
    const call = kit.caller('alice').invite('sip:+4930123456@home.example');
    await call.answered();
    expect([gw1, gw2, gw3].map((one) => one?.methods[0])).toEqual(['INVITE', 'INVITE', 'INVITE']);
    expect(gw3?.requests[0]?.requestUri).toBe('sip:+4930123456@gw3.example');
    expect((await call.hangUp()).status).toBe(200);
  });

  test('a busy callee is not tried again; no routes: 503', async () => {
    await using kit = await simulate(leastCost);
    const service = kit.services.on('lcr.example', { body: JSON.stringify(['gw1.example', 'gw2.example']) });
    kit.callee('gw1.example').busy();
    const gw2 = kit.callee('gw2.example');
    expect((await kit.caller().invite('sip:1@home.example').final()).status).toBe(486);
    expect(gw2.requests).toEqual([]);
    service.behaviour = 'hangs';
    expect((await kit.caller().invite('sip:1@home.example').final()).reason).toBe('No Routes');
  });
});

test('parallel forking: the first to answer gets the call, the others are cancelled', async () => {
  await using kit = await simulate(parallel);
  const [desk, mobile] = [kit.callee('desk.example').rings(), kit.callee('mobile.example')];
  mobile.answers(180, { status: 200, after: 2000 });
  kit.services.on('directory.example', {
    'GET /users/bob/phones': { body: JSON.stringify(['sip:bob@desk.example', 'sip:bob@mobile.example']) },
    'GET /users/carol/phones': { status: 404 },
  });
  const call = kit.caller().invite(bob);
  await call.answered();
  await kit.clock.advance(100);
  expect(desk.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
  expect((await kit.caller().invite('sip:carol@home.example').final()).status).toBe(404);
});

test('serial forking: each phone rings for a while', async () => {
  await using kit = await simulate(serial);
  const phones = [1, 2, 3].map((i) => kit.callee(`phone${i}.example`));
  phones[0]?.rings();
  phones[1]?.busy();
  const before = kit.clock.now;
  const call = kit.caller().invite(bob);
  await call.answered();
  expect(kit.clock.now - before).toBeGreaterThanOrEqual(10_000);
  expect(phones[0]?.methods).toContain('CANCEL');
  expect(phones[2]?.requests[0]?.requestUri).toBe('sip:on-call@phone3.example');
});

test.each([
  ['2026-01-07T09:30:00Z', 'pbx.example'],
  ['2026-01-07T20:00:00Z', 'voicemail.example'],
  ['2026-01-10T09:30:00Z', 'voicemail.example'],
])('time of day: at %s calls go to %s', async (date, place) => {
  await using kit = await simulate(timeOfDay, { date: new Date(date) });
  const callee = kit.callee(place);
  await kit.caller().invite(bob).answered();
  expect(callee.methods[0]).toBe('INVITE');
});

test('blacklist by REST: refused, let through, and let through while the service is down', async () => {
  await using kit = await simulate(blacklist);
  const pbx = kit.callee('pbx.example').on('MESSAGE', [200]);
  kit.services.on('blacklist.example', {
    'GET /callers/mallory': { status: 200 },
    'GET /callers/alice': { status: 404 },
  });
  expect((await kit.caller('mallory').invite(bob).final()).status).toBe(403);
  await kit.caller('alice').invite(bob).answered();
  kit.services.on('blacklist.example', 'refused');
  expect((await kit.caller('mallory').send('MESSAGE', bob, { body: 'hi' }).final()).status).toBe(200);
  expect(pbx.methods.filter((method) => method !== 'ACK')).toEqual(['INVITE', 'MESSAGE']);
});

test.each([
  ['+49 30 1234567', '+49301234567'],
  ['004930123456', '+4930123456'],
  ['03012345678', '+493012345678'],
  ['123456', '+4930123456'],
])('number normalization: %s becomes %s', async (dialled, sent) => {
  await using kit = await simulate(normalizeNumbers);
  const carrier = kit.callee('carrier.example');
  await kit
    .caller()
    .invite(`sip:${dialled.replaceAll(' ', '.')}@home.example`)
    .answered();
  expect(carrier.requests[0]?.requestUri).toBe(`sip:${sent}@carrier.example`);
});

test('number normalization: 484 for anything else', async () => {
  await using kit = await simulate(normalizeNumbers);
  expect((await kit.caller().invite('sip:bob@home.example').final()).status).toBe(484);
});

describe('voicemail', () => {
  test.each([
    ['busy', 486, 'user-busy'],
    ['no phone', 480, 'no-answer'],
  ])('%s', async (_, status, reason) => {
    await using kit = await simulate(voicemail);
    kit.callee('pbx.example').answers(status);
    const box = kit.callee('voicemail.example');
    await kit.caller().invite(bob).answered();
    expect(box.requests[0]?.header('Diversion')).toBe(`<sip:bob@home.example>;reason=${reason}`);
  });

  test('nobody answers within 20 s', async () => {
    await using kit = await simulate(voicemail);
    const phone = kit.callee('pbx.example').rings();
    kit.callee('voicemail.example');
    await kit.caller().invite(bob).answered();
    expect(phone.methods).toContain('CANCEL');
  });

  test('another refusal goes to the caller', async () => {
    await using kit = await simulate(voicemail);
    kit.callee('pbx.example').answers(404);
    expect((await kit.caller().invite(bob).final()).status).toBe(404);
  });
});

test('MESSAGE to a webhook', async () => {
  await using kit = await simulate(messageWebhook);
  const hook = kit.services.on('hooks.example', { status: 204 });
  const send = (body: string, contentType = 'text/plain') =>
    kit.caller('alice').send('MESSAGE', bob, { body, contentType }).final();
  expect((await send('h\u00c3\u00a9')).status).toBe(202);
  expect(JSON.parse(hook.requests[0]?.body ?? '')).toMatchObject({ from: 'sip:alice@home.example', to: bob });
  const refused = await send('<b>', 'text/html');
  expect([refused.status, refused.header('Accept')]).toEqual([415, 'text/plain']);
  hook.behaviour = { status: 500 };
  expect((await send('again')).status).toBe(403);
  hook.behaviour = 'hangs';
  expect((await send('again')).header('Retry-After')).toBe('30');
});

test('REGISTER answered by REST', async () => {
  await using kit = await simulate(register);
  const service = kit.services.on('registrations.example', {
    'PUT /users/bob': { status: 200 },
    'PUT /users/carol': { status: 403 },
    'GET /users/bob': () => ({ body: bobsPhone.contact }),
    'GET /users/carol': { status: 404 },
  });
  const bobsPhone = kit.callee('bob');
  const answer = await kit
    .caller('bob')
    .send('REGISTER', 'sip:home.example', {
      to: bob,
      headers: { Contact: `<${bobsPhone.contact}>`, Expires: '7200' },
    })
    .final();
  expect([answer.status, answer.header('Contact')]).toEqual([200, `<${bobsPhone.contact}>;expires=3600`]);
  expect(JSON.parse(service.requests[0]?.body ?? '')).toMatchObject({
    contact: bobsPhone.contact,
    expires: 3600,
  });
  const carol = kit.caller('carol').send('REGISTER', 'sip:home.example', { to: 'sip:carol@home.example' });
  expect((await carol.final()).status).toBe(403);
  await kit.caller('alice').invite(bob).answered();
  expect((await kit.caller('alice').invite('sip:carol@home.example').final()).status).toBe(404);
});

test('headers of requests, targets and replies', async () => {
  await using kit = await simulate(headers);
  const trunk = kit.callee('trunk.example').answers(503);
  const backup = kit.callee('backup.example').answers(183, { status: 603, headers: { Server: 'secret' } });
  const call = kit.caller('alice').invite(bob, {
    headers: { 'P-Asserted-Identity': '<sip:boss@home.example>', 'User-Agent': 'phone' },
  });
  const final = await call.final();
  const seen = (phone: typeof trunk) =>
    ['P-Asserted-Identity', 'X-Trunk', 'User-Agent'].map((name) => phone.requests[0]?.headerAll(name));
  expect(seen(trunk)).toEqual([['<sip:alice@home.example>'], ['north'], []]);
  expect(seen(backup)).toEqual([['<sip:alice@home.example>'], [], ['phone']]);
  expect([final.status, final.reason, final.header('Server')]).toEqual([486, 'Busy Here', null]);
  expect(Number(final.header('X-Setup-Time'))).toBeGreaterThan(0);
  expect(call.responses.map(({ status }) => status)).toEqual([180, 486]);
});
