/** How requests find their dialog, and what is wrong with those that do not fit it. */
import { describe, expect, test } from 'vitest';
import { type OutgoingCall, type Phone, simulate } from '../../src/testing/index.ts';
import { dialogKit, dialogScript, dialogs, to } from './dialog-script.ts';

let sent = 0;

/** A request within a call with other parts than its phone would give it; returns nothing but what arrives. */
function forge(
  phone: Phone,
  call: OutgoingCall,
  parts: { method?: string; uri?: string; cseq?: number; route?: string; toTag?: string },
): void {
  const { method = 'INFO', uri = call.answer?.contacts?.[0]?.uri, cseq = 50 } = parts;
  const { route = call.answer?.header('record-route') ?? '', toTag = call.answer?.toTag } = parts;
  phone.sendRaw(
    [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${phone.place.address}:${phone.place.port};branch=z9hG4bKf${++sent};rport`,
      ...(route === '' ? [] : [`Route: ${route}`]),
      `From: ${call.request.header('from')}`,
      `To: ${call.request.header('to')};tag=${toTag}`,
      `Call-ID: ${call.request.callId}`,
      `CSeq: ${cseq} ${method}`,
      'Max-Forwards: 70',
      'Content-Length: 0\r\n\r\n',
    ].join('\r\n'),
  );
}

const prints = (kit: { readonly printed: readonly string[] }) => kit.printed.map((line) => line.trim());

describe('a request within a call', () => {
  test('with a foreign tag or another Call-ID has no dialog, whatever its Route says', async () => {
    const { kit, alice } = await dialogKit({ within: 'if (is_method("INFO")) xlog("$DLG_status\\n");' });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    forge(alice, call, { toTag: 'other' });
    forge(alice, call, {});
    await kit.clock.advance(1_000);
    expect(prints(kit)).toEqual(['<null>', '4']);
  });

  test('with dlg_match_mode 2 there is no parameter, and the tags are enough', async () => {
    const { kit, alice } = await dialogKit({
      parameters: ['"dlg_match_mode", 2'],
      within: 'if (is_method("INFO")) xlog("$DLG_status $DLG_dir\\n");',
    });
    await using _ = kit;
    const call = alice.invite(to);
    const answer = await call.answered();
    expect(answer.header('record-route')).not.toContain('did=');
    await call.send('INFO').final();
    expect(prints(kit)).toEqual(['4 downstream']);
  });

  test.each([
    ['fits', {}, '1'],
    ['has an old number', { cseq: 1 }, '-1'],
    ['has another target', { uri: 'sip:evil@192.0.2.200' }, '-2'],
    ['has another route', { route: '<sip:192.0.2.1;lr>, <sip:192.0.2.201;lr>' }, '-3'],
  ])('that %s: validate_dialog()', async (_, parts, code) => {
    const { kit, alice } = await dialogKit({
      within:
        'if (is_method("INFO")) { match_dialog("DID_NONE"); validate_dialog(); xlog("$rc\\n"); send_reply(200, "OK"); exit; }',
    });
    await using __ = kit;
    const call = alice.invite(to);
    await call.answered();
    forge(alice, call, parts);
    await kit.clock.advance(1_000);
    expect(prints(kit)).toEqual([code]);
  });

  test('is led back to its target by fix_route_dialog()', async () => {
    const { kit, alice, bob } = await dialogKit({
      within:
        'if (is_method("INFO")) { match_dialog("DID_NONE"); fix_route_dialog(); xlog("$rc $ru $du\\n"); }',
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    forge(alice, call, {
      uri: 'sip:evil@192.0.2.200',
      route: '<sip:192.0.2.1;lr>, <sip:192.0.2.201;lr>',
    });
    await kit.clock.advance(1_000);
    expect(prints(kit)).toEqual([`1 ${bob.contact} <null>`]);
    expect(bob.methods.at(-1)).toBe('INFO');
  });

  test('a re-INVITE moves its sender, once it is accepted', async () => {
    const { kit, alice, bob } = await dialogKit({
      flags: 'bye-on-timeout',
      initial: '$DLG_timeout = 60;',
    });
    await using _ = kit;
    const [refused, moved] = [kit.callee('192.0.2.88'), kit.callee('192.0.2.99')];
    const call = alice.invite(to);
    await call.answered();
    bob.on('INVITE', [488]);
    await call.send('INVITE', { headers: { Contact: '<sip:alice@192.0.2.88>' } }).final();
    bob.on('INVITE', [200]);
    await call.send('INVITE', { headers: { Contact: '<sip:alice@192.0.2.99>' } }).final();
    await kit.clock.advance(61_000);
    expect([refused.methods, moved.methods]).toEqual([[], ['BYE']]);
  });
});

test('a call that passes twice has two dialogs, and each request finds the one of its pass', async () => {
  const script = dialogScript({
    initial: 'if ($si != "192.0.2.1") { $ru = "sip:second@192.0.2.1"; t_relay(); exit; }',
    within: 'if (is_method("BYE")) xlog("$DLG_did $DLG_status\\n");',
  });
  await using kit = await simulate({ script });
  kit.callee('192.0.2.100');
  const call = kit.caller('alice').invite(to);
  await call.answered();
  expect(dialogs(kit)).toEqual({ unconfirmed: 0, early: 0, answered: 2 });
  await call.hangUp();
  expect(new Set(prints(kit)).size).toBe(2);
  expect(dialogs(kit)).toEqual({ unconfirmed: 0, early: 0, answered: 0 });
});

describe('another dialog', () => {
  test('is shown by load_dialog_ctx(), by Call-ID or identifier, and is not ended by it', async () => {
    const { kit, alice } = await dialogKit({
      initial: '$dlg_val(color) = "red"; $avp(did) = $DLG_did; cache_store("local", "did", "$DLG_did");',
      options: `
        load_dialog_ctx("nobody"); xlog("$rc");
        cache_fetch("local", "did", $var(did));
        load_dialog_ctx("$var(did)", "did"); xlog("$rc $DLG_status $dlg_val(color)");
        load_dialog_ctx("$var(did)", "did"); xlog("$rc");
        $dlg_val(color) = "blue"; set_dlg_flag("SEEN"); unload_dialog_ctx(); xlog("$rc $DLG_status");
        unload_dialog_ctx(); xlog("$rc");
        $var(blue) = "blue"; get_dialogs_by_val("color", $var(blue), $avp(j), $var(n)); xlog("$rc $var(n)");
        $var(blue) = "green"; get_dialogs_by_val("color", $var(blue), $avp(j), $var(n)); xlog("$rc $var(n)");`,
      within: 'xlog("$dlg_val(color) $DLG_flags");',
      routes: 'loadmodule "cachedb_local.so"',
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    await alice.send('OPTIONS', to).final();
    await call.hangUp();
    expect(prints(kit)).toEqual(['red', '-1', '1 4 red', '-1', '1 <null>', '-1', '1 1', '-1 1', 'blue SEEN']);
  });

  test('gets requests by dlg_send_sequential(), until it has ended', async () => {
    const { kit, alice } = await dialogKit({
      initial: '$shv(call) = $ci;',
      options: `load_dialog_ctx("$shv(call)");
        dlg_send_sequential("INFO", "caller", "a=b", "text/plain"); xlog("$rc"); unload_dialog_ctx();`,
      routes: 'loadmodule "cfgutils.so"',
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    const carol = kit.caller('carol');
    await carol.send('OPTIONS', to).final();
    const info = await alice.request('INFO');
    expect([info.body, info.header('content-type')]).toEqual(['a=b', 'text/plain']);
    await call.hangUp();
    await carol.send('OPTIONS', to).final();
    expect(prints(kit)).toEqual(['1', '-1']);
  });
});
