/** topology_hiding(): what each side of a call learns of the other one. */
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../../src/index.ts';
import type { SipMessage } from '../../../src/sip/index.ts';
import { simulate } from '../../../src/testing/index.ts';

const here = '192.0.2.1';
const bobAt = 'sip:192.0.2.100';
const to = 'sip:bob@home.example';

interface HidingScript {
  readonly parameters?: readonly string[];
  /** Arguments of topology_hiding(). */
  readonly flags?: string;
  readonly hasDialog?: boolean;
  readonly initial?: string;
  readonly within?: string;
  readonly sockets?: string;
  readonly routes?: string;
}

const script = ({
  parameters = [],
  flags = '',
  hasDialog = false,
  initial = '',
  within = '',
  sockets = `socket = udp:${here}:5060`,
  routes = '',
}: HidingScript): string => `${sockets}
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "sipmsgops.so"
loadmodule "dialog.so"
loadmodule "topology_hiding.so"
${parameters.map((one) => `modparam("topology_hiding", ${one})\n`).join('')}
route {
  if (is_method("CANCEL")) { t_relay(); exit; }
  if (has_totag()) {
    if (!topology_hiding_match()) { xlog("unmatched $rc\\n"); if (!is_method("ACK")) send_reply(481, "No Call"); exit; }
    ${within}
    t_relay();
    exit;
  }
  ${hasDialog ? 'create_dialog("bye-on-timeout");' : ''}
  topology_hiding(${flags});
  ${initial}
  $ru = "${bobAt}";
  t_relay();
}
${routes}`;

async function hidingKit(options: HidingScript) {
  const kit = await simulate({ script: script(options) });
  return { kit, alice: kit.caller('alice'), bob: kit.callee('192.0.2.100') };
}

const contactOf = (message: SipMessage | null | undefined) => message?.header('contact') ?? null;
const viasOf = (message: SipMessage | undefined) => message?.headerAll('via').length;
const upstream = { 'Record-Route': '<sip:up.example;lr>, <sip:upper.example;lr>' };

describe.each([false, true])('with a dialog: %s', (hasDialog) => {
  test('both sides see this server alone, in requests and replies of either side', async () => {
    const { kit, alice, bob } = await hidingKit({ hasDialog });
    await using _ = kit;
    const call = alice.invite(to, { headers: upstream });
    const answer = await call.answered();
    await kit.clock.advance(100);
    const [invite, ack] = bob.requests;
    expect([viasOf(invite), invite?.header('record-route'), contactOf(invite)]).toEqual([
      1,
      null,
      expect.stringMatching(new RegExp(`^<sip:${here}:5060;\\w+=[\\w.-]+>$`)),
    ]);
    expect(contactOf(answer)).toMatch(new RegExp(`^<sip:${here}:5060;\\w+=[\\w.-]+>$`));
    expect(answer.headerList('record-route')).toEqual(['<sip:up.example;lr>', '<sip:upper.example;lr>']);
    expect([ack?.method, ack?.requestUri, viasOf(ack)]).toEqual(['ACK', bob.contact, 1]);

    await call.send('INFO').final();
    const info = bob.requests.at(-1);
    expect([info?.method, info?.requestUri, viasOf(info), info?.header('route')]).toEqual([
      'INFO',
      bob.contact,
      1,
      null,
    ]);
  });

  test('a request of the callee goes along the routes of the caller', async () => {
    const { kit, alice, bob } = await hidingKit({ hasDialog });
    await using _ = kit;
    const edge = kit.callee('192.0.2.77');
    await alice.invite(to, { headers: { 'Record-Route': '<sip:192.0.2.77;lr>' } }).answered();
    await bob.hangUp();
    const [bye] = edge.requests;
    expect([bye?.method, bye?.requestUri, bye?.header('route'), viasOf(bye)]).toEqual([
      'BYE',
      alice.contact,
      '<sip:192.0.2.77;lr>',
      1,
    ]);
  });

  test('a re-INVITE moves a side, and later requests find it there', async () => {
    const { kit, alice, bob } = await hidingKit({ hasDialog });
    await using _ = kit;
    const moved = kit.callee('192.0.2.99');
    const call = alice.invite(to);
    await call.answered();
    const again = await call
      .send('INVITE', { headers: { Contact: '<sip:alice@192.0.2.99>' }, body: 'v=0\r\n' })
      .final();
    expect([again.status, contactOf(again)?.includes(here), contactOf(bob.requests.at(-1))]).toEqual([
      200,
      true,
      expect.stringContaining(`<sip:${here}:5060;`),
    ]);
    // a phone of the simulation keeps the Contact of the first INVITE
    const [, target = ''] = /<([^>]*)>/.exec(contactOf(bob.requests.at(-1)) ?? '') ?? [];
    bob.sendRaw(
      [
        `INFO ${target} SIP/2.0`,
        'Via: SIP/2.0/UDP 192.0.2.100:5060;branch=z9hG4bKm1',
        `From: ${bob.requests[0]?.header('to')};tag=${again.toTag}`,
        `To: ${bob.requests[0]?.header('from')}`,
        `Call-ID: ${call.request.callId}`,
        'CSeq: 7 INFO',
        'Content-Length: 0\r\n\r\n',
      ].join('\r\n'),
    );
    await kit.clock.advance(100);
    expect(moved.methods).toEqual(['INFO']);
  });

  test('the user goes on with U, or a given one takes its place', async () => {
    const given = hasDialog
      ? ([
          ['"U", "shop"', 'shop', 'shop'],
          ['"U", "/one"', 'one', 'caller'],
          ['"", "//two"', '', ''],
        ] as const)
      : ([
          ['"U", "/one"', 'one', 'caller'],
          ['"", "//two"', '', 'two'],
        ] as const);
    for (const [flags, caller, callee] of [['"U"', 'callee', 'caller'] as const, ...given]) {
      const { kit, alice, bob } = await hidingKit({ hasDialog, flags });
      await using _ = kit;
      bob.answers({ status: 200, headers: { Contact: '<sip:callee@192.0.2.100>' } });
      const call = alice.invite(to, { headers: { Contact: `<sip:caller@${alice.place.address}>` } });
      const answer = await call.answered();
      const users = [answer.contacts?.[0]?.uriParts?.user, bob.requests[0]?.contacts?.[0]?.uriParts?.user];
      expect(users.map((user) => user ?? '')).toEqual([caller, callee]);
    }
  });

  test('parameters of the Contact that are named go on, quotes included', async () => {
    const { kit, alice, bob } = await hidingKit({
      hasDialog,
      parameters: [
        '"th_passed_contact_uri_params", "line;x"',
        '"th_passed_contact_params", "+sip.instance; q"',
      ],
    });
    await using _ = kit;
    await alice
      .invite(to, {
        headers: { Contact: '<sip:a@192.0.2.7;line=2;secret=1>;q=0.5;+sip.instance="<urn:1;2>";z' },
      })
      .answered();
    expect(contactOf(bob.requests[0])).toMatch(/;line=2>;q=0\.5;\+sip\.instance="<urn:1;2>"$/);
    expect(contactOf(bob.requests[0])).not.toMatch(/secret|;z/);
  });

  test('the Contact that a script has changed is the one that is hidden and found', async () => {
    const { kit, alice, bob } = await hidingKit({
      hasDialog,
      initial: 'remove_hf("Contact"); append_hf("Contact: <sip:behind@192.0.2.98>\\r\\n");',
    });
    await using _ = kit;
    const behind = kit.callee('192.0.2.98');
    await alice.invite(to).answered();
    expect(bob.requests[0]?.headerAll('contact')).toHaveLength(1);
    expect(contactOf(bob.requests[0])).toContain(`<sip:${here}:5060;`);
    await bob.hangUp();
    expect(behind.methods).toEqual(['BYE']);
  });

  test('a refusal gets the Record-Routes of its request back, and a redirect keeps its Contact', async () => {
    const { kit, alice, bob } = await hidingKit({ hasDialog });
    await using _ = kit;
    bob.answers({ status: 486, headers: { Contact: '<sip:busy@192.0.2.100>' } });
    const refusal = await alice.invite(to, { headers: upstream }).final();
    expect([refusal.header('record-route'), contactOf(refusal)?.includes(here)]).toEqual([
      '<sip:up.example;lr>,<sip:upper.example;lr>',
      true,
    ]);
    bob.answers({ status: 302, headers: { Contact: '<sip:elsewhere@192.0.2.200>' } });
    expect(contactOf(await alice.invite(to).final())).toBe('<sip:elsewhere@192.0.2.200>');
  });

  test('CANCEL and a refusal find their way', async () => {
    const { kit, alice, bob } = await hidingKit({ hasDialog, flags: '"C"' });
    await using _ = kit;
    bob.rings();
    const call = alice.invite(to);
    await call.response(180);
    await call.cancel();
    expect((await call.final()).status).toBe(487);
    bob.answers(486);
    expect((await alice.invite(to).final()).status).toBe(486);
    await kit.clock.advance(1_000);
    const ids = bob.requests.map(({ callId, method }) => [method, callId]);
    expect(new Set(ids.slice(0, 3).map(([, id]) => id)).size).toBe(1);
    expect(bob.methods).toEqual(['INVITE', 'CANCEL', 'ACK', 'INVITE', 'ACK']);
  });

  test('the answers of several callees are all hidden, late ones too', async () => {
    const { kit, alice, bob } = await hidingKit({ hasDialog });
    await using _ = kit;
    bob.answers(200);
    const call = alice.invite(to);
    const first = await call.answered();
    const [invite] = bob.requests;
    bob.sendRaw(
      [
        'SIP/2.0 200 OK',
        `Via: ${invite?.header('via')}`,
        `From: ${invite?.header('from')}`,
        `To: ${invite?.header('to')};tag=second`,
        `Call-ID: ${invite?.callId}`,
        'CSeq: 1 INVITE',
        'Contact: <sip:second@192.0.2.55>',
        'Content-Length: 0\r\n\r\n',
      ].join('\r\n'),
    );
    await kit.clock.advance(100);
    const second = kit.trace.entries.filter(
      ({ to: at, text }) => at === 'alice' && text.includes(';tag=second'),
    );
    expect([first.toTag === 'second', second.length > 0]).toEqual([false, true]);
    for (const { text } of second) {
      expect(text).toMatch(/^SIP\/2\.0 200 OK\r\n/);
      expect(text).toContain(`Contact: <sip:${here}:5060;`);
      expect(text).not.toContain('192.0.2.55');
    }
  });
});

describe('a hidden Call-ID', () => {
  test('is known to the callee alone; the script sees that of the caller', async () => {
    const { kit, alice, bob } = await hidingKit({
      hasDialog: true,
      flags: '"C"',
      initial: 'xlog("$ci $TH_callee_callid\\n");',
      within: 'if (!is_method("ACK")) xlog("$rm $ci $TH_callee_callid\\n");',
    });
    await using _ = kit;
    const call = alice.invite(to);
    const answer = await call.answered();
    const { callId } = call.request;
    const hidden = bob.requests[0]?.callId ?? '';
    expect(hidden).toMatch(/^DLGCH_[\w-]+$/);
    expect(answer.callId).toBe(callId);
    const info = await bob.sendWithin('INFO').final();
    expect([info.status, info.callId]).toEqual([200, hidden]);
    await call.hangUp();
    expect(alice.requests.map(({ method, callId: id }) => [method, id])).toEqual([['INFO', callId]]);
    expect(bob.requests.map((one) => one.callId)).toEqual(bob.requests.map(() => hidden));
    expect(kit.printed.map((line) => line.trim())).toEqual(
      ['', 'INFO ', 'BYE '].map((method) => `${method}${callId} ${hidden}`),
    );
  });

  test('is in the BYE of siprest, too, which goes to both sides when the time is over', async () => {
    const { kit, alice, bob } = await hidingKit({
      hasDialog: true,
      flags: '"C"',
      initial: '$DLG_timeout = 60;',
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(61_000);
    const [byeAtAlice, byeAtBob] = [alice.requests.at(-1), bob.requests.at(-1)];
    expect([byeAtAlice?.method, byeAtAlice?.callId]).toEqual(['BYE', call.request.callId]);
    expect([byeAtBob?.method, byeAtBob?.callId]).toEqual(['BYE', bob.requests[0]?.callId]);
  });

  test('of a call that passes this server twice is hidden twice, and each pass finds its own', async () => {
    const { kit, alice, bob } = await hidingKit({
      hasDialog: true,
      flags: '"C"',
      initial: 'if ($si != "192.0.2.1") { $ru = "sip:second@192.0.2.1"; t_relay(); exit; }',
    });
    await using _ = kit;
    const call = alice.invite(to);
    const answer = await call.answered();
    expect([answer.callId, kit.figure('dialogs')]).toEqual([
      call.request.callId,
      { unconfirmed: 0, early: 0, answered: 2 },
    ]);
    const ids = bob.requests.map(({ callId }) => callId);
    expect((await call.send('INFO').final()).status).toBe(200);
    expect((await bob.hangUp()).status).toBe(200);
    expect([alice.requests.at(-1)?.method, alice.requests.at(-1)?.callId]).toEqual([
      'BYE',
      call.request.callId,
    ]);
    expect([bob.methods, new Set([...ids, ...bob.requests.map(({ callId }) => callId)]).size]).toEqual([
      ['INVITE', 'ACK', 'INFO'],
      1,
    ]);
    expect(kit.figure('dialogs')).toEqual({ unconfirmed: 0, early: 0, answered: 0 });
  });

  test('that was made up, or has another prefix, is one like any other', async () => {
    const { kit, alice } = await hidingKit({ hasDialog: true, flags: '"C"', initial: 'xlog("$ci\\n");' });
    await using _ = kit;
    await alice.invite(to, { headers: {} }).answered();
    alice.sendRaw(
      `OPTIONS ${to} SIP/2.0\r\nVia: SIP/2.0/UDP ${alice.place.address};branch=z9hG4bKx1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <${to}>\r\nCall-ID: DLGCH_made-up\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
    );
    await kit.clock.advance(100);
    expect(kit.printed.at(-1)?.trim()).toBe('DLGCH_made-up');
  });

  test('needs a dialog', async () => {
    const { kit, alice, bob } = await hidingKit({ flags: '"C"', initial: 'xlog("$TH_callee_callid\\n");' });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    expect([bob.requests[0]?.callId, kit.printed[0]?.trim()]).toEqual([call.request.callId, '<null>']);
  });
});

describe('flags', () => {
  test('D puts the dialog into the user, and requests find it there', async () => {
    const { kit, alice, bob } = await hidingKit({ hasDialog: true, flags: '"D"' });
    await using _ = kit;
    const call = alice.invite(to);
    const answer = await call.answered();
    expect(contactOf(answer)).toMatch(/^<sip:X\.did\.[0-9a-f]+\.[0-9a-f]+@192\.0\.2\.1:5060>$/);
    expect((await bob.hangUp()).status).toBe(200);
    expect(alice.requests.at(-1)?.method).toBe('BYE');
  });

  test('A keeps the Contact of the callee for the whole call', async () => {
    for (const [flags, last] of [
      ['"U"', 'new'],
      ['"UA"', 'old'],
    ] as const) {
      const { kit, alice, bob } = await hidingKit({ hasDialog: true, flags });
      await using _ = kit;
      const at = alice.place.address;
      const call = alice.invite(to, { headers: { Contact: `<sip:old@${at}>` } });
      await call.answered();
      await call.send('INVITE', { headers: { Contact: `<sip:new@${at}>` }, body: 'v=0\r\n' }).final();
      expect(bob.requests.at(-1)?.contacts?.[0]?.uriParts?.user).toBe(last);
    }
  });

  test('an unknown one is an error', () => {
    const { diagnostics } = loadScript(script({ flags: '"UX"' }));
    expect(diagnostics.map(({ message }) => message).join()).toContain('unknown flag "X"');
  });
});

describe('what a Contact says', () => {
  test('is refused if somebody has changed it, or it is of another server', async () => {
    const { kit, alice } = await hidingKit({});
    await using _ = kit;
    const call = alice.invite(to);
    const answer = await call.answered();
    const forge = (change: (uri: string) => string) =>
      alice.sendRaw(
        [
          `INFO ${change(answer.contacts?.[0]?.uri ?? '')} SIP/2.0`,
          `Via: SIP/2.0/UDP ${alice.place.address};branch=z9hG4bKf${++forged}`,
          `From: ${call.request.header('from')}`,
          `To: ${answer.header('to')}`,
          `Call-ID: ${call.request.callId}`,
          `CSeq: ${10 + forged} INFO`,
          'Content-Length: 0\r\n\r\n',
        ].join('\r\n'),
      );
    let forged = 0;
    forge((uri) => uri.replace(/thinfo=(.)/, (_all, first: string) => `thinfo=${first === 'A' ? 'B' : 'A'}`));
    forge((uri) => uri.replace(/;thinfo=.*/, ''));
    forge((uri) => uri.replace(here, '192.0.2.200'));
    forge((uri) => uri.replace(/thinfo=.*/, 'thinfo=AAAA'));
    await kit.clock.advance(100);
    expect(kit.printed.map((line) => line.trim())).toEqual([
      'unmatched -1',
      'unmatched -1',
      'unmatched -1',
      'unmatched -1',
    ]);
  });

  test('says nothing to those who read it', async () => {
    const { kit, alice, bob } = await hidingKit({});
    await using _ = kit;
    await alice.invite(to).answered();
    const [, text = ''] = /thinfo=([\w-]+)/.exec(contactOf(bob.requests[0]) ?? '') ?? [];
    expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('sip:');
  });

  test('a new password takes over while the old one is still read', async () => {
    const first = '"th_contact_encode_param_password", "info:old"';
    const second = '"th_contact_encode_param_password", "later:new:L"';
    const before = await hidingKit({ parameters: [first] });
    const call = before.alice.invite(to);
    const uri = (await call.answered()).contacts?.[0]?.uri ?? '';
    await before.kit.close();
    const { kit, alice, bob } = await hidingKit({ parameters: [first, second, '"th_use_param", "later"'] });
    await using _ = kit;
    expect(contactOf(await alice.invite(to).answered())).toContain(';later=');
    alice.sendRaw(
      `INFO ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${alice.place.address};branch=z9hG4bKr1\r\nFrom: <sip:a@x>;tag=1\r\nTo: <${to}>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n`,
    );
    await kit.clock.advance(100);
    expect(bob.methods.at(-1)).toBe('INFO');
  });

  test.each([
    ['"th_contact_encode_scheme", "hex"', 'th_contact_encode_scheme cannot be "hex"'],
    ['"th_contact_encode_param", "a b"', '"a b" cannot be a parameter of a URI'],
    ['"th_use_param", "other"', 'th_use_param names "other"'],
    ['"th_callid_prefix", "a b"', '"a b" cannot begin a Call-ID'],
  ])('modparam %s is refused', (parameter, message) => {
    const { diagnostics } = loadScript(script({ parameters: [parameter] }));
    expect(diagnostics.map((one) => one.message).join()).toContain(message);
  });
});

describe.each([false, true])('a side that may see everything, with a dialog: %s', (hasDialog) => {
  test('sees the caller, and its requests still come back here', async () => {
    const { kit, alice, bob } = await hidingKit({
      hasDialog,
      sockets: `socket = udp:${here}:5060\nsocket = udp:192.0.2.2:5060 tag inside`,
      parameters: ['"th_internal_trusted_tag", "inside"'],
      initial: '$socket_out = "udp:192.0.2.2:5060";',
    });
    await using _ = kit;
    const call = alice.invite(to);
    const answer = await call.answered();
    const [invite] = bob.requests;
    expect([viasOf(invite), contactOf(invite)]).toEqual([2, `<${alice.contact}>`]);
    expect(invite?.header('record-route')).toMatch(/^<sip:192\.0\.2\.2:5060;lr;/);
    expect([answer.header('record-route'), contactOf(answer)?.includes(`<sip:${here}:5060;`)]).toEqual([
      null,
      true,
    ]);
    expect((await call.send('INFO').final()).status).toBe(200);
    expect((await bob.hangUp()).status).toBe(200);
    expect([bob.methods.at(-1), alice.methods]).toEqual(['INFO', ['BYE']]);
    expect(viasOf(alice.requests[0])).toBe(1);
  });
});
