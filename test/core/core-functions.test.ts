import { describe, expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';

describe('the request URI', () => {
  const start = '$ru = "sip:12345:pw@x.example:5080;lr";';
  test.each([
    ['seturi("sip:new@y.example")', '1 sip:new@y.example'],
    ['seturi("no URI")', '-1 sip:12345:pw@x.example:5080;lr'],
    ['sethost("10.0.0.1")', '1 sip:12345:pw@10.0.0.1:5080;lr'],
    ['sethost("a b")', '-1 sip:12345:pw@x.example:5080;lr'],
    ['setport("5090")', '1 sip:12345:pw@x.example:5090;lr'],
    ['setport("x")', '-1 sip:12345:pw@x.example:5080;lr'],
    ['sethostport("1.4.1.4:5080")', '1 sip:12345:pw@1.4.1.4:5080;lr'],
    ['setuser("bob")', '1 sip:bob:pw@x.example:5080;lr'],
    ['setuserpass("secret")', '1 sip:12345:secret@x.example:5080;lr'],
    ['prefix("00")', '1 sip:0012345:pw@x.example:5080;lr'],
    ['strip(2)', '1 sip:345:pw@x.example:5080;lr'],
    ['strip(6)', '1 sip:x.example:5080;lr'],
    ['strip_tail(2)', '1 sip:123:pw@x.example:5080;lr'],
    ['revert_uri()', '1 sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone'],
  ])('%s', async (call, expected) => {
    const { prints } = await runScript(`${start} ${call}; xlog("$rc $ru");`);
    expect(prints).toEqual([expected]);
  });
});

test.each([
  ['isdsturiset()', '-1'],
  ['setdsturi("sip:gw.example"); isdsturiset()', '1'],
  ['setdsturi("sip:gw.example"); resetdsturi(); isdsturiset()', '-1'],
  ['setdsturi("gw")', '-1'],
  ['setflag(NAT); isflagset(NAT)', '1'],
  ['setflag("NAT"); resetflag("NAT"); isflagset(NAT)', '-1'],
  ['setbflag("B"); isbflagset("B")', '1'],
  ['setbflag("B", 1); isbflagset("B")', '-1'],
  ['construct_uri("sip", "bob", "x.example", "5070", "lr", $var(u)); $rc = $rc', '1'],
  ['construct_uri("http", , "x.example", , , $var(u))', '-1'],
  ['set_via_handling("force-rport, reply-to-via")', '1'],
  ['set_via_handling("no-such-flag")', '-1'],
  ['cache_raw_query("local", "x")', '-1'],
  ['is_myself("elsewhere.example")', '-1'],
  ['get_timestamp($var(s), $var(us))', '1'],
])('%s returns %s', async (call, expected) => {
  const { prints } = await runScript(`${call.replace('; $rc = $rc', '')}; xlog("$rc");`, {
    modules: ['cachedb_local'],
  });
  expect(prints).toEqual([expected]);
});

test('construct_uri() omits empty parts', async () => {
  const { prints } = await runScript(
    `construct_uri("sip", "bob", "x.example", "5070", "lr", $var(a)); xlog("$var(a)");
     construct_uri("sips", , "x.example", "", , $avp(b)); xlog("$avp(b)");`,
  );
  expect(prints).toEqual(['sip:bob@x.example:5070;lr', 'sips:x.example']);
});

test('pv_printf() sets the given variable', async () => {
  const { prints } = await runScript('pv_printf($ru, "sip:$fU@y.example"); xlog("$ru");');
  expect(prints).toEqual(['sip:alice@y.example']);
});

test('force-rport sends the reply to the source port of the request', async () => {
  const { sent } = await runScript('set_via_handling("force-rport"); sl_send_reply(200, "OK");', {
    modules: ['sl'],
  });
  expect(sent[0]).toMatch(/^Via: \S+ \S+;rport=5062/m);
});

describe('maxfwd', () => {
  test('is decremented in the forwarded request', async () => {
    const { prints } = await runScript(
      `mf_process_maxfwd_header(10); xlog("$rc $hdr(Max-Forwards)");
       is_maxfwd_lt(70); xlog("$rc"); is_maxfwd_lt(69); xlog("$rc");`,
      { modules: ['maxfwd'] },
    );
    expect(prints).toEqual(['1 69', '1', '-1']);
  });
});

describe('{nameaddr}', () => {
  test.each([
    ['"first" <first@x.example>, "second" <second@x.example>', 'nameaddr.-1.name', '"second"'],
    ['"first" <first@x.example>, "second" <second@x.example>', 'nameaddr.1.uri', 'second@x.example'],
    ['"test" <sip:test@x.example>;tag=1', 'nameaddr.param,tag', '1'],
  ])('%s {%s}', async (text, transformation, expected) => {
    const { prints } = await runScript(`$var(a) = '${text}'; xlog("$(var(a){${transformation}})");`);
    expect(prints).toEqual([expected]);
  });
});
