/**
 * Which message each function works on, in each kind of route: the request in request, failure and branch routes, the
 * response in reply routes. Observed on the wire, between a caller and a callee.
 */
import { describe, expect, test } from 'vitest';
import { relayBench } from '../support/relay-bench.ts';
import type { PeerMessage, SipPeer } from '../support/sip-peer.ts';

const description = (who: string, port: number, formats: string, maps: readonly string[]) =>
  [
    'v=0',
    `o=${who} 1 1 IN IP4 192.0.2.11`,
    's=-',
    'c=IN IP4 192.0.2.11',
    't=0 0',
    `m=audio ${port} RTP/AVP ${formats}`,
    ...maps.map((map) => `a=rtpmap:${map}`),
    '',
  ].join('\r\n');

const offer = description('alice', 1111, '0 8', ['0 PCMU/8000', '8 PCMA/8000']);
const answer = description('callee', 2222, '8 101', ['8 PCMA/8000', '101 telephone-event/8000']);

interface Row {
  /** Statements that print something of what they did. */
  readonly script: string;
  /** What they print on the offer of the caller, on the answer of the callee, and on a 180 without a body. */
  readonly prints: readonly [offer: string, answer: string, empty: string];
  /** What becomes of the bodies; as they are where left out. */
  readonly bodies?: readonly [offer: string, answer: string];
  /** What the 180 has as its body then. */
  readonly empty?: string;
}

const rc = (call: string) => `${call}; xlog("print $rc");`;
const yesNo = (call: string) => `if (${call}) xlog("print yes"); else xlog("print no");`;
const changed = (from: string | RegExp, to: string): [string, string] => [
  offer.replace(from, to),
  answer.replace(from, to),
];

const rows: Readonly<Record<string, Row>> = {
  has_body: { script: yesNo('has_body()'), prints: ['yes', 'yes', 'no'] },
  'has_body of a type': { script: yesNo('has_body("application/sdp")'), prints: ['yes', 'yes', 'no'] },
  has_body_part: { script: yesNo('has_body_part("text/plain")'), prints: ['no', 'no', 'no'] },
  codec_exists: { script: yesNo('codec_exists("PCMU")'), prints: ['yes', 'no', 'no'] },
  codec_exists_re: { script: yesNo('codec_exists_re("^tele")'), prints: ['no', 'yes', 'no'] },
  codec_delete: {
    script: rc('codec_delete("PCMA")'),
    prints: ['1', '1', '-1'],
    bodies: [
      description('alice', 1111, '0', ['0 PCMU/8000']),
      description('callee', 2222, '101', ['101 telephone-event/8000']),
    ],
  },
  codec_delete_re: {
    script: rc('codec_delete_re("PCMU")'),
    prints: ['1', '-1', '-1'],
    bodies: [description('alice', 1111, '8', ['8 PCMA/8000']), answer],
  },
  codec_delete_except_re: {
    script: rc('codec_delete_except_re("PCMA")'),
    prints: ['1', '1', '-1'],
    bodies: [
      description('alice', 1111, '8', ['8 PCMA/8000']),
      description('callee', 2222, '8', ['8 PCMA/8000']),
    ],
  },
  codec_move_up: {
    script: rc('codec_move_up("telephone-event")'),
    prints: ['-1', '1', '-1'],
    bodies: [offer, answer.replace('8 101', '101 8')],
  },
  codec_move_down: {
    script: rc('codec_move_down("PCMU")'),
    prints: ['1', '-1', '-1'],
    bodies: [offer.replace('0 8\r', '8 0\r'), answer],
  },
  stream_exists: { script: yesNo('stream_exists("audio")'), prints: ['yes', 'yes', 'no'] },
  stream_delete: {
    script: rc('stream_delete("audio")'),
    prints: ['1', '1', '-1'],
    bodies: changed(/m=[^]*/, ''),
  },
  is_audio_on_hold: { script: rc('is_audio_on_hold()'), prints: ['-1', '-1', '-1'] },
  replace_body: {
    script: rc('replace_body("s=-", "s=new")'),
    prints: ['1', '1', '-1'],
    bodies: changed('s=-', 's=new'),
  },
  replace_body_all: {
    script: rc('replace_body_all("8000", "16000")'),
    prints: ['1', '1', '-1'],
    bodies: changed(/8000/g, '16000'),
  },
  replace_body_atonce: {
    script: rc('replace_body_atonce("IN IP4", "IN IP6")'),
    prints: ['1', '1', '-1'],
    bodies: changed(/IN IP4/g, 'IN IP6'),
  },
  search_append_body: {
    script: rc('search_append_body("s=-", "-")'),
    prints: ['1', '1', '-1'],
    bodies: changed('s=-', 's=--'),
  },
  subst_body: {
    script: rc('subst_body("/o=([a-z]+)/o=x\\1/")'),
    prints: ['1', '1', '-1'],
    bodies: changed('o=', 'o=x'),
  },
  'replace in the body': {
    script: rc('replace("s=-", "s=new")'),
    prints: ['1', '1', '-1'],
    bodies: changed('s=-', 's=new'),
  },
  'subst in the body': {
    script: rc('subst("/^s=-/s=new/")'),
    prints: ['1', '1', '-1'],
    bodies: changed('s=-', 's=new'),
  },
  search_body: { script: yesNo('search_body("callee")'), prints: ['no', 'yes', 'no'] },
  remove_body_part: {
    script: rc('remove_body_part("application/sdp")'),
    prints: ['1', '1', '-1'],
    bodies: ['', ''],
  },
  'add_body_part in place of another': {
    script: `remove_body_part(); ${rc('add_body_part("hello", "text/plain")')}`,
    prints: ['1', '1', '1'],
    bodies: ['hello', 'hello'],
    empty: 'hello',
  },
  get_updated_body_part: {
    script: `codec_delete("PCMA"); $var(b) = "-"; get_updated_body_part("application/sdp", $var(b)); xlog("print $(var(b){s.len})");`,
    prints: [
      String(description('alice', 1111, '0', ['0 PCMU/8000']).length),
      String(description('callee', 2222, '101', ['101 telephone-event/8000']).length),
      '1',
    ],
    bodies: [
      description('alice', 1111, '0', ['0 PCMU/8000']),
      description('callee', 2222, '101', ['101 telephone-event/8000']),
    ],
  },
  $rb: {
    script: 'xlog("print $(rb{s.len}) $(rb(application/sdp){s.len}) $cl");',
    prints: [
      `${offer.length} ${offer.length} ${offer.length}`,
      `${answer.length} ${answer.length} ${answer.length}`,
      '<null> <null> 0',
    ],
  },
  $sdp: {
    script: '$sdp.line(s=) = "s=written"; xlog("print $sdp.line(o=) $sdp.line(s=)");',
    prints: [
      'o=alice 1 1 IN IP4 192.0.2.11 s=written',
      'o=callee 1 1 IN IP4 192.0.2.11 s=written',
      '<null> <null>',
    ],
    bodies: changed('s=-', 's=written'),
  },
};

type RouteKind =
  | 'request'
  | 'branch'
  | 'failure'
  | 'named reply'
  | 'branch reply'
  | 'global reply'
  | 'resumed reply';

/** A script that runs the statements in a route of this kind, on the caller's INVITE or on its responses. */
const kinds: Readonly<Record<RouteKind, (statements: string) => string>> = {
  request: (s) => `route { if (is_method("INVITE")) { ${s} } $ru = "sip:a@CALLEE0"; t_relay(); }`,
  branch: (s) => `route { $ru = "sip:a@CALLEE0"; t_on_branch("b"); t_relay(); } branch_route[b] { ${s} }`,
  failure: (s) =>
    `route { $ru = "sip:a@CALLEE1"; t_on_failure("f"); t_relay(); }
     failure_route[f] { ${s} $ru = "sip:a@CALLEE0"; t_relay(); }`,
  'named reply': (s) =>
    `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_relay(); } onreply_route[r] { ${s} }`,
  'branch reply': (s) =>
    `route { $ru = "sip:a@CALLEE0"; t_on_branch("b"); t_relay(); }
     branch_route[b] { t_on_reply("r"); } onreply_route[r] { ${s} }`,
  'global reply': (s) => `route { $ru = "sip:a@CALLEE0"; t_relay(); } onreply_route { ${s} }`,
  'resumed reply': (s) =>
    `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_relay(); }
     onreply_route[r] { async(usleep(1), later); } route[later] { ${s} }`,
};

function sendAnswer(callee: SipPeer, request: PeerMessage, status: number, body = ''): void {
  callee.send(
    [
      `SIP/2.0 ${status} Whatever`,
      ...request.all('via').map((via) => `Via: ${via}`),
      `From: ${request.header('from')}`,
      `To: ${request.header('to')};tag=callee`,
      `Call-ID: ${request.header('call-id')}`,
      `CSeq: ${request.header('cseq')}`,
      `Contact: <${callee.uri('callee')}>`,
      'X-From: callee',
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n'),
    request.from,
  );
}

/** One call; what reached the callee, and what the caller. */
async function call(kind: RouteKind, statements: string) {
  const bench = await relayBench(
    `loadmodule "textops.so"\nloadmodule "cfgutils.so"\n${kinds[kind](statements)}`,
    kind === 'failure' ? 2 : 1,
  );
  const [callee, refusing] = bench.callees as [SipPeer, SipPeer];
  bench.caller.request(bench.port, 'sip:bob@biloxi.example', {
    headers: ['Content-Type: application/sdp', 'X-From: caller'],
    body: offer,
  });
  if (kind === 'failure') refusing.reply(await refusing.next('INVITE'), 486);
  const invite = await callee.next('INVITE');
  sendAnswer(callee, invite, 180);
  const ringing = await bench.caller.next(180);
  sendAnswer(callee, invite, 200, answer);
  const final = await bench.caller.next(200);
  return { invite, ringing, final, prints: bench.prints() };
}

const requestKinds: readonly RouteKind[] = ['request', 'branch', 'failure'];
const replyKinds: readonly RouteKind[] = ['named reply', 'branch reply', 'global reply', 'resumed reply'];

describe.each(requestKinds)('in a %s route the request is used by', (kind) => {
  test.each(Object.entries(rows))('%s', async (_, { script, prints, bodies }) => {
    const seen = await call(kind, script);
    expect(seen.prints).toEqual([prints[0]]);
    expect(seen.invite.body).toBe(bodies?.[0] ?? offer);
    expect(seen.invite.header('content-length')).toBe(String(seen.invite.body.length));
    expect(seen.ringing.body).toBe('');
    expect(seen.final.body).toBe(answer);
  });
});

describe.each(replyKinds)('in a %s route the response is used by', (kind) => {
  test.each(Object.entries(rows))('%s', async (_, { script, prints, bodies, empty }) => {
    const seen = await call(kind, script);
    expect(seen.prints).toEqual([prints[2], prints[1]]);
    expect(seen.invite.body).toBe(offer);
    expect(seen.ringing.body).toBe(empty ?? '');
    expect(seen.final.body).toBe(bodies?.[1] ?? answer);
    expect(seen.final.header('content-length')).toBe(String(seen.final.body.length));
  });
});

describe('headers', () => {
  const statements = `
    xlog("print $hdr(X-From) $msg.type $(hdrcnt(Via)) $tt");
    append_hf("X-New: 1\\r\\n"); remove_hf("X-From"); sipmsg_validate(); xlog("print $rc");`;

  test.each(requestKinds)('in a %s route are the headers of the request', async (kind) => {
    const { invite, final, prints } = await call(kind, statements);
    expect(prints).toEqual(['caller request 1 <null>', '1']);
    expect([invite.header('x-new'), invite.header('x-from')]).toEqual(['1', undefined]);
    expect([final.header('x-new'), final.header('x-from')]).toEqual([undefined, 'callee']);
  });

  test.each(replyKinds)('in a %s route are the headers of the response', async (kind) => {
    const { invite, final, prints } = await call(kind, statements);
    expect(prints).toEqual(Array.from({ length: 2 }, () => ['callee reply 2 callee', '1']).flat());
    expect([invite.header('x-new'), invite.header('x-from')]).toEqual([undefined, 'caller']);
    expect([final.header('x-new'), final.header('x-from')]).toEqual(['1', undefined]);
  });
});

describe('a reply route', () => {
  test('passes its changes of a body on to the next route of the same response', async () => {
    const bench = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_relay(); }
       onreply_route { codec_delete("PCMA"); append_hf("X-Global: 1\\r\\n"); }
       onreply_route[r] { if (codec_exists("PCMA")) xlog("print still"); codec_move_up("telephone-event"); }`,
    );
    const [callee] = bench.callees as [SipPeer];
    bench.caller.request(bench.port, 'sip:bob@biloxi.example');
    sendAnswer(callee, await callee.next('INVITE'), 200, answer);
    const final = await bench.caller.next(200);
    expect(final.body).toBe(description('callee', 2222, '101', ['101 telephone-event/8000']));
    expect(final.header('x-global')).toBe('1');
    expect(bench.prints()).toEqual([]);
  });

  test('never answers, relays or changes the request, not even by a route that it calls', async () => {
    const bench = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_relay(); }
       onreply_route[r] { if ($rs == 180) route(other); }
       route[other] {
         t_reply(486, "Busy"); xlog("print $rc");
         t_relay(); xlog("print $rc");
         record_route(); xlog("print $rc");
         sethost("elsewhere"); xlog("print $rc");
         append_to_reply("X: 1\\r\\n"); xlog("print $rc");
         $rU = "x"; xlog("print $rU $ru");
       }`,
    );
    const [callee] = bench.callees as [SipPeer];
    bench.caller.request(bench.port, 'sip:bob@biloxi.example');
    const invite = await callee.next('INVITE');
    sendAnswer(callee, invite, 180);
    await bench.caller.next(180);
    sendAnswer(callee, invite, 200, answer);
    await bench.caller.next(200);
    expect(bench.prints()).toEqual(['-1', '-1', '-1', '-1', '-1', '<null> <null>']);
    expect(bench.caller.seen).toEqual([100, 180, 200]);
    expect(callee.received).toHaveLength(1);
    expect(bench.server.log.join('\n')).toContain(
      't_reply() works on requests only, but this route runs on a reply',
    );
  });
});

describe('functions on branches', () => {
  test('are allowed in any route, as in OpenSIPS, and send no request from a reply route', async () => {
    const all =
      'append_msg_branch("sip:x@CALLEE0"); swap_msg_branches(0, 1); move_msg_branch(1, 0); remove_msg_branch(1); serialize_branches(1); next_branches();';
    const bench = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_on_branch("b"); t_relay(); }
       startup_route { ${all} }
       branch_route[b] { ${all} if (is_maxfwd_lt(80)) xlog("print lt"); }
       onreply_route[r] { ${all} forward(); xlog("print $rc"); }
       local_route { ${all} append_time(); }
       failure_route[f] { t_replicate("sip:x@CALLEE0"); is_maxfwd_lt(10); }`,
    );
    const [callee] = bench.callees as [SipPeer];
    bench.caller.request(bench.port, 'sip:bob@biloxi.example');
    sendAnswer(callee, await callee.next('INVITE'), 200, answer);
    expect((await bench.caller.next(200)).body).toBe(answer);
    expect(bench.prints()).toEqual(['lt', '-1']);
    expect(callee.received).toHaveLength(1);
  });
});

describe('without a message', () => {
  test.each([
    ['startup_route', (s: string) => `startup_route { ${s} }`],
    ['timer_route', (s: string) => `timer_route[t, 1] { if ($shv(ran) == 1) exit; $shv(ran) = 1; ${s} }`],
  ])('in a %s there is nothing to read and nothing to change', async (_, route) => {
    const calls = [
      ...[
        'has_body()',
        'codec_delete("PCMA")',
        'stream_delete("audio")',
        'replace_body("a", "b")',
        'subst("/a/b/")',
      ],
      ...[
        'add_body_part("a", "text/plain")',
        'remove_body_part()',
        'append_hf("X: 1\\r\\n")',
        'remove_hf("From")',
      ],
      ...[
        'search("a")',
        'is_method("INVITE")',
        'has_totag()',
        'list_hdr_add_option("Supported", "a")',
        'sipmsg_validate()',
      ],
    ];
    const statements = calls.map(rc).join(' ');
    const bench = await relayBench(
      `loadmodule "textops.so"\nloadmodule "cfgutils.so"
       route { exit; } ${route(`${statements} $sdp.line(s=) = "s=x"; xlog("print $rb $sdp $si $hdr(From) $rs $cs");`)}`,
    );
    await expect.poll(() => bench.prints().length, { timeout: 5000 }).toBe(calls.length + 1);
    expect(bench.prints()).toEqual([...calls.map(() => '-1'), '<null> <null> <null> <null> <null> <null>']);
  });
});

describe('a local_route', () => {
  test('changes only the body of the request that siprest itself sends', async () => {
    const bench = await relayBench(
      `loadmodule "textops.so"
       route { t_new_request("MESSAGE", "sip:x@CALLEE0", "sip:a@a.example", "sip:b@b.example", "text/plain hello"); $ru = "sip:a@CALLEE1"; t_relay(); }
       local_route { replace_body("hello", "good bye"); xlog("print $rc $rm $(rb{s.len})"); }`,
      2,
    );
    const [own, callee] = bench.callees as [SipPeer, SipPeer];
    bench.caller.request(bench.port, 'sip:bob@biloxi.example', {
      headers: ['Content-Type: text/plain'],
      body: 'hello',
    });
    const made = await own.next('MESSAGE');
    expect([made.body, made.header('content-length')]).toEqual(['good bye', '8']);
    expect((await callee.next('INVITE')).body).toBe('hello');
    expect(bench.prints()).toEqual(['1 MESSAGE 5']);
  });
});

describe('a failure route', () => {
  test('starts with the body of the first attempt', async () => {
    const bench = await relayBench(
      `route { codec_delete("PCMU"); $ru = "sip:a@CALLEE0"; t_on_failure("f"); t_relay(); stream_delete("audio"); }
       failure_route[f] { if (codec_exists("PCMU")) xlog("print PCMU"); if (codec_exists("PCMA")) xlog("print PCMA"); $ru = "sip:b@CALLEE1"; t_relay(); }`,
      2,
    );
    const [first, second] = bench.callees as [SipPeer, SipPeer];
    bench.caller.request(bench.port, 'sip:bob@biloxi.example', {
      headers: ['Content-Type: application/sdp'],
      body: offer,
    });
    first.reply(await first.next('INVITE'), 486);
    expect((await second.next('INVITE')).body).toBe(description('alice', 1111, '8', ['8 PCMA/8000']));
    expect(bench.prints()).toEqual(['PCMA']);
  });
});
