/** What scripts in use have in them. */
import { describe, expect, test } from 'vitest';
import { loadScript, renderDiagnostics } from '../../src/index.ts';
import { parseScript } from '../../src/script/index.ts';
import { benchOf } from '../support/script-bench.ts';
import { load, loadBody, rendered, summary } from './fixture.ts';

describe('unexpected bytes are ignored with a warning', () => {
  test.each([
    ['a no-break space', 'if ($fU == "a"\u00a0|| $fU == "b") exit;', 'U+00A0 (a no-break space)'],
    ['a backtick', '`  xlog("x");', 'character ```'],
    ['a zero', 'xlog("x"); \0', 'byte 0x00'],
    ['noise', 'xlog("x"); \\\x01§', 'character `\\`'],
  ])('%s', (_, body, named) => {
    const script = loadBody(body);
    expect(summary(script)).toEqual(['4 unexpected-character']);
    expect(script.valid).toBe(true);
    expect(script.diagnostics[0]?.message).toContain(named);
  });

  test('a byte order mark is ignored silently', () => {
    expect(summary(load('\ufeffroute { exit; }'))).toEqual([]);
  });
});

test('an address is compared with a network without quotes', () => {
  const { log, main } = benchOf(`xlog_level=3
route {
  $var(ip) = "10.1.2.3";
  if ($var(ip) == 10.0.0.0/8 && $var(ip) != 192.168.0.0/16) xlog("L_INFO", "private");
  if ($var(ip) == 192.168.0.0/16 || $var(ip) != 10.1.0.0/16) xlog("L_INFO", "never");
}`);
  void main();
  expect(log).toEqual(['private']);
});

test('ssl_verifyhost may be 2, which libcurl takes for yes; ssl_verifypeer may not', () => {
  const parameter = (name: string) =>
    loadScript(`loadmodule "rest_client.so" modparam("rest_client", "${name}", 2) route { exit; }`);
  expect(parameter('ssl_verifyhost').diagnostics).toEqual([]);
  expect(parameter('ssl_verifypeer').diagnostics.map(({ code }) => code)).toEqual(['parameter-value']);
});

test('[insert] and [insertAfter] are valid only where declared', () => {
  expect(summary(loadBody('$(avp(x)[insert]) = "a";'))).toEqual(['4 invalid-variable-use']);
  expect(summary(loadBody('$(avp(x)[insertAfterwards]) = "a";'))).toEqual(['4 bad-variable']);
});

test('an error over several lines is marked on each, without the middle of many', () => {
  expect(
    rendered(loadBody('  exit;\n  if (1) {\n    xlog("a");\n\n    xlog("b");\n    xlog("c");\n  }')),
  ).toBe(`warning[unreachable]: never reached: it follows exit
  --> test.cfg:5:3
   |
 5 |   if (1) {
   |   ^^^^^^^^
 6 |     xlog("a");
   |     ^^^^^^^^^^
...
10 |   }
   |   ^
`);
  expect(
    rendered(loadBody('  send_reply(\n    200\n  );')),
  ).toBe(`error[argument-count]: send_reply(): the argument "reason" is missing
 --> test.cfg:4:3
  |
4 |   send_reply(
  |   ^^^^^^^^^^^
5 |     200
  |     ^^^
6 |   );
  |   ^
  = help: usage: send_reply(code, reason)
`);
});

describe('what siprest does not have', () => {
  const text = `loadmodule "b2b_logic.so"
loadmodule "my_own.so"
modparam("b2b_logic|my_own", "x", 1)
route {
  b2b_init_request();
  mine($fU, "$own(x)");
  $var(x) = $(fU{mine.t});
  xlgo("x");
  b2b_init_request("B");
}`;

  test('is distinguished from typos by OpenSIPS’ documentation', () => {
    const { diagnostics, sources } = loadScript(text);
    expect(diagnostics.map(({ code, absent }) => `${code} ${absent?.module} ${absent?.name}`)).toEqual([
      'not-available b2b_logic b2b_logic',
      'not-available my_own my_own',
      'not-available b2b_logic b2b_init_request',
      'not-available my_own mine',
      'not-available my_own own',
      'not-available my_own mine.t',
      'unknown-function undefined undefined',
    ]);
    const list = renderDiagnostics(diagnostics, sources, { color: false }).split('error[not-available]')[1];
    expect(list).toBe(`: 2 modules and 4 names that siprest does not have
  module b2b_logic: script:1, 3
    b2b_init_request()  script:5, 9
  module my_own: script:2, 3
    mine()              script:6
    $own                script:6
    {mine.t}            script:7
`);
  });

  test('is a warning if allowed, and errors stay errors', () => {
    const { diagnostics, isValid } = loadScript(text, { allowMissing: true });
    expect(diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual([
      'unknown-function',
    ]);
    expect(isValid).toBe(false);
    expect(loadScript(text.replace('send_repyl', 'xlog'), { allowMissing: true }).isValid).toBe(false);
    expect(loadScript(text.replace('xlgo("x")', 'exit'), { allowMissing: true }).isValid).toBe(true);
  });
});

describe('the older dialect', () => {
  const check = (text: string) =>
    loadScript(text).diagnostics.map(({ code, message, help }) =>
      [code, message, help].filter((part) => part !== undefined).join(' | '),
    );
  const silent =
    'loadmodule "tm.so"\nloadmodule "uri.so"\nloadmodule "sipmsgops.so"\nloadmodule "event_route.so"\n';

  test('renamed functions and parameters still work', () => {
    expect(
      check(`${silent}modparam("tm", "fr_timer", 5)
modparam("tm", "fr_inv_timer", "30")
route {
  xlog("L_ERROR", "x");
  xlog("L_WARNING", "x");
  remove_hf("^X-", "r");
  if (has_totag() && uri_param("a", "b")) add_uri_param("c=d");
}`),
    ).toEqual([]);
  });

  test('functions now in sipmsgops are available with only the uri module', () => {
    expect(check('loadmodule "uri.so"\nroute { if (has_totag()) tel2sip(); }')).toEqual([]);
    expect(check('route { if (has_totag()) exit; }')).toEqual([
      'module-not-loaded | has_totag() belongs to the module sipmsgops, which is not loaded | add: loadmodule "sipmsgops.so"',
    ]);
  });

  test.each([
    '!(method =~ "^(OPTIONS|NOTIFY)$")',
    '(method == INVITE && !is_myself("x")) || msg:len >= max_len',
    'uri == myself && from_uri!=myself || dst_ip == myself || $fu==myself',
    'src_ip == 10.0.0.0/8 || src_ip != 10.0.0.1 || src_port == 5060',
    'proto == UDP && af == INET6 && retcode == -1 && status =~ "2.."',
    '!uri =~ "^sip:1" || to_uri == "sip:x@y" || dst_port == 5060',
  ])('words of before version 3 stand for variables and calls: %s', (condition) => {
    expect(check(`route { if (${condition}) exit; }`)).toEqual([]);
  });

  test('a word without a meaning is reported', () => {
    const words = (condition: string) => check(`route { if (${condition}) exit; }`);
    expect(words('constructor == 1')).toEqual([
      'bare-word | `constructor` is not a value | use constructor() to call a function, or put text in quotes',
    ]);
    expect(words('$rd == myself')).toEqual([
      'bare-word | `myself` is not a value | use is_myself("HOST", PORT) instead',
    ]);
  });

  test('for a moved global parameter, the new place is named', () => {
    expect(check('tls_ca_list="/etc/ca.pem"\ntcp_poll_method=epoll_et\nroute { exit; }')).toEqual([
      'unknown-setting | unknown global parameter "tls_ca_list" | use modparam("tls_mgm", "ca_list", "[domain]...") instead',
      'inert | tcp_poll_method has no effect: Node.js chooses the polling method (epoll on Linux)',
    ]);
    expect(check('constructor=1\nroute { exit; }')).toEqual([
      'unknown-setting | unknown global parameter "constructor"',
    ]);
    expect(check('socket=udp:2a00:4a40:8::1:5060\nroute { exit; }')).toEqual([]);
  });

  test('names that OpenSIPS has no more are absent and not mistyped', () => {
    const script = loadScript(`loadmodule "tls_mgm.so"
modparam("tls_mgm", "db_url", "mysql://localhost/opensips")
route {
  unforce_rtp_proxy();
}`);
    expect(script.diagnostics.map(({ code, absent }) => [code, absent?.module, absent?.name])).toEqual([
      ['inert', undefined, undefined],
      ['not-available', 'rtpproxy', 'unforce_rtp_proxy'],
    ]);
  });
});

describe('repeated reports', () => {
  test('for an unfilled template, the diagnostic explains how to fill it', () => {
    const [diagnostic] = loadScript('socket=udp:${HOST}:5060\nroute { exit; }').diagnostics;
    expect(diagnostic?.help).toContain('siprest check -p COMMAND');
  });

  test('an event_route that never runs is reported', () => {
    const events = (raise: string) =>
      loadScript(`route { ${raise} }
event_route[E_UL_CONTACT_INSERT] { xlog("x"); }
event_route[E_OWN, async] { xlog("x"); }`).diagnostics.map(({ code, severity, message }) => [
        code,
        severity,
        message.split(' ')[0],
      ]);
    expect(events('raise_event("E_OWN");')).toEqual([
      ['inert', 'warning', 'event_route[E_UL_CONTACT_INSERT]'],
    ]);
    expect(events('exit;').length).toBe(2);
    expect(events('raise_event("E_$fU");')).toEqual([]);
  });

  test('a file that includes itself is one error', () => {
    const text = 'include_file "main.cfg"\nroute { exit; }';
    const { diagnostics } = parseScript(text, 'main.cfg', () => text);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'cannot include "main.cfg": the file includes itself',
    ]);
  });

  test('a name similar to one of a module that is not loaded is pointed out', () => {
    const [diagnostic] = loadScript('route { send_repyl(200, "OK"); }').diagnostics;
    expect(diagnostic?.message).toBe('unknown function send_repyl()');
    expect(diagnostic?.help).toBe(
      'did you mean send_reply()? It belongs to the module signaling, which is not loaded',
    );
  });

  test('a message does not quote megabytes of the script', () => {
    const long = 'x'.repeat(1_000_000);
    const texts = [
      long,
      `${long}=1`,
      `route { ${long}(); $${long} = 1; $var(x) = $(fU{${long}}); route(${long}); if (${long} == 1) exit; }`,
      `socket="${'x '.repeat(500_000)}"\nloadmodule "${long}"\nmodparam("${long}", "x", 1)\nroute { exit; }`,
    ];
    for (const text of texts) {
      const { diagnostics, sources } = loadScript(text);
      expect(diagnostics.length).toBeGreaterThan(0);
      for (const { message, help = '' } of diagnostics)
        expect(Math.max(message.length, help.length)).toBeLessThan(600);
      expect(renderDiagnostics(diagnostics, sources, { color: false }).length).toBeLessThan(10_000);
    }
  });

  test('warnings never keep a script from starting, and errors after them are found', () => {
    const script = (rest: string) => loadScript(`route { ${'`\n'.repeat(500)} ${rest} exit; }`);
    const { diagnostics, isValid } = script('');
    expect(diagnostics.filter(({ code }) => code === 'unexpected-character').length).toBe(200);
    expect(diagnostics.at(-1)).toMatchObject({
      code: 'too-many-errors',
      severity: 'warning',
      message: 'more than 200 warnings: the rest is not shown',
    });
    expect(isValid).toBe(true);
    expect(script('nope();').diagnostics.map(({ code }) => code)).toContain('unknown-function');
    expect(script('b2b_init_request();').diagnostics.map(({ code }) => code)).toContain('not-available');
  });
});
