/** Requests that siprest sends within calls, and what becomes of the numbers of the others. */
import { describe, expect, test } from 'vitest';
import { dialogKit, dialogs, to } from './dialog-script.ts';

describe('pings', () => {
  test('OPTIONS to both sides; the numbers of later requests go on, and their replies get the old ones', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'options-ping-caller,options-ping-callee',
      parameters: ['"options_ping_interval", 10'],
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(35_000);
    expect(bob.methods).toEqual(['INVITE', 'ACK', 'OPTIONS', 'OPTIONS', 'OPTIONS']);
    expect(bob.requests.map(({ cseq }) => cseq.number)).toEqual([1, 1, 2, 3, 4]);
    expect(alice.requests.map(({ method, cseq }) => `${method} ${cseq.number}`)).toEqual([
      'OPTIONS 1',
      'OPTIONS 2',
      'OPTIONS 3',
    ]);
    const info = call.send('INFO');
    const answer = await info.final();
    expect([info.request.cseq.number, answer.cseq.number, answer.status]).toEqual([2, 2, 200]);
    expect(bob.requests.at(-1)?.cseq).toEqual({ number: 5, method: 'INFO' });
    const upstream = bob.sendWithin('INFO');
    expect((await upstream.final()).cseq.number).toBe(1);
    expect(alice.requests.at(-1)?.cseq).toEqual({ number: 4, method: 'INFO' });
    await call.hangUp();
    expect(bob.requests.at(-1)?.cseq).toEqual({ number: 6, method: 'BYE' });
    await kit.clock.advance(60_000);
    expect(bob.methods.filter((one) => one === 'OPTIONS')).toHaveLength(3);
  });

  test('a re-INVITE after pings is acknowledged with its own number', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'options-ping-callee',
      parameters: ['"options_ping_interval", 10'],
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(25_000);
    const again = call.send('INVITE', { body: 'v=0\r\n' });
    const answer = await again.final();
    expect([answer.status, answer.cseq.number]).toEqual([200, 2]);
    expect(bob.requests.at(-1)?.cseq).toEqual({ number: 4, method: 'INVITE' });
    alice.sendRaw(
      [
        `ACK ${answer.contacts?.[0]?.uri} SIP/2.0`,
        `Via: SIP/2.0/UDP ${alice.place.address}:${alice.place.port};branch=z9hG4bKack;rport`,
        `Route: ${call.answer?.header('record-route')}`,
        `From: ${again.request.header('from')}`,
        `To: ${again.request.header('to')}`,
        `Call-ID: ${again.request.callId}`,
        'CSeq: 2 ACK',
        'Max-Forwards: 70',
        'Content-Length: 0\r\n\r\n',
      ].join('\r\n'),
    );
    await kit.clock.advance(1_000);
    expect(bob.requests.at(-1)?.cseq).toEqual({ number: 4, method: 'ACK' });
  });

  test.each([
    ['is gone', [481], 'Ping Timeout'],
    ['does not answer', [], 'Ping Timeout'],
  ])('a callee that %s: BYE to both sides', async (_, replies, reason) => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'options-ping-callee',
      parameters: ['"options_ping_interval", 10', '"delete_delay", 100'],
      within: 'xlog("$DLG_end_reason\\n");',
    });
    await using __ = kit;
    const call = alice.invite(to);
    await call.answered();
    bob.on('OPTIONS', replies);
    await kit.clock.advance(50_000);
    expect([call.hasEnded, bob.methods.at(-1)]).toEqual([true, 'BYE']);
    expect(dialogs(kit)).toEqual({ unconfirmed: 0, early: 0, answered: 0 });
    await call.send('INFO').final();
    expect(kit.printed.at(-1)?.trim()).toBe(reason);
  });

  test('re-INVITE with the description of the other side, and its ACK', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'reinvite-ping-callee,options-ping-callee',
      parameters: ['"reinvite_ping_interval", 20', '"options_ping_interval", 5'],
    });
    await using _ = kit;
    const call = alice.invite(to, { body: 'v=0\r\ns=alice\r\n' });
    await call.answered();
    await kit.clock.advance(21_000);
    expect(bob.methods).toEqual(['INVITE', 'ACK', 'INVITE', 'ACK']);
    const [, , invite, ack] = bob.requests;
    expect(invite?.body).toBe('v=0\r\ns=alice\r\n');
    expect(invite?.header('contact')).toBe(`<${alice.contact}>`);
    expect([invite?.cseq.number, ack?.cseq.number]).toEqual([2, 2]);
  });

  test('an interval of its own', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'options-ping-callee',
      initial:
        '$DLG_options_ping_interval = 100; xlog("$DLG_options_ping_interval $DLG_reinvite_ping_interval\\n");',
    });
    await using _ = kit;
    await alice.invite(to).answered();
    await kit.clock.advance(99_000);
    expect(bob.methods).not.toContain('OPTIONS');
    await kit.clock.advance(2_000);
    expect(bob.methods).toContain('OPTIONS');
    expect(kit.printed.map((line) => line.trim())).toEqual(['100 <null>']);
  });
});

describe('auto-prack', () => {
  const reliable = { status: 183, headers: { Require: '100rel', RSeq: '17' } };

  test('a reliable provisional response is acknowledged', async () => {
    const { kit, alice, bob } = await dialogKit({ flags: 'auto-prack' });
    await using _ = kit;
    bob.answers(reliable, { status: 200, after: 1_000 });
    await alice.invite(to).answered();
    const prack = bob.requests.find(({ method }) => method === 'PRACK');
    expect(prack?.header('rack')).toBe('17 1 INVITE');
    expect(prack?.cseq.number).toBe(2);
  });

  test('one that fails ends the call, if that is wanted', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'auto-prack',
      parameters: ['"auto_prack_hangup_on_failure", 1'],
    });
    await using _ = kit;
    bob.answers(reliable).on('PRACK', [500]);
    expect((await alice.invite(to).final()).status).toBe(502);
  });
});

test('local_route sees requests within dialogs, with their dialog', async () => {
  const { kit, alice, bob } = await dialogKit({
    flags: 'bye-on-timeout',
    initial: '$DLG_timeout = 5; $dlg_val(account) = "acme";',
    routes: 'local_route { append_hf("X-Account: $dlg_val(account)\\r\\n"); }',
  });
  await using _ = kit;
  await alice.invite(to).answered();
  await kit.clock.advance(6_000);
  expect(bob.requests.at(-1)?.header('x-account')).toBe('acme');
  expect(alice.requests.at(-1)?.header('x-account')).toBe('acme');
});

test('a Contact that the script has replaced is where requests go', async () => {
  const { kit, alice, bob } = await dialogKit({
    flags: 'bye-on-timeout',
    initial: `$DLG_timeout = 5; remove_hf("Contact"); append_hf("Contact: <sip:alice@192.0.2.77>\\r\\n");`,
  });
  await using _ = kit;
  const nat = kit.callee('192.0.2.77');
  await alice.invite(to).answered();
  await kit.clock.advance(6_000);
  expect(nat.methods).toEqual(['BYE']);
  expect(bob.methods.at(-1)).toBe('BYE');
});
