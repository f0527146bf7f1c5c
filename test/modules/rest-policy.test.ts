import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadScript } from '../../src/index.ts';
import { runScript } from '../support/run-script.ts';
import { type Answer, type RestService, respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

let service: RestService;
let answer: Answer;

beforeAll(async () => {
  service = await startService((request, response) => answer(request, response));
});
afterAll(() => service.close());
beforeEach(() => {
  answer = (_, response) => respond(response, 200, 'OK');
});

const modules = ['rest_client', 'rest_policy', 'json', 'cfgutils'];
const run = (body: string, rest = '') => runScript(body, { modules, rest });
const last = () => service.seen.at(-1);
const at = (path: string) => `${service.origin}${path}`;

/** The modparam for a file of this content. */
function policies(content: unknown): string {
  const path = join(temporaryFolder('policies'), 'policies.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return `modparam("rest_policy", "policy_file", "${path}")`;
}

describe('requests of any method', () => {
  it('rest_request() sends method, body and type, and sets its outputs', async () => {
    answer = (_, response) => response.writeHead(207, { 'Content-Type': 'a/b' }).end(' found ');
    const { prints } = await run(
      `$var(rc) = rest_request("REPORT", "${at('/r')}", "what", "text/x", $var(body), $var(type), $var(code));
       xlog("$var(rc) [$var(body)] $var(type) $var(code)");`,
    );
    expect(prints).toEqual(['1 [found] a/b 207']);
    expect(last()).toMatchObject({ method: 'REPORT', target: '/r', body: 'what' });
    expect(last()?.headers['content-type']).toBe('text/x');
  });

  it.each([
    ['rest_delete("URL", $var(body), $var(type), $var(code))', 'DELETE', ''],
    ['rest_patch("URL", "part", "text/p", $var(body), $var(type), $var(code))', 'PATCH', 'part'],
    ['rest_head("URL", $var(type), $var(code))', 'HEAD', ''],
    ['rest_request("GET", "URL", , , $var(body), $var(type), $var(code))', 'GET', ''],
    ['rest_request("OPTIONS", "URL")', 'OPTIONS', ''],
  ])('%s', async (call, method, body) => {
    answer = (_, response) => respond(response, 202, 'done');
    const { prints } = await run(
      `$var(code) = 202; ${call.replace('URL', at('/x'))}; xlog("$rc $var(code)");`,
    );
    expect(prints).toEqual(['1 202']);
    expect(last()).toMatchObject({ method, target: '/x', body });
  });

  it.each(['BAD METHOD', 'CONNECT', ''])('an invalid method %j is refused', async (method) => {
    const { prints, log } = await run(
      `$var(m) = "${method}"; rest_request($var(m), "${at('/')}"); xlog("$rc");`,
    );
    expect(prints).toEqual(['-1']);
    expect(log.join()).toContain(`invalid method ${JSON.stringify(method)}`);
  });

  it('appended headers go with them', async () => {
    await run(`rest_append_hf("X-Id: 7"); rest_delete("${at('/y')}");`);
    expect(last()?.headers['x-id']).toBe('7');
  });

  it('async() and launch() run them in the background', async () => {
    answer = ({ method }, response) => response.writeHead(200, { 'X-Method': method }).end(method);
    const routes = `
      route[done] { xlog("done $rc $avp(body) $rest_hdr(x-method)"); }
      route[report] { xlog("report $rc $param(1) $rest_kind"); }
    `;
    const { prints } = await run(
      `launch(rest_head("${at('/l')}"), report, "p");
       async(rest_delete("${at('/a')}", $avp(body)), done);`,
      routes,
    );
    expect(prints.toSorted()).toEqual(['done 1 DELETE DELETE', 'report 1 p response']);
  });
});

describe('rest_json()', () => {
  it('parses the answer into a document', async () => {
    answer = (_, response) => respond(response, 200, ' {"user":{"name":"alice"}} ');
    const { prints } = await run(
      `rest_json("${at('/j')}", $json(a), $var(code)); xlog("$rc $var(code) $json(a/user/name)");`,
    );
    expect(prints).toEqual(['1 200 alice']);
    expect(last()?.headers.accept).toBe('application/json');
  });

  it('sets any other variable to the text', async () => {
    answer = (_, response) => respond(response, 200, '[1, 2]');
    const { prints } = await run(`rest_json("${at('/j')}", $var(a)); xlog("$rc $var(a)");`);
    expect(prints).toEqual(['1 [1, 2]']);
  });

  it("leaves the script's own Accept alone", async () => {
    await run(`rest_append_hf("accept: text/json"); rest_json("${at('/j')}", $var(a));`);
    expect(last()?.headers.accept).toBe('text/json');
  });

  it.each([
    [404, '{}', '-6 404 old'],
    [200, '<html>', '-7 200 old'],
    [200, '', '-7 200 old'],
  ])('status %d with %j', async (status, text, expected) => {
    answer = (_, response) => respond(response, status, text);
    const { prints } = await run(
      `$json(a) = "old"; rest_json("${at('/j')}", $json(a), $var(code)); xlog("$rc $var(code) $json(a)");`,
    );
    expect(prints).toEqual([expected]);
  });
});

describe('rest_timeout()', () => {
  it('limits only the next request', async () => {
    answer = ({ target }, response) => {
      if (target !== '/slow') respond(response, 200, 'x');
    };
    const { prints } = await run(
      `rest_timeout(100); rest_get("${at('/slow')}", $var(b)); xlog("$rc $rest_kind $rest_reason");
       rest_get("${at('/next')}", $var(b)); xlog("$rc $rest_kind $rest_reason");`,
    );
    expect(prints[0]).toMatch(/^-[23] (?:connect-)?timeout .* within 100 ms/);
    expect(prints[1]).toBe('1 response <null>');
  });

  it('may be longer than curl_timeout', async () => {
    answer = (_, response) => setTimeout(() => respond(response, 200, 'late'), 1_200);
    const { prints } = await run(
      `rest_timeout(60000); rest_get("${at('/late')}", $var(b)); xlog("$rc $var(b)");`,
      'modparam("rest_client", "curl_timeout", 1)\nmodparam("rest_client", "connection_timeout", 1)\n',
    );
    expect(prints).toEqual(['1 late']);
  });

  it('refuses 0', async () => {
    const { prints, log } = await run('rest_timeout(0); xlog("$rc");');
    expect(prints).toEqual(['-1']);
    expect(log.join()).toContain('0 ms is not from 1');
  });
});

describe('variables about the last transfer', () => {
  it('are null before it', async () => {
    const { prints } = await run(
      'xlog("$rest_kind $rest_reason $rest_hdr(X) $rest_time $rest_url $(rest_hdr(X)[*])");',
    );
    expect(prints).toEqual(['<null> <null> <null> <null> <null> <null>']);
  });

  it('$rest_hdr has the fields of the answer by name and index', async () => {
    answer = (_, response) => response.writeHead(200, { 'X-A': ['one', 'two'], Other: 'o' }).end();
    const { prints } = await run(
      `rest_get("${at('/h')}", $var(b)); $var(i) = 1; $var(n) = "other";
       xlog("$rest_hdr(x-a) $(rest_hdr(X-A)[1]) $(rest_hdr(X-A)[-1]) $(rest_hdr(X-A)[$var(i)]) $(rest_hdr(X-A)[*])");
       xlog("$rest_hdr($var(n)) $rest_hdr(none) $(rest_hdr(X-A)[9])");
       for ($var(one) in $(rest_hdr(X-A)[*])) xlog("$var(one)");`,
    );
    expect(prints).toEqual(['one two two two one, two', 'o <null> <null>', 'one', 'two']);
  });

  it('$rest_url has neither user nor password', async () => {
    const url = at('/u?q=a@b').replace('//', '//bob:se@cret@');
    const { prints } = await run(`rest_get("${url}", $var(b)); xlog("$rest_url");`);
    expect(prints).toEqual([at('/u?q=a@b')]);
  });

  it('$rest_time is in milliseconds by phase', async () => {
    const { prints } = await run(
      `rest_get("${at('/t')}", $var(b));
       if ($rest_time(total) >= $rest_time(first_byte) && $rest_time(first_byte) >= $rest_time(connect)
           && $rest_time == $rest_time(total) && $rest_time(tls) == 0) xlog("in order");`,
    );
    expect(prints).toEqual(['in order']);
  });

  it('a failure has a kind and a reason', async () => {
    const { prints } = await run(
      'rest_get("http://127.0.0.1:1/x", $var(b)); xlog("$rc $rest_kind $rest_reason");',
    );
    expect(prints[0]).toMatch(/^-1 refused .+/);
  });
});

describe('$rest_attempts', () => {
  const retrying = policies({ hosts: { '127.0.0.1': { retry: { backoff: 0 }, cache: {} } } });

  it('counts retries, and $rest_time includes them', async () => {
    let asked = 0;
    answer = (_, response) => {
      asked++;
      setTimeout(() => respond(response, asked < 3 ? 503 : 200, 'x'), 20);
    };
    const { prints } = await run(
      `rest_get("${at('/again')}", $var(b), , $var(code));
       xlog("$var(code) $rest_attempts"); if ($rest_time >= 57 && $rest_time(first_byte) >= 57) xlog("all of it");`,
      retrying,
    );
    expect(prints).toEqual(['200 3', 'all of it']);
  });

  it('is 1 without policies, and 0 if a cache answers or a policy refuses', async () => {
    answer = (_, response) => {
      response.setHeader('Cache-Control', 'max-age=60');
      respond(response, 200, 'kept');
    };
    const twice = `rest_get("${at('/kept')}"); xlog("$rest_attempts"); rest_get("${at('/kept')}"); xlog("$rest_attempts");`;
    expect((await run(`xlog("$rest_attempts"); ${twice}`)).prints).toEqual(['<null>', '1', '1']);
    expect((await run(twice, retrying)).prints).toEqual(['1', '0']);
    const denied = policies({
      hosts: {
        '*': {
          auth: { scheme: 'oauth2', tokenUrl: 'http://127.0.0.1:1/', clientId: 'a', clientSecret: 'b' },
        },
      },
    });
    expect((await run(`rest_get("${at('/')}"); xlog("$rc $rest_attempts");`, denied)).prints).toEqual([
      '-5 0',
    ]);
  });
});

describe('E_REST_HOST_STATE', () => {
  const route = `event_route[E_REST_HOST_STATE] {
    xlog("$param(policy) $param(state) of $param(origin): $param(reason)");
    xlog("$param(2) $param(3)");
  }`;

  it('is raised when a circuit breaker changes', async () => {
    answer = (_, response) => respond(response, 500, 'x');
    const ask = `rest_get("${at('/')}");`;
    const file = policies({ hosts: { '127.0.0.1': { breaker: { minimum: 2, openTime: 1, probes: 1 } } } });
    const { prints } = await run(`${ask} ${ask} usleep(50000); ${ask}`, `${file}\n${route}`);
    expect(prints).toEqual([
      `breaker open of ${service.origin}: 2 of the last 2 calls within 10000 ms failed`,
      'breaker open',
      `breaker half-open of ${service.origin}: `,
      'breaker half-open',
      `breaker open of ${service.origin}: a probe failed`,
      'breaker open',
    ]);
  });

  it('is raised when a replica is ejected', async () => {
    const { port } = new URL(service.origin);
    const file = policies({
      hosts: {
        'credit.test': {
          replicas: { addresses: ['127.0.0.1:1', `127.0.0.1:${port}`], failures: 1, connectTimeout: 10_000 },
        },
      },
    });
    const ask = `rest_get("http://credit.test:${port}/");`;
    const { prints } = await run(`${ask} ${ask}`, `${file}\n${route}`);
    expect(prints).toEqual([
      `replicas ejected of http://credit.test:${port}: 127.0.0.1:1`,
      'replicas ejected',
    ]);
  });

  it('is known to the checker, by its module', () => {
    const source = `loadmodule "rest_client.so"\n${route}\nroute { exit; }`;
    const inert = (text: string): readonly (string | undefined)[] =>
      loadScript(text).diagnostics.flatMap(({ code, help }) => (code === 'inert' ? [help] : []));
    expect(inert(source)).toEqual(['add: loadmodule "rest_policy.so"']);
    expect(inert(`loadmodule "rest_policy.so"\n${source}`)).toEqual([]);
  });
});

describe('{rest.query}', () => {
  const printed = async (url: string, pairs: string, before = '') => {
    const { prints } = await run(`${before}$var(u) = "${url}"; xlog("$(var(u){rest.query,${pairs}})");`);
    return prints[0];
  };

  it('escapes names and values', async () => {
    expect(await printed('http://h/p', 'a b,c&d=e,x,1')).toBe('http://h/p?a%20b=c%26d%3De&x=1');
  });

  it('a comma or a separator in a variable stays in its value', async () => {
    expect(await printed('http://h/p?k=1', 'v,$var(v)', '$var(v) = "a,b&admin=1#x";')).toBe(
      'http://h/p?k=1&v=a%2Cb%26admin%3D1%23x',
    );
  });

  it('a null variable omits its pair, and the fragment stays last', async () => {
    expect(await printed('http://h/p#top', 'a,$avp(none),b,2')).toBe('http://h/p?b=2#top');
  });

  it('a name without a value is an error of the script', () => {
    const { diagnostics } = loadScript(
      'loadmodule "rest_client.so"\nloadmodule "rest_policy.so"\nroute { xlog("$(ru{rest.query,a,1,b})"); }',
    );
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ['transformation-arguments', '{rest.query}: a name without a value'],
    ]);
  });
});

it('check --portable names the module, and all that a script uses of it', () => {
  const { diagnostics } = loadScript(
    'socket=udp:127.0.0.1:5060\nloadmodule "proto_udp.so"\nloadmodule "rest_client.so"\nloadmodule "rest_policy.so"\nroute { rest_head("http://h/$(rU{rest.query,a,b})"); xlog("$rest_kind"); exit; }\nevent_route[E_REST_HOST_STATE] { exit; }',
    { portable: true },
  );
  expect(diagnostics.filter(({ severity }) => severity === 'warning').map(({ message }) => message)).toEqual([
    'OpenSIPS rejects the module rest_policy',
    'OpenSIPS rejects rest_head()',
    'OpenSIPS rejects {rest.query}',
    'OpenSIPS rejects $rest_kind',
    'OpenSIPS rejects event_route[E_REST_HOST_STATE]',
  ]);
});

it('needs rest_client', () => {
  const { diagnostics } = loadScript('loadmodule "rest_policy.so"\nroute { exit; }');
  expect(diagnostics.map(({ code }) => code)).toEqual(['module-not-loaded']);
});

describe('policy_file', () => {
  it('applies to the functions of rest_client as well', async () => {
    answer = (_, response) => {
      response.setHeader('Cache-Control', 'max-age=60');
      respond(response, 200, 'kept');
    };
    const before = service.seen.length;
    const { prints } = await run(
      `rest_get("${at('/c')}", $var(body)); xlog("$var(body) $rest_from_cache");
       rest_get("${at('/c')}", $var(body)); xlog("$var(body) $rest_from_cache");`,
      policies({ hosts: { '127.0.0.1': { cache: {} } } }),
    );
    expect(prints).toEqual(['kept 0', 'kept 1']);
    expect(service.seen.length - before).toBe(1);
  });

  it('returns -5 with the reason', async () => {
    const { prints } = await run(
      `rest_get("${at('/d')}"); xlog("$rc $rest_kind: $rest_reason");`,
      policies({ targets: { deny: ['127.0.0.0/8'] } }),
    );
    expect(prints).toEqual(['-5 blocked: 127.0.0.1 is in a network that is denied']);
  });

  it.each([
    ['{ "hosts": ', 'cannot be used: it is not JSON'],
    [{ hosts: { a: { retries: {} } } }, 'unknown option "retries" of hosts[\'a\']'],
    [{ host: {} }, 'did you mean hosts?'],
    [{ targets: { deny: ['http://x'] } }, 'invalid targets.deny'],
  ])('is validated: %j', (content, message) => {
    const source = `loadmodule "rest_client.so"
loadmodule "rest_policy.so"
${policies(content)}
route { rest_get("http://a/"); }
`;
    const { diagnostics } = loadScript(source);
    expect(diagnostics.map((one) => one.message).join()).toContain(message);
  });
});
