import { describe, expect, test } from 'vitest';
import { check, parseScript } from '../../src/script/index.ts';
import { catalog, load, loadBody, summary } from './fixture.ts';

const main = 'route { exit; }\n';

describe('valid scripts have no diagnostics', () => {
  test.each([
    '$var(a) = "x $nope" + $fU;',
    'if ($fU == "$nope" || $rc > 3 && is_method("INVITE|BYE")) exit;',
    'xlog("x"); xlog("L_ERR", "x"); xlog(L_INFO, "$fU"); xlog(-1, $fU); xlog($var(level), "x");',
    'rest_get("u", $var(b)); rest_get("u", $var(b), , $var(c)); rest_get($fU, "$var(b)", "$avp(x)", $(avp(c)[append]));',
    'send_reply(200, "OK"); send_reply("404", "$fU"); send_reply($var(c), $var(r)); send_reply("$var(c)", 1);',
    '$(avp(x)[1]) = 1; $(avp(x)[append]) = "x"; $(avp(x)[*]) = NULL; $avp($var(n)) := 3;',
    '$json(o/$var(k)) = "x"; for ($var(i) in $(json(o/l)[*])) { xlog("$var(i)"); break; }',
    '$var(t) = $(fU{s.substr,1,$var(n)}{s.len}) + $(fU{s.select,1,,});',
    'setflag(A_FLAG); setflag("A_FLAG"); setflag(1); cache_store("local", $fU); cache_store("local", NULL);',
    'switch ($rc) { case 1: xlog("a"); break; case "x": case 2: default: xlog("b"); }',
    'async(rest_get("u", $var(b)), resume, $var(t)); }\nroute[resume] { exit;',
    'launch(rest_get("u", $var(b))); launch(rest_get("u", $var(b)), report, "about $fU"); }\nroute[report] { exit;',
    'route(a, "x-$nope", 1, $var(x)); if (!route(a)) return(1, "x", $fU); }\nroute[a] { return -1;',
    'search("^a|b$"); search("x$var(y)"); search($fU); if ($fU =~ "^a") exit;',
    'xlog("$ct.fields(uri) $(ct.fields($var(x))) $time(%Y)");',
    'while (1) { if (2) { break; } }',
  ])('%s', (body) => {
    expect(summary(loadBody(body))).toEqual([]);
  });
});

describe('errors are named', () => {
  test.each([
    ['xlog();', 'argument-count'],
    ['xlog("L_ERR", "x", "y");', 'argument-count'],
    ['rest_get("u", , $var(b));', 'argument-count'],
    ['send_reply("OK", 200);', 'argument-type'],
    ['send_reply(NULL, "x");', 'argument-type'],
    ['xlog("L_LOUD", "x");', 'argument-type'],
    ['rest_get("u", $fU);', 'read-only-variable'],
    ['rest_get("u", "$fU");', 'read-only-variable'],
    ['rest_get("u", $(var(b){s.len}));', 'invalid-variable-use'],
    ['rest_get("u" + $fU, $var(b));', 'argument-type'],
    ['xlog(is_method("x"));', 'argument-type'],
    ['is_method("$var(m)");', 'argument-type'],
    ['cache_store("lokal", 1);', 'argument-value'],
    ['$var(a) = $var;', 'invalid-variable-use'],
    ['$var(a) = $var();', 'invalid-variable-use'],
    ['$var(a) = $fU(x);', 'invalid-variable-use'],
    ['$var(a) = $(fU[1]);', 'invalid-variable-use'],
    ['$var(a) = $(avp(x)[append]);', 'invalid-variable-use'],
    ['$var(a) = $ct.fields(urj);', 'invalid-variable-use'],
    ['$var(a) = $time(Y);', 'invalid-variable-use'],
    ['xlog("$avp($nope)");', 'unknown-variable'],
    ['xlog("$(hdr(x)[$nope])");', 'unknown-variable'],
    ['$var(a) = $(fU{s.length});', 'unknown-transformation'],
    ['$var(a) = $(fU{s.substr,1});', 'transformation-arguments'],
    ['$var(a) = $(fU{s.substr,a,1});', 'transformation-arguments'],
    ['$var(a) = $(fU{s.len,1});', 'transformation-arguments'],
    ['$nope = 1;', 'unknown-variable'],
    ['for ($fU in $(avp(l)[*])) exit;', 'read-only-variable'],
    ['break;', 'break-outside'],
    ['if (1) { break; }', 'break-outside'],
    ['async(is_method("x"), a); }\nroute[a] { exit;', 'not-async'],
    ['launch(is_method("x"));', 'not-async'],
    ['launch(rest_get("u", $var(b)), nowhere);', 'unknown-route'],
    ['route(nowhere);', 'unknown-route'],
    ['if (exit()) exit;', 'syntax'],
    ['route(a, is_method("x")); }\nroute[a] { exit;', 'argument-type'],
    ['return(1, is_method("x"));', 'argument-type'],
    ['exit; }\ntimer_route[t, 1] { async(rest_get("u", $var(b)), a); }\nroute[a] { exit;', 'route-kind'],
    ['exit; }\nstartup_route { send_reply(200, "OK");', 'route-kind'],
    ['rest_init_client_tls("d");', 'module-not-loaded'],
    ['switch ($rc) { case 1: exit; case 1: exit; }', 'duplicate-case'],
    ['return; return;', 'unreachable'],
    ['exit; }\nfailure_route[f] { exit;', 'inert'],
  ])('%s', (body, code) => {
    expect(summary(loadBody(body)).map((one) => one.split(' ')[1])).toEqual([code]);
  });

  test("a regular expression, by the caller's validator", () => {
    const checkRegex = (pattern: string) => (pattern.includes('[') ? 'a bracket is open' : null);
    const codes = (body: string) =>
      load(`route {\n${body}\n}`, { checkRegex }).diagnostics.map((one) => one.code);
    expect(codes('if ($fU =~ "[a") exit;')).toEqual(['invalid-regex']);
    expect(codes('search("[a");')).toEqual(['invalid-regex']);
    expect(codes('search("[$fU"); if ($fU =~ $var(x)) exit; if ($fU == "[") exit;')).toEqual([]);
  });
});

describe('routes', () => {
  test('a script needs a main route, and unique names', () => {
    expect(summary(load('route[a] { exit; }'))).toEqual(['1 no-main-route']);
    expect(summary(load('route[0] { exit; }'))).toEqual([]);
    expect(summary(load('route { exit; }\nroute[0] { exit; }'))).toEqual(['2 duplicate-route']);
    expect(summary(load(`${main}route[a] { exit; }\nroute["a"] { exit; }`))).toEqual(['3 duplicate-route']);
    expect(summary(load(`${main}route[a] { exit; }\nfailure_route[a] { exit; }`))).toEqual(['3 inert']);
  });

  test('an argument that names a route must name one of the right kind', () => {
    const modules = 'loadmodule "rest_client.so" loadmodule "tm.so"\n';
    expect(summary(load(`${modules}route { t_on_failure("a"); }\nroute[a] { exit; }`))).toEqual([
      '2 unknown-route',
    ]);
    expect(load(`${modules}route { t_on_failure("a"); }\nfailure_route[a] { exit; }`).valid).toBe(true);
  });
});

describe('modules and global parameters', () => {
  test('values are validated, with defaults for missing ones', () => {
    const script = load(`
      debug=2 server_signature=no socket=udp:127.0.0.1:5060 as 1.2.3.4 listen=udp:[::1]:5060
      loadmodule "rest_client.so" loadmodule "tls_mgm.so"
      modparam("rest_client", "curl_timeout", "0.25") modparam("rest_client", "connection_timeout", 0.1 )
      ${main}`);
    expect(script.values.get(catalog.settings)).toEqual({
      log_level: 2,
      server_signature: false,
      socket: ['udp:127.0.0.1:5060', 'udp:[::1]:5060'],
      server_header: null,
      fork: true,
    });
    expect(script.sockets.map((one) => one.options.length)).toEqual([1, 0]);
  });

  test('module parameters of each type', () => {
    const script = load(`
      loadmodule "rest_client.so" loadmodule "tls_mgm.so"
      modparam("rest_client", "curl_timeout", "0.25")
      modparam("rest_client", "connection_timeout", "0.1")
      modparam("rest_client", "curl_http_version", "2")
      modparam("rest_client", "ssl_verifypeer", no)
      modparam("tls_mgm", "client_domain", "a") modparam("tls_mgm", "client_domain", "b")
      ${main}`);
    expect(summary(script)).toEqual([]);
    const values = script.modules.map(({ name, parameters = [] }) => [name, script.values.get(parameters)]);
    expect(values).toEqual([
      [
        'rest_client',
        {
          curl_timeout: 0.25,
          connection_timeout: 0.1,
          curl_http_version: 2,
          ssl_verifypeer: false,
          connect_poll_interval: 20,
        },
      ],
      ['tls_mgm', { client_domain: ['a', 'b'] }],
    ]);
  });

  test.each([
    ['log_level=9', 'setting-value'],
    ['log_level=high', 'setting-value'],
    ['server_signature=2', 'setting-value'],
    ['socket=udp 127.0.0.1', 'syntax'],
    ['socket="not a socket"', 'setting-value'],
    ['log_level=3 anycast', 'setting-value'],
    ['log_levle=3', 'unknown-setting'],
    ['fork=no', 'inert'],
    ['loadmodule "dialog.so"', 'unknown-module'],
    ['loadmodule "tm.so"', 'module-not-loaded'],
    ['loadmodule "mi_fifo.so"', 'inert'],
    ['loadmodule "json.so" loadmodule "json.so"', 'duplicate-module'],
    ['modparam("json", "x", 1)', 'module-not-loaded'],
    ['modparam("dialog", "x", 1)', 'unknown-module'],
    ['loadmodule "rest_client.so" modparam("rest_client", "curl_timeut", 1)', 'unknown-parameter'],
    ['loadmodule "rest_client.so" modparam("rest_client", "curl_timeout", 0)', 'parameter-value'],
    ['loadmodule "rest_client.so" modparam("rest_client", "curl_timeout", "soon")', 'parameter-value'],
    ['loadmodule "rest_client.so" modparam("rest_client", "curl_http_version", 6)', 'parameter-value'],
    ['loadmodule "rest_client.so" modparam("rest_client", "curl_timeout", 1)', 'parameter-conflict'],
    ['loadmodule "rest_client.so" modparam("rest_client", "connect_poll_interval", 5)', 'inert'],
  ])('%s', (text, code) => {
    expect(summary(load(`${text}\n${main}`)).map((one) => one.split(' ')[1])).toEqual([code]);
  });

  test('defaults, and the parameters of a module without effect, are not reported', () => {
    expect(summary(load(`fork=yes\n${main}`))).toEqual([]);
    expect(summary(load(`loadmodule "mi_fifo.so"\nmodparam("mi_fifo", "fifo_name", "/x")\n${main}`))).toEqual(
      ['1 inert'],
    );
  });

  test('an absent module is named once, with its uses', () => {
    const script = load(
      `loadmodule "dialog.so"\nmodparam("dialog", "a", 1)\nmodparam("dialog", "b", 2)\nroute { create_dialog(); }`,
    );
    expect(summary(script)).toEqual(['1 unknown-module', '4 unknown-function']);
    expect(script.diagnostics[0]?.labels).toHaveLength(2);
  });
});

test('the checker runs on a syntax tree alone', () => {
  const { script } = parseScript('route { nope(); }', 'x.cfg');
  expect(check(script, catalog).diagnostics.map((one) => one.code)).toEqual(['unknown-function']);
});
