/**
 * The examples of the rest_client documentation, word for word but for hosts, and http for https. What `...`
 * stands for there is written here; the numbers are the document's.
 */
import { describe, expect, it } from 'vitest';
import { loadScript } from '../../src/index.ts';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { type Answer, type RestService, respond, startService } from '../support/service.ts';
import { type SipReply, sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const preamble = `
log_level=3
xlog_level=3
udp_workers=2
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
`;

const answered = 'send_reply(200, "OK");';
const from = (user: string) => `"A" <sip:${user}@atlanta.example.com>;tag=1`;

interface Setting {
  readonly service: RestService;
  readonly server: TestServer;
  call(user?: string): Promise<SipReply>;
}

/** `hosts` of the example become the service; those in `refusing` a port where nothing listens. */
async function serve(script: string, hosts: RegExp, answer: Answer | 'refuse'): Promise<Setting> {
  const service = closeLater(await startService(answer === 'refuse' ? () => {} : answer));
  const host = answer === 'refuse' ? `127.0.0.1:${await freePort()}` : new URL(service.origin).host;
  const text = script.replace(/https?:\/\//g, 'http://').replace(hosts, host);
  const server = closeLater(await startServer(`${preamble}${text}`));
  return {
    service,
    server,
    async call(user = 'alice') {
      const replies = await sendSip({ from: from(user) }, { port: server.port });
      const final = replies.at(-1);
      if (final === undefined) throw new Error('no reply');
      return final;
    },
  };
}

const text =
  (status: number, body: string): Answer =>
  (_, response) =>
    respond(response, status, body);

/** Everything that the script has printed; lines of the server's own begin with their level. */
const printed = ({ server }: Setting) => server.log.filter((line) => !/^[A-Z]+: /.test(line));

interface Example {
  readonly number: string;
  readonly script: string;
  readonly host: RegExp;
  /** What the HTTP service sees. */
  readonly request: { readonly method: string; readonly target: string; readonly body: string };
  readonly contentType?: string;
  /** Log line and reply when the service refuses the connection. */
  readonly refused: readonly [line: string, status: number, reason: string];
  /** The same when it answers 402. */
  readonly denied: readonly [line: string, status: number, reason: string];
}

const form = 'application/x-www-form-urlencoded';

const examples: readonly Example[] = [
  {
    number: '1.13, rest_get',
    host: /getcredit\.org/g,
    script: `route {
# Example of querying a REST service to get the credit of an account
$var(rc) = rest_get("https://getcredit.org/?account=$fU",
                    $var(credit),
                    $var(ct),
                    $var(rcode));
if ($var(rc) < 0) {
	xlog("rest_get() failed with $var(rc), acc=$fU\\n");
	send_reply(500, "Server Internal Error");
	exit;
}

if ($var(rcode) != 200) {
	xlog("L_INFO", "rest_get() rcode=$var(rcode), acc=$fU\\n");
	send_reply(403, "Forbidden");
	exit;
}
xlog("credit=$var(credit) ct=$var(ct)\\n");
${answered}
}`,
    request: { method: 'GET', target: '/?account=alice', body: '' },
    refused: ['rest_get() failed with -1, acc=alice', 500, 'Server Internal Error'],
    denied: ['rest_get() rcode=402, acc=alice', 403, 'Forbidden'],
  },
  {
    number: '1.14, rest_post',
    host: /myserver\.org/g,
    script: `route {
# Creating a resource using a RESTful service with an HTTP POST request
$var(rc) = rest_post("https://myserver.org/register_user",
                     $fU, , $var(body), $var(ct), $var(rcode));
if ($var(rc) < 0) {
	xlog("rest_post() failed with $var(rc), user=$fU\\n");
	send_reply(500, "Server Internal Error 1");
	exit;
}
if ($var(rcode) != 200) {
	xlog("rest_post() rcode=$var(rcode), user=$fU\\n");
	send_reply(500, "Server Internal Error 2");
	exit;
}
xlog("credit=$var(body) ct=$var(ct)\\n");
${answered}
}`,
    request: { method: 'POST', target: '/register_user', body: 'alice' },
    contentType: form,
    refused: ['rest_post() failed with -1, user=alice', 500, 'Server Internal Error 1'],
    denied: ['rest_post() rcode=402, user=alice', 500, 'Server Internal Error 2'],
  },
  {
    number: '1.15, rest_put',
    host: /myserver\.org/g,
    script: `route {
$var(userinfo) = "name=" + $fU + "&vip=1";
# Creating/Updating a resource using a RESTful service with an HTTP PUT request
$var(rc) = rest_put("https://myserver.org/users/$fU",
                    $var(userinfo), , $var(body), $var(ct), $var(rcode));
if ($var(rc) < 0) {
	xlog("rest_put() failed with $var(rc), user=$fU\\n");
	send_reply(500, "Server Internal Error 3");
	exit;
}
if ($var(rcode) != 200) {
	xlog("rest_put() rcode=$var(rcode), user=$fU\\n");
	send_reply(500, "Server Internal Error 4");
	exit;
}
xlog("credit=$var(body) ct=$var(ct)\\n");
${answered}
}`,
    request: { method: 'PUT', target: '/users/alice', body: 'name=alice&vip=1' },
    contentType: form,
    refused: ['rest_put() failed with -1, user=alice', 500, 'Server Internal Error 3'],
    denied: ['rest_put() rcode=402, user=alice', 500, 'Server Internal Error 4'],
  },
  {
    number: '1.18, async rest_get',
    host: /getcredit\.org/g,
    script: `route {
	async(rest_get("http://getcredit.org/?account=$fU",
	               $var(credit), , $var(rcode)), resume);
}

route [resume] {
	$var(rc) = $rc;
	if ($var(rc) < 0) {
		xlog("async rest_get() failed with $var(rc), acc=$fU\\n");
		send_reply(500, "Server Internal Error");
		exit;
	}

	if ($var(rcode) != 200) {
		xlog("L_INFO", "async rest_get() rcode=$var(rcode), acc=$fU\\n");
		send_reply(403, "Forbidden");
		exit;
	}
	xlog("credit=$var(credit) ct=text/plain\\n");
	${answered}
}`,
    request: { method: 'GET', target: '/?account=alice', body: '' },
    refused: ['async rest_get() failed with -1, acc=alice', 500, 'Server Internal Error'],
    denied: ['async rest_get() rcode=402, acc=alice', 403, 'Forbidden'],
  },
  {
    number: '1.19, async rest_post',
    host: /myserver\.org/g,
    script: `route {
	async(rest_post("http://myserver.org/register_user",
	                $fU, , $var(body), $var(ct), $var(rcode)), resume);
}

route [resume] {
	$var(rc) = $rc;
	if ($var(rc) < 0) {
		xlog("async rest_post() failed with $var(rc), user=$fU\\n");
		send_reply(500, "Server Internal Error 1");
		exit;
	}
	if ($var(rcode) != 200) {
		xlog("async rest_post() rcode=$var(rcode), user=$fU\\n");
		send_reply(500, "Server Internal Error 2");
		exit;
	}
	xlog("credit=$var(body) ct=$var(ct)\\n");
	${answered}
}`,
    request: { method: 'POST', target: '/register_user', body: 'alice' },
    contentType: form,
    refused: ['async rest_post() failed with -1, user=alice', 500, 'Server Internal Error 1'],
    denied: ['async rest_post() rcode=402, user=alice', 500, 'Server Internal Error 2'],
  },
  {
    number: '1.20, async rest_put',
    host: /myserver\.org/g,
    script: `route {
	$var(userinfo) = "name=" + $fU + "&vip=1";
	async(rest_put("http://myserver.org/users/$fU", $var(userinfo), ,
	               $var(body), $var(ct), $var(rcode)), resume);
}

route [resume] {
	$var(rc) = $rc;
	if ($var(rc) < 0) {
		xlog("async rest_put() failed with $var(rc), user=$fU\\n");
		send_reply(500, "Server Internal Error 3");
		exit;
	}
	if ($var(rcode) != 200) {
		xlog("async rest_put() rcode=$var(rcode), user=$fU\\n");
		send_reply(500, "Server Internal Error 4");
		exit;
	}
	xlog("credit=$var(body) ct=$var(ct)\\n");
	${answered}
}`,
    request: { method: 'PUT', target: '/users/alice', body: 'name=alice&vip=1' },
    contentType: form,
    refused: ['async rest_put() failed with -1, user=alice', 500, 'Server Internal Error 3'],
    denied: ['async rest_put() rcode=402, user=alice', 500, 'Server Internal Error 4'],
  },
];

describe.each(examples)('example $number', ({ script, host, request, contentType, refused, denied }) => {
  it('continues if the service answers 200', async () => {
    const setting = await serve(script, host, text(200, '42'));
    expect(await setting.call()).toMatchObject({ status: 200, reason: 'OK' });
    expect(setting.service.seen).toHaveLength(1);
    expect(setting.service.seen[0]).toMatchObject(request);
    expect(setting.service.seen[0]?.headers['content-type']).toBe(contentType);
    expect(printed(setting)).toEqual(['credit=42 ct=text/plain']);
  });

  it('answers and logs as documented if the service answers something else', async () => {
    const [line, status, reason] = denied;
    const setting = await serve(script, host, text(402, 'no credit'));
    expect(await setting.call()).toMatchObject({ status, reason });
    expect(printed(setting)).toEqual([line]);
  });

  it('answers and logs as documented if the connection is refused', async () => {
    const [line, status, reason] = refused;
    const setting = await serve(script, host, 'refuse');
    expect(await setting.call()).toMatchObject({ status, reason });
    expect(printed(setting)).toEqual([line]);
    expect(setting.service.seen).toEqual([]);
  });

  it('does not mix up concurrent callers', async () => {
    const setting = await serve(script, host, (asked, response) =>
      respond(response, /bob/.test(asked.target + asked.body) ? 402 : 200, '42'),
    );
    const users = ['alice', 'bob', 'carol', 'bob', 'erin', 'bob'];
    const replies = await Promise.all(users.map((user) => setting.call(user)));
    expect(replies.map(({ status }) => status)).toEqual(
      users.map((user) => (user === 'bob' ? denied[1] : 200)),
    );
    expect(setting.service.seen).toHaveLength(users.length);
  });
});

describe('example 1.16, rest_append_hf', () => {
  it('sends the header only with the next request', async () => {
    const setting = await serve(
      `route {
# Example of querying a REST service requiring additional headers

rest_append_hf("Authorization: Bearer mF_9.B5f-4.1JqM");
$var(rc) = rest_get("http://getcredit.org/?account=$fU", $var(credit));
xlog("rc=$var(rc) credit=$var(credit)\\n");
rest_get("http://getcredit.org/again", $var(credit));
${answered}
}`,
      /getcredit\.org/g,
      text(200, '42'),
    );
    expect((await setting.call()).status).toBe(200);
    expect(setting.service.seen.map(({ target, headers }) => [target, headers.authorization])).toEqual([
      ['/?account=alice', 'Bearer mF_9.B5f-4.1JqM'],
      ['/again', undefined],
    ]);
    expect(printed(setting)).toEqual(['rc=1 credit=42']);
  });
});

describe('example 1.17, rest_init_client_tls', () => {
  const example = `route {
rest_init_client_tls("dom1");
if (!rest_get("https://example.com"))
	xlog("query failed\\n");
${answered}
}`;

  it('leaves body_pv out of rest_get()', async () => {
    const setting = await serve(
      `loadmodule "tls_mgm.so"\nmodparam("tls_mgm", "client_domain", "dom1")\n${example}`,
      /example\.com/g,
      'refuse',
    );
    expect((await setting.call()).status).toBe(200);
    expect(printed(setting)).toEqual(['query failed']);
  });

  it('is an error without tls_mgm', () => {
    const { isValid, diagnostics } = loadScript(`${preamble}${example}`);
    expect(isValid).toBe(false);
    expect(diagnostics.map(({ message }) => message).join()).toContain('tls_mgm');
  });
});

describe('example 1.21, rest.escape', () => {
  it('prints the documented log entry, and encodes the Call-ID', async () => {
    const setting = await serve(
      `route {
# This example would produce log entry: "Output: call%40example.com%26safe%3Dfalse"
$var(tmp) = "call@example.com&safe=false";
xlog("Output: $(var(tmp){rest.escape})\\n");

# Encode call ID before transmission:
$var(rc) = rest_get("https://call-info.org/?id=$(ci{rest.escape})", $var(body_pv));
${answered}
}`,
      /call-info\.org/g,
      text(200, ''),
    );
    const [reply] = await sendSip({ callId: 'a b/c?d&e=f%g@host' }, { port: setting.server.port });
    expect(reply?.status).toBe(200);
    expect(printed(setting)).toEqual(['Output: call%40example.com%26safe%3Dfalse']);
    expect(setting.service.seen[0]?.target).toBe('/?id=a%20b%2Fc%3Fd%26e%3Df%25g%40host');
  });
});

describe('example 1.22, rest.unescape', () => {
  it('prints the documented log entries', async () => {
    const setting = await serve(
      `route {
# This example would produce log entry: "Output: 1+1=2!"
$var(tmp) = "1%2B1%3D2%21";
xlog("Output: $(var(tmp){rest.unescape})\\n");

# This example would produce log entry: "OpenSIPs, tastes better with every SIP!"
$var(tmp) = "OpenSIPs%2C%20tastes%20better%20with%20every%20SIP%21";
xlog("$(var(tmp){rest.unescape})\\n");
${answered}
}`,
      /example\.com/g,
      text(200, ''),
    );
    expect((await setting.call()).status).toBe(200);
    expect(printed(setting)).toEqual(['Output: 1+1=2!', 'OpenSIPs, tastes better with every SIP!']);
  });
});

describe('examples 1.2 to 1.12, the parameters', () => {
  const parameters: readonly (readonly [example: string, line: string, wrong: string])[] = [
    ['1.2', 'modparam("rest_client", "connection_timeout", 4)', '"soon"'],
    ['1.3', 'modparam("rest_client", "connect_poll_interval", 2)', '-1'],
    ['1.4', 'modparam("rest_client", "max_async_transfers", 300)', '-300'],
    ['1.5', 'modparam("rest_client", "max_transfer_size", 64)', '-64'],
    ['1.6', 'modparam("rest_client", "ssl_verifypeer", 0)', '"perhaps"'],
    ['1.7', 'modparam("rest_client", "ssl_verifyhost", 0)', '"perhaps"'],
    ['1.8', 'modparam("rest_client", "ssl_capath", "/home/opensips/ca_certificates")', ''],
    ['1.9', 'modparam("rest_client", "curl_http_version", 3)', '6'],
    ['1.10', 'modparam("rest_client", "enable_expect_100", true)', '"perhaps"'],
    ['1.11', 'modparam("rest_client", "no_concurrent_connects", true)', '"perhaps"'],
    ['1.12', 'modparam("rest_client", "curl_conn_lifetime", 1800)', '-1800'],
  ];
  const withLine = (line: string) => loadScript(`${preamble}${line}\nroute { ${answered} }\n`);

  it.each(parameters)('%s is accepted: %s', (_, line) => {
    const { isValid, diagnostics } = withLine(line);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(isValid).toBe(true);
  });

  // any text may be the name of a folder
  it.each(parameters.filter(([example]) => example !== '1.8'))(
    '%s with a wrong value is an error that names it: %s',
    (_, line, wrong) => {
      const wrongLine = line.replace(/[^ ]+\)$/, `${wrong})`);
      const { isValid, diagnostics, sources } = withLine(wrongLine);
      expect(isValid).toBe(false);
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      expect(errors).toHaveLength(1);
      const { line: at } = sources.locate(errors[0]?.span.start ?? 0);
      expect(at).toBe(preamble.split('\n').length);
      const name = /"(\w+)", [^,]*$/.exec(line)?.[1] ?? '?';
      expect(errors[0]?.message).toContain(name);
    },
  );

  it('start together, and a request uses them', async () => {
    const lines = parameters.map(([, line]) => line.replace(/"\/home[^"]*"/, `"${temporaryFolder('ca')}"`));
    const service = closeLater(await startService(text(200, '42')));
    const server = closeLater(
      await startServer(
        `${preamble}${lines.join('\n')}
route {
  $var(rc) = rest_get("${service.origin}/credit", $var(credit));
  send_reply(200, "rc $var(rc) credit $var(credit)");
}`,
      ),
    );
    const [reply] = await sendSip({}, { port: server.port });
    expect(reply?.reason).toBe('rc 1 credit 42');
  });

  it('are reported if connection_timeout is clamped to curl_timeout', () => {
    const { isValid, diagnostics } = withLine(
      'modparam("rest_client", "connection_timeout", 9)\nmodparam("rest_client", "curl_timeout", 3)',
    );
    expect(isValid).toBe(true);
    expect(diagnostics.map(({ severity, message }) => `${severity}: ${message}`).join('\n')).toMatch(
      /^warning: .*connection_timeout.*curl_timeout/,
    );
  });
});
