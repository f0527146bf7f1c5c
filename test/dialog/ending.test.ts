/** How calls end: by BYE, by their time, by a side that is gone, and in races. */
import { describe, expect, test } from 'vitest';
import { carolAt, dialogKit, dialogs, to } from './dialog-script.ts';

const none = { unconfirmed: 0, early: 0, answered: 0 };

describe('the time of a call', () => {
  test('is over: BYE to both sides, as each expects it, and the route before', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'bye-on-timeout',
      initial: '$DLG_timeout = 60; dlg_on_timeout("over"); dlg_on_hangup("gone");',
      routes:
        'route[over] { xlog("over $DLG_status $DLG_lifetime\\n"); } route[gone] { xlog("gone $DLG_status\\n"); }',
    });
    await using _ = kit;
    const call = alice.invite(to);
    const answer = await call.answered();
    await kit.clock.advance(59_000);
    expect(call.hasEnded).toBe(false);
    await kit.clock.advance(2_000);
    expect(call.hasEnded).toBe(true);
    expect(kit.printed.map((line) => line.trim())).toEqual(['over 4 60', 'gone 5']);
    const [byeAtBob, byeAtAlice] = [bob.requests.at(-1), alice.requests.at(-1)];
    expect(byeAtBob?.method).toBe('BYE');
    expect(byeAtBob?.cseq.number).toBe(2);
    expect(byeAtBob?.fromTag).toBe(call.request.fromTag);
    expect(byeAtBob?.toTag).toBe(answer.toTag);
    expect(byeAtAlice?.fromTag).toBe(answer.toTag);
    expect(byeAtAlice?.toTag).toBe(call.request.fromTag);
    expect(byeAtAlice?.requestUri).toBe(alice.contact);
    expect(dialogs(kit)).toEqual(none);
    expect(kit.figure('dialogs_begun')).toEqual({ all: 1, expired: 1, failed: 0 });
  });

  test('is over without bye-on-timeout: nobody is told', async () => {
    const { kit, alice, bob } = await dialogKit({ parameters: ['"default_timeout", 60'] });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(61_000);
    expect([call.hasEnded, bob.methods, dialogs(kit)]).toEqual([false, ['INVITE', 'ACK'], none]);
  });

  test('is prolonged by its route', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'bye-on-timeout',
      initial: '$DLG_timeout = 10; dlg_on_timeout("over");',
      routes: 'route[over] { if ($dlg_val(more) == NULL) { $dlg_val(more) = 1; $DLG_timeout = 20; } }',
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(29_000);
    expect(call.hasEnded).toBe(false);
    await kit.clock.advance(2_000);
    expect([call.hasEnded, bob.methods.at(-1)]).toEqual([true, 'BYE']);
  });

  test('begins with the answer', async () => {
    const { kit, alice, bob } = await dialogKit({ flags: 'bye-on-timeout', initial: '$DLG_timeout = 10;' });
    await using _ = kit;
    bob.answers(180, { status: 200, after: 30_000 });
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(9_000);
    expect(call.hasEnded).toBe(false);
  });
});

describe('BYE', () => {
  test('of the callee, repeated and late, finds the dialog; $DLG_end_reason says who', async () => {
    const { kit, alice, bob } = await dialogKit({
      parameters: ['"delete_delay", 30'],
      within: 'if (is_method("BYE")) xlog("$DLG_status $DLG_dir $DLG_end_reason\\n");',
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    expect((await bob.hangUp()).status).toBe(200);
    expect(dialogs(kit)).toEqual(none);
    await kit.clock.advance(20_000);
    expect((await call.hangUp()).status).toBe(200);
    await kit.clock.advance(20_000);
    expect((await call.hangUp()).status).toBe(200);
    expect(kit.printed.map((line) => line.trim())).toEqual([
      '5 upstream Upstream BYE',
      '5 downstream Upstream BYE',
      '<null> <null> <null>',
    ]);
  });

  test('of both sides at once ends the call once', async () => {
    const { kit, alice, bob } = await dialogKit({
      initial: 'dlg_on_hangup("gone");',
      routes: 'route[gone] { xlog("gone\\n"); }',
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    const both = [call.send('BYE').final(), bob.hangUp()];
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
    expect([kit.printed.length, dialogs(kit)]).toEqual([1, none]);
  });
});

describe('a call that is not answered', () => {
  test.each([
    ['refused', [180, 486]],
    ['redirected', [302]],
  ])('%s: it fails, and leaves its profiles', async (_, replies) => {
    const { kit, alice, bob } = await dialogKit({
      parameters: ['"profiles_no_value", "out"'],
      initial: 'set_dlg_profile("out"); dlg_on_hangup("gone");',
      options: 'get_profile_size("out", , $var(n)); xlog("$var(n)\\n");',
      routes: 'route[gone] { xlog("gone\\n"); }',
    });
    await using __ = kit;
    bob.answers(...replies);
    await alice.invite(to).final();
    await alice.send('OPTIONS', to).final();
    expect(kit.printed.map((line) => line.trim())).toEqual(['0']);
    expect(kit.figure('dialogs_begun')).toEqual({ all: 1, expired: 0, failed: 1 });
    expect(dialogs(kit)).toEqual(none);
  });

  test('cancelled by its caller', async () => {
    const { kit, alice, bob } = await dialogKit({});
    await using _ = kit;
    bob.rings();
    const call = alice.invite(to);
    await call.response(180);
    expect(dialogs(kit)).toEqual({ unconfirmed: 0, early: 1, answered: 0 });
    await call.cancel();
    expect((await call.final()).status).toBe(487);
    expect(dialogs(kit)).toEqual(none);
  });

  test('answered by the script, with or without a transaction', async () => {
    const { kit, alice } = await dialogKit({
      initial: 'if ($fU == "alice") { send_reply(403, "No"); exit; } t_newtran(); t_reply(404, "No"); exit;',
    });
    await using _ = kit;
    expect((await alice.invite(to).final()).status).toBe(403);
    expect((await kit.caller('carol').invite(to).final()).status).toBe(404);
    expect(kit.figure('dialogs_begun')).toEqual({ all: 2, expired: 0, failed: 2 });
    expect(dialogs(kit)).toEqual(none);
  });

  test('forgotten by the script', async () => {
    const { kit, alice } = await dialogKit({ initial: 'exit;' });
    await using _ = kit;
    alice.invite(to);
    await kit.clock.advance(1_000);
    expect(dialogs(kit)).toEqual(none);
  });

  test('tried again after a failure is one call', async () => {
    const { kit, alice, bob } = await dialogKit({
      initial: 't_on_failure("next");',
      routes: `failure_route[next] { xlog("$DLG_status\\n"); $ru = "${carolAt}"; t_relay(); }`,
    });
    await using _ = kit;
    bob.answers(183, 503);
    const carol = kit.callee('192.0.2.101');
    const call = alice.invite(to);
    await call.answered();
    expect(kit.printed.map((line) => line.trim())).toEqual(['2']);
    expect(dialogs(kit)).toEqual({ unconfirmed: 0, early: 0, answered: 1 });
    await carol.hangUp();
    expect(dialogs(kit)).toEqual(none);
  });
});

describe('races', () => {
  test('CANCEL and 200 cross: the call is answered, and ends with end-on-race-condition', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'end-on-race-condition',
      parameters: ['"race_condition_timeout", 3'],
    });
    await using _ = kit;
    bob.honoursCancel = false;
    bob.answers(180, { status: 200, after: 1_000 });
    const call = alice.invite(to);
    await call.response(180);
    await call.cancel();
    expect((await call.final()).status).toBe(200);
    expect(dialogs(kit)).toEqual({ unconfirmed: 0, early: 0, answered: 1 });
    await kit.clock.advance(2_500);
    expect(call.hasEnded).toBe(false);
    await kit.clock.advance(1_000);
    expect([call.hasEnded, bob.methods.at(-1), dialogs(kit)]).toEqual([true, 'BYE', none]);
  });

  test('without the flag such a call goes on', async () => {
    const { kit, alice, bob } = await dialogKit({});
    await using _ = kit;
    bob.honoursCancel = false;
    bob.answers(180, { status: 200, after: 1_000 });
    const call = alice.invite(to);
    await call.response(180);
    await call.cancel();
    await call.final();
    await kit.clock.advance(60_000);
    expect([call.hasEnded, dialogs(kit)]).toEqual([false, { unconfirmed: 0, early: 0, answered: 1 }]);
  });

  test('two branches answer: a BYE to the second ends only that one', async () => {
    const { kit, alice, bob } = await dialogKit({
      branches: [carolAt],
      within: 'xlog("$rm $DLG_status\\n");',
    });
    await using _ = kit;
    const carol = kit.callee('192.0.2.101');
    carol.honoursCancel = false;
    bob.answers({ status: 200, after: 100 });
    carol.answers({ status: 200, after: 100 });
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(1_000);
    expect(bob.methods).toContain('ACK');
    expect(dialogs(kit)).toEqual({ unconfirmed: 0, early: 0, answered: 1 });
    expect((await carol.hangUp()).status).toBe(200);
    expect(dialogs(kit)).toEqual({ unconfirmed: 0, early: 0, answered: 1 });
    expect((await bob.hangUp()).status).toBe(200);
    expect(dialogs(kit)).toEqual(none);
  });
});
