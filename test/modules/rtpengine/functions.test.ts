/** What the scenarios of rtpengine leave out: relays that misbehave, other ways to them, failover and variables. */
import { describe, expect, it } from 'vitest';
import { loadScript } from '../../../src/index.ts';
import { type FakeRtpengine, fakeRtpengine } from '../../support/fake-rtpengine.ts';
import { runScript, type ScriptOutcome } from '../../support/run-script.ts';

const modules = ['tm', 'rtpengine'];
const sdp = 'v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n';
const invite = (callId = 'call-1', type = 'application/sdp', body = sdp) =>
  `INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK-first
Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK-second
From: <sip:alice@example.com>;tag=alice-1
To: <sip:bob@example.com>
Call-ID: ${callId}
CSeq: 1 INVITE
Contact: <sip:alice@192.0.2.7>
Content-Type: ${type}
Content-Length: 0

${body}`;

const quick = 'modparam("rtpengine", "rtpengine_tout", "0.1")\nmodparam("rtpengine", "rtpengine_retr", 2)\n';
const sock = (...names: readonly string[]) =>
  `modparam("rtpengine", "rtpengine_sock", "${names.join(' ')}")\n`;

const run = (
  engines: FakeRtpengine | string,
  body: string,
  { rest = '', request = invite() }: { rest?: string; request?: string } = {},
): Promise<ScriptOutcome> =>
  runScript(body, {
    modules,
    rest: `${quick}${typeof engines === 'string' ? engines : sock(engines.name)}${rest}`,
    request,
  });

const offer = 'rtpengine_offer(); xlog("$rc");';
const e = 'modparam("rtpengine", "error_pv", "$var(e)")\n';

describe.each(['udp', 'tcp', 'http'] as const)('over %s', (transport) => {
  it('an offer is changed, and later commands follow', async () => {
    const engine = await fakeRtpengine(transport);
    const { prints } = await run(
      engine,
      'rtpengine_offer("", $var(s), $var(b)); xlog("$rc $var(s) $(var(b){sdp.line,c})"); rtpengine_delete(); xlog("$rc");',
    );
    expect(prints).toEqual([`1 ${engine.name} c=IN IP4 203.0.113.9`, '1']);
    expect(engine.verbs).toEqual(['offer', 'delete']);
  });

  it('an answer for another cookie is none', async () => {
    const engine = await fakeRtpengine(transport);
    engine.answer = ({ command }) => (command === 'offer' ? 'other_1 d6:result2:ok3:sdp3:abce' : undefined);
    const { prints } = await run(engine, `${offer} xlog("$var(e)");`, { rest: e });
    expect(prints[0]).toBe('-1');
    expect(prints[1]).toMatch(/: (?:no answer within 200 ms.*|its answer has another cookie)$/);
  });

  it('a cut answer is none', async () => {
    const engine = await fakeRtpengine(transport);
    engine.answer = ({ cookie, command }) =>
      command === 'offer' ? `${cookie} d6:result2:ok3:sdp9:v=0` : undefined;
    const { prints } = await run(engine, `${offer} xlog("$var(e)");`, { rest: e });
    expect(prints[0]).toBe('-1');
    expect(prints[1]).toMatch(/(?:no answer within 200 ms.*|its answer does not follow the ng protocol)$/);
  });
});

describe('an rtpengine that misbehaves', () => {
  it.each([
    ['garbage', 'garbage', 'its answer does not follow the ng protocol'],
    ['a number', 'i5e', 'its answer does not follow the ng protocol'],
    ['no result', 'd3:sdp3:abce', 'its answer does not follow the ng protocol'],
    ['no session description', 'd6:result2:oke', 'its answer has no session description'],
    ['an error without a reason', 'd6:result5:errore', 'error'],
  ])('%s fails the function and nothing else', async (_, text, reason) => {
    const engine = await fakeRtpengine();
    engine.answer = ({ cookie, command }) => (command === 'offer' ? `${cookie} ${text}` : undefined);
    const { prints, log } = await run(engine, `${offer} xlog("$var(e)"); rtpengine_delete(); xlog("$rc");`, {
      rest: e,
    });
    expect(prints).toEqual(['-1', reason, '1']);
    expect(log.filter((line) => line.includes(reason))).toHaveLength(1);
  });

  it('over TCP: an invalid answer ends the connection, and so does one without an end', async () => {
    const engine = await fakeRtpengine('tcp');
    engine.answer = ({ cookie, command }) => (command === 'offer' ? `${cookie} garbage` : undefined);
    const bad = await run(engine, `${offer} xlog("$var(e)");`, { rest: e });
    expect(bad.prints).toEqual(['-1', `${engine.name}: its answer does not follow the protocol`]);
    engine.answer = ({ cookie, command }) =>
      command === 'offer' ? `${cookie} d3:sdp400000:${'x'.repeat(300_000)}` : undefined;
    const long = await run(engine, `${offer} xlog("$var(e)");`, { rest: e });
    expect(long.prints).toEqual(['-1', `${engine.name}: its answer has more than 262144 bytes`]);
  });

  it('a lost command is sent again with its cookie', async () => {
    const engine = await fakeRtpengine();
    let lost = 0;
    engine.answer = ({ command }) => (command === 'offer' && lost++ === 0 ? null : undefined);
    expect((await run(engine, offer)).prints).toEqual(['1']);
    expect(engine.commands.map(({ cookie }) => cookie)).toEqual([
      engine.commands[0]?.cookie,
      engine.commands[0]?.cookie,
    ]);
  });

  it('one that is silent is left alone until it is probed', async () => {
    const engine = await fakeRtpengine();
    engine.answer = ({ command }) => (command === 'offer' ? null : undefined);
    const { prints, log } = await run(engine, `${offer} xlog("$var(e)"); ${offer} xlog("$var(e)");`, {
      rest: e,
    });
    expect(prints).toEqual([
      '-1',
      `${engine.name}: no answer within 200 ms, in 2 tries`,
      '-1',
      'no relay of the set 0 is active',
    ]);
    expect(engine.verbs).toEqual(['offer', 'offer']);
    expect(log[0]).toBe(`rtpengine: ${engine.name} is inactive: no answer within 200 ms, in 2 tries`);
  });

  it('a session description that fits no datagram is not sent', async () => {
    const engine = await fakeRtpengine();
    const body = `$var(b) = "${'x'.repeat(1000)}"; $var(i) = 0; while ($var(i) < 7) { $var(b) = $var(b) + $var(b); $var(i) = $var(i) + 1; }`;
    const { prints } = await run(
      engine,
      `${body} rtpengine_offer(,,,$var(b)); xlog("$rc $var(e)"); ${offer}`,
      {
        rest: e,
      },
    );
    expect(prints[0]).toMatch(/^-1 udp:\S+: a command of 128\d{3} bytes does not fit a datagram/);
    expect(prints[1]).toBe('1');
  });
});

describe('failover', () => {
  const two = async () => [await fakeRtpengine(), await fakeRtpengine()] as const;

  it.each([
    { result: 'load limit', message: 'Parallel session limit reached' },
    { result: 'error', 'error-reason': 'Ran out of ports' },
    { result: 'error', 'error-reason': 'Maintenance today' },
  ])('after %j another one is asked, which then has the call', async (refusal) => {
    const [first, second] = await two();
    for (const engine of [first, second])
      engine.answer = ({ command }) =>
        command === 'offer' && first.verbs.length + second.verbs.length === 1 ? refusal : undefined;
    const rest = 'modparam("rtpengine", "extra_failover_error", "^Maint.*day$")\n';
    const { prints } = await run(
      sock(first.name, second.name),
      'rtpengine_offer("", $var(s)); xlog("$rc"); rtpengine_answer("from-tag=a to-tag=b"); rtpengine_delete(); rtpengine_delete();',
      { rest },
    );
    expect(prints).toEqual(['1']);
    const [refusing, taking] = first.verbs.length === 2 ? [first, second] : [second, first];
    expect([refusing.verbs, taking.verbs]).toEqual([
      ['offer', 'delete'],
      ['offer', 'answer', 'delete'],
    ]);
  });

  it('another error does not lead to another one', async () => {
    const [first, second] = await two();
    for (const engine of [first, second])
      engine.answer = ({ command }) =>
        command === 'ping' ? undefined : { result: 'error', 'error-reason': 'no' };
    expect((await run(sock(first.name, second.name), offer)).prints).toEqual(['-1']);
    expect(first.verbs.length + second.verbs.length).toBe(1);
  });

  it('a weight of 3 gets three of four calls, of 0 none while another is active', async () => {
    const [first, second] = await two();
    const third = await fakeRtpengine();
    const calls = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'].map(
      (c) => `rtpengine_offer("call-id=c${c}");`,
    );
    await run(sock(`${first.name}=3`, second.name, `${third.name}=0`), calls.join('\n'));
    expect([first, second, third].map(({ verbs }) => verbs.length)).toEqual([40, 12, 0]);
  });

  it('a socket that the script names is asked first, if the set has it', async () => {
    const [first, second] = await two();
    const body = `$var(s) = "${first.name}"; rtpengine_offer("", $var(s)); xlog("$rc $var(s)");
      $var(s) = "${second.name}"; rtpengine_offer("", $var(s)); xlog("$rc $var(s)");
      $var(s) = "udp:127.0.0.1:9"; rtpengine_delete("", $var(s)); xlog("$rc");`;
    const { prints } = await run(sock(first.name, second.name), body);
    expect(prints).toEqual([`1 ${first.name}`, `1 ${second.name}`, '1']);
    expect([first.verbs, second.verbs].map(([verb]) => verb)).toEqual(['offer', 'offer']);
  });
});

describe('the session description', () => {
  it('of a body with several parts is changed, and the others stay', async () => {
    const engine = await fakeRtpengine();
    const parts = `--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Type: application/sdp\n\n${sdp}\n--b--\n`;
    const { prints } = await run(
      engine,
      `${offer} xlog("$(rb(application/sdp){sdp.line,c}) $rb(text/plain)");`,
      {
        request: invite('call-1', 'multipart/mixed;boundary=b', parts),
      },
    );
    expect(prints[0]).toBe('1');
    expect(engine.commands[0]?.fields['sdp']).toBe(sdp.replace(/\n/g, '\r\n'));
  });

  it.each(['text/plain', 'application/pidf+xml'])('a body of type %s is none', async (type) => {
    const engine = await fakeRtpengine();
    expect((await run(engine, offer, { request: invite('call-1', type) })).prints).toEqual(['-1']);
    expect(engine.verbs).toEqual([]);
  });
});

describe('what a command says', () => {
  const fieldsOf = async (body: string, rest = '') => {
    const engine = await fakeRtpengine();
    await run(engine, body, { rest });
    return engine.commands.at(-1)?.fields;
  };

  it.each([
    ['via-branch=1', 'z9hG4bK-first'],
    ['via-branch=2', 'z9hG4bK-second'],
    ['via-branch=auto', 'z9hG4bK-first'],
    ['via-branch=extra', 'mine'],
    ['via-branch-param=given', 'given'],
  ])('%s', async (flags, branch) => {
    const rest = 'modparam("rtpengine", "extra_id_pv", "$avp(extra)")\n';
    const fields = await fieldsOf(`$avp(extra) = "mine"; rtpengine_offer("${flags}");`, rest);
    expect(fields?.['via-branch']).toBe(branch);
  });

  it('received-from and force-answer', async () => {
    const fields = await fieldsOf(
      'rtpengine_offer("received-from=2001:db8::1 force-answer from-tag=a to-tag=b");',
    );
    expect(fields).toMatchObject({
      command: 'answer',
      'from-tag': 'a',
      'to-tag': 'b',
      'received-from': ['2001:db8::1', 'IP6'],
    });
  });

  it.each(['via-branch=extra', 'via-branch=9', 'received-from=nowhere', 'force-answer', 'in-iface=a'])(
    'nothing with %s',
    async (flags) => {
      const engine = await fakeRtpengine();
      const body = `$var(f) = "${flags}"; rtpengine_offer($var(f)); xlog("$rc");`;
      expect((await run(engine, body)).prints).toEqual(['-1']);
      expect(engine.verbs).toEqual([]);
    },
  );
});

describe('in the background', () => {
  it('async() goes on with the message, and launch() with the rest', async () => {
    const engine = await fakeRtpengine();
    const rest = 'route[done] { xlog("$rc $(rb{sdp.line,c})"); }\nroute[gone] { xlog("gone $rc"); }\n';
    const { prints, request } = await run(
      engine,
      'launch(rtpengine_delete("call-id=old"), gone); async(rtpengine_offer(), done);',
      { rest },
    );
    expect(prints.toSorted()).toEqual(['1 c=IN IP4 192.0.2.1', 'gone 1']);
    expect(request).not.toBeNull();
    expect(engine.verbs.toSorted()).toEqual(['delete', 'offer']);
  });
});

describe('statistics', () => {
  const side = (ssrc: number) => ({ medias: [{ streams: [{ SSRC: ssrc }] }] });
  const of = (average: number, lowest: number, at: number) => ({
    'average MOS': { MOS: average, jitter: 1, 'packet loss': 2 },
    'lowest MOS': { MOS: lowest, jitter: 9, 'packet loss': 7, 'reported at': at },
    'highest MOS': { MOS: 44, jitter: 0, 'packet loss': 0, 'reported at': 105 },
  });
  const answer = {
    result: 'ok',
    created: 100,
    totals: { RTP: { bytes: 5, packets: 6, errors: 7 }, RTCP: { bytes: 0, packets: 0, errors: 0 } },
    SSRC: { '11': of(40, 30, 110), '22': of(43, 20, 120) },
    tags: { 'alice-1': side(11), 'bob-1': side(22) },
  };

  it('of the call and of one side, asked for once', async () => {
    const engine = await fakeRtpengine();
    engine.answer = ({ command }) => (command === 'query' ? answer : undefined);
    const { prints } = await run(
      engine,
      `$var(to) = "bob-1";
      xlog("$rtpstat");
      xlog("$rtpstat(MOS-average) $(rtpstat(MOS-average)[$ft]) $(rtpstat(MOS-average)[$var(to)])");
      xlog("$rtpstat(MOS-min) $rtpstat(MOS-min-at) $(rtpstat(MOS-min)[$ft]) $(rtpstat(MOS-min-at)[$ft]) $rtpstat(MOS-max)");
      xlog("$rtpstat(jitter-max) $rtpstat(packetloss-max-at) $rtpstat(roundtrip-average)");
      if ($rtpstat(MOS-min) < 25) xlog("bad");`,
    );
    expect(prints).toEqual([
      'RTP: 5 bytes, 6 packets, 7 errors; RTCP: 0 bytes, 0 packets, 0 errors',
      '41 40 43',
      '20 20 30 10 44',
      '0 5 <null>',
      'bad',
    ]);
    expect(engine.verbs).toEqual(['query']);
  });

  it('of a call that rtpengine does not know are null', async () => {
    const engine = await fakeRtpengine();
    engine.answer = ({ command }) =>
      command === 'query' ? { result: 'error', 'error-reason': 'Unknown call-id' } : undefined;
    const { prints, log } = await run(engine, 'xlog("$rtpstat $rtpquery $rtpstat(MOS-min)");');
    expect(prints).toEqual(['<null> <null> <null>']);
    expect(log.filter((line) => line.includes('Unknown call-id'))).toHaveLength(1);
  });
});

describe('the configuration', () => {
  const problems = (parameter: string, value: string) =>
    loadScript(
      `loadmodule "rtpengine.so"\nmodparam("rtpengine", "${parameter}", "${value}")\nroute { rtpengine_offer(); }\n`,
    ).diagnostics.flatMap(({ severity, message }) => (severity === 'error' ? message : []));

  it.each([
    ['rtpengine_sock', 'udp:127.0.0.1', 'invalid media relay "udp:127.0.0.1"'],
    ['rtpengine_sock', '/run/rtpengine.sock', 'invalid media relay'],
    ['rtpengine_sock', '1 ==', 'names no media relay'],
    ['notification_sock', 'nowhere', 'invalid notification_sock'],
    ['extra_failover_error', '(', 'extra_failover_error "("'],
  ])('%s %j is refused', (parameter, value, message) => {
    expect(problems(parameter, value).join('\n')).toContain(message);
  });

  it.each([
    'udp:127.0.0.1:2223',
    'udp:[::1]:2223=5 udp6:[2001:db8::1]:1',
    ' 3 == udp:media.example:2223   tcp:127.0.0.1:1',
    'https://media.example/ng=2',
  ])('%j is accepted', (value) => {
    expect(problems('rtpengine_sock', value)).toEqual([]);
  });

  it('flags with brackets that do not match are an error in the script', () => {
    const { diagnostics } = loadScript(
      'loadmodule "rtpengine.so"\nmodparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:1")\nroute { rtpengine_offer("codec=[strip=[PCMA]"); }\n',
    );
    expect(diagnostics.map(({ message }) => message).join('\n')).toContain('unbalanced brackets');
  });
});
