/** Line breaks and NULs that come out of a variable never become headers, wherever the text goes. */
import { describe, expect, test } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { relayBench } from '../support/relay-bench.ts';
import { respond, startService } from '../support/service.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const evil = 'a\\r\\nInjected: yes';

/** Runs the statements on a relayed INVITE; whatever arrives anywhere is looked through. */
async function outcome(statements: string, routes = '', armed = '') {
  const bench = await relayBench(
    `loadmodule "textops.so"\nloadmodule "signaling.so"
     route { if (is_method("ACK")) exit; $var(v) = "${evil}"; $ru = "sip:a@CALLEE0"; ${statements} ${armed} t_relay(); } ${routes}`,
  );
  const [callee] = bench.callees as [SipPeer];
  bench.caller.request(bench.port, 'sip:bob@biloxi.example', {
    headers: ['Supported: timer', 'Content-Type: text/plain'],
    body: 'hello',
  });
  const invite = await callee.next('INVITE');
  callee.reply(invite, 180);
  await bench.caller.next(180);
  callee.reply(invite, 200);
  await bench.caller.next(200);
  return {
    prints: bench.prints(),
    log: bench.server.log.join('\n'),
    invite,
    all: [...callee.received, ...bench.caller.received].map(({ raw }) => raw),
  };
}

const refused = [
  'append_hf("X: $var(v)\\r\\n")',
  'append_hf($var(v))',
  'append_hf("X: $var(v)")',
  'append_hf("X: $var(v)\\r\\n", "From")',
  'insert_hf("X: $var(v)\\r\\n")',
  'insert_hf("X: $var(v)\\r\\n", "From")',
  'append_urihf("X: $var(v)", "\\r\\n")',
  'append_urihf("X: ", "$var(v)\\r\\n")',
  'append_to_reply("X: $var(v)\\r\\n")',
  'append_to_reply("$var(v)")',
  't_add_hdrs("X: $var(v)\\r\\n")',
  'add_body_part("text", "text/plain", "X: $var(v)\\r\\n")',
  'add_body_part("text", "text/plain$var(v)")',
  'replace("timer", "$var(v)")',
  'replace_all("timer", "$var(v)")',
  'search_append("timer", "$var(v)")',
  'subst("/timer/$var(v)/")',
  'list_hdr_add_option("Supported", "$var(v)")',
  'list_hdr_add_option("Supported", "a, b")',
  'record_route(";x=$var(v)")',
  'record_route(";x=1>, <sip:other.example;lr")',
  'record_route("x")',
  'record_route_preset("127.0.0.1:5060$var(v)")',
  'record_route_preset("127.0.0.1:5060>,<sip:other.example")',
  'add_rr_param(";x=$var(v)")',
  'add_rr_param("@other.example")',
  't_reply(183, "$var(v)")',
  'send_reply(183, "$var(v)")',
  'sl_send_reply(183, "$var(v)")',
] as const;

describe('is refused with -1 and logged', () => {
  test.each(refused)('%s', async (call) => {
    const { prints, log, all } = await outcome(`${call}; xlog("print $rc");`);
    expect(prints).toEqual(['-1']);
    expect(log).toMatch(/\(\): (?:refused|expected)/);
    expect(all.join('')).not.toMatch(/Injected|other\.example|^x:/im);
  });

  test.each([
    ['a NUL', 'a{s.decode.hexa}', '6100'],
    ['a bare CR', 'a{s.decode.hexa}', '610d62'],
    ['a bare LF', 'a{s.decode.hexa}', '610a62'],
    ['a folded line', 'a{s.decode.hexa}', '610d0a2062'],
  ])('%s', async (_, __, hexa) => {
    const { prints, all } = await outcome(
      `$var(h) = "${hexa}"; append_hf("X: $(var(h){s.decode.hexa})\\r\\n"); xlog("print $rc");`,
    );
    expect(prints).toEqual(['-1']);
    expect(all.join('')).not.toMatch(/^X:/m);
  });

  test('text from a REST service, and text encoded by a caller', async () => {
    const service = closeLater(
      await startService((_, response) => respond(response, 200, 'a\r\nInjected: yes')),
    );
    const { prints, all } = await outcome(
      `rest_get("${service.origin}/", $var(answer)); append_hf("X: $var(answer)\\r\\n"); xlog("print $rc");
       $var(coded) = "YQ0KSW5qZWN0ZWQ6IHllcw=="; append_to_reply("X: $(var(coded){s.b64decode})\\r\\n"); xlog("print $rc");`,
    );
    expect(prints).toEqual(['-1', '-1']);
    expect(all.join('')).not.toContain('Injected');
  });

  test('the parts of a generated request', async () => {
    const { prints } = await outcome(
      `t_new_request("OPTIONS", "sip:x@127.0.0.1:9", "sip:a@b", "$var(v) sip:c@d"); xlog("print $rc");
       t_new_request("OPTIONS sip:y SIP/2.0\r\nX", "sip:x@127.0.0.1:9", "sip:a@b", "sip:c@d"); xlog("print $rc");
       t_new_request("OPTIONS", "sip:x@127.0.0.1:9\r\nX: y", "sip:a@b", "sip:c@d"); xlog("print $rc");`,
    );
    expect(prints).toEqual(['-1', '-1', '-1']);
  });

  test('in branch and reply routes', async () => {
    const { prints, all } = await outcome(
      '',
      `branch_route[b] { append_hf("X: $var(v)\\r\\n"); xlog("print $rc"); }
       onreply_route[r] {
         append_hf("X: $var(v)\\r\\n"); xlog("print $rc");
         change_reply_status($rs, "$var(v)"); xlog("print $rc");
       }`,
      't_on_branch("b"); t_on_reply("r");',
    );
    expect(prints).toEqual(['-1', '-1', '-1', '-1', '-1']);
    expect(all.join('')).not.toContain('Injected');
  });

  test('the parts of a URI', async () => {
    const { prints, invite } = await outcome(
      `setuserpass("p@other.example"); xlog("print $rc $ru"); setuserpass("x:y"); xlog("print $rc");
       ruri_add_param("x=1?Subject=y"); xlog("print $rc"); ruri_add_param("x@other.example"); xlog("print $rc");
       setuser("a@other.example"); xlog("print $rc"); $rU = "a:b@c"; $rd = "h;x"; $du = "sip:x@y>\\r\\nX: y"; seturi("sip:x@y\\r\\nX: y"); xlog("print $rc $du");`,
    );
    const [first, ...others] = prints;
    expect(first).toMatch(/^-1 sip:a@127\.0\.0\.1:\d+$/);
    expect(others).toEqual(['1', '-1', '-1', '-1', '-1 <null>']);
    expect(invite.uri).toMatch(/^sip:a:x:y@127\.0\.0\.1:\d+$/);
  });
});

describe('is accepted', () => {
  test('a line break that the script itself writes', async () => {
    const { prints, invite } = await outcome(
      `$var(a) = "1"; append_hf("X-A: $var(a)\\r\\nX-B: $var(a)\\r\\n"); xlog("print $rc");
       replace("Supported: ", "X-C: 3\\r\\nSupported: "); xlog("print $rc");
       record_route(";did=1"); xlog("print $rc"); add_rr_param(";x=$var(a)"); xlog("print $rc");`,
    );
    expect(prints).toEqual(['1', '1', '1', '1']);
    expect(['x-a', 'x-b', 'x-c', 'supported'].map((name) => invite.header(name))).toEqual([
      '1',
      '1',
      '3',
      'timer',
    ]);
    expect(invite.header('record-route')).toContain(';did=1;x=1>');
  });

  test('a whole header in a variable, with its line break', async () => {
    const { prints, invite } = await outcome(
      `$var(h) = "X-A: 1\\r\\n"; append_hf($var(h)); xlog("print $rc"); append_hf("$var(h)"); xlog("print $rc");`,
    );
    expect(prints).toEqual(['1', '1']);
    expect(invite.all('x-a')).toEqual(['1', '1']);
  });

  test('a text of several lines in a body, whose headers stay intact', async () => {
    const { prints, invite } = await outcome(`replace_body("hello", "$var(v)\\r\\n"); xlog("print $rc");`);
    expect(prints).toEqual(['1']);
    expect(invite.body).toBe('a\r\nInjected: yes\r\n');
    expect(invite.header('content-length')).toBe('18');
    expect(invite.header('injected')).toBeUndefined();
  });
});
