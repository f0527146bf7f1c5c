import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { type HttpServer, startNginx } from '../support/http-servers.ts';
import { type RunningSiprest, startSiprest } from '../support/program.ts';
import { type RestService, respond, startService } from '../support/service.ts';
import { type SipReply, sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

/**
 * The https examples of the rest_client documentation, word for word: the URLs with their host names and without a
 * port, verified against a CA of the tests. What stands between is the system's part alone: the hosts file, and
 * port 443, which a test may not listen on.
 */

const hosts = ['getcredit.org', 'myserver.org', 'example.com', 'call-info.org'];

/** For `node --import`: another hosts file, and port 443 of 127.0.0.1 elsewhere. */
const preload = (hostsFile: string, port: string): string => `
import fs from 'node:fs';
import net from 'node:net';
import { syncBuiltinESMExports } from 'node:module';
for (const name of ['readFileSync', 'statSync']) {
  const original = fs[name];
  fs[name] = (path, ...rest) => original(path === '/etc/hosts' ? ${JSON.stringify(hostsFile)} : path, ...rest);
}
const { connect } = net;
net.connect = (options, ...rest) =>
  connect(options?.port === 443 ? { ...options, port: ${port} } : options, ...rest);
syncBuiltinESMExports();
`;

const script = (folder: string): string => `
log_level=3
xlog_level=3
udp_workers=2
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "tls_mgm.so"
loadmodule "rest_client.so"
modparam("rest_client", "ssl_capath", "${folder}")
modparam("tls_mgm", "client_domain", "dom1")
modparam("tls_mgm", "certificate", "[dom1]${folder}/client.pem")
modparam("tls_mgm", "private_key", "[dom1]${folder}/client.key")

route {
	if ($rU == "get") route(get);
	if ($rU == "post") route(post);
	if ($rU == "put") route(put);
	if ($rU == "tls") route(tls);
	if ($rU == "escape") route(escape);
	send_reply(200, "OK");
}

route[get] {
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
append_to_reply("X-Body: $var(credit)\\r\\n");
}

route[post] {
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
append_to_reply("X-Body: $var(body)\\r\\n");
}

route[put] {
$var(userinfo) = "{\\"name\\": \\"" + $fU + "\\"}";
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
append_to_reply("X-Body: $var(body)\\r\\n");
}

route[tls] {
rest_init_client_tls("dom1");
if (!rest_get("https://example.com"))
	xlog("query failed\\n");
}

route[escape] {
# Encode call ID before transmission:
$var(rc) = rest_get("https://call-info.org/?id=$(ci{rest.escape})", $var(body_pv));
append_to_reply("X-Body: $var(body_pv)\\r\\n");
}
`;

describe('the https examples of the documentation', () => {
  let service: RestService;
  let nginx: HttpServer;
  let siprest: RunningSiprest;
  beforeAll(async () => {
    service = await startService((request, response) => {
      const { method, target, body, headers } = request;
      respond(
        response,
        200,
        [method, headers.host, target, body, headers['content-type'], headers['x-subject']].join('|'),
      );
    });
    const people = createAuthority();
    const me = people.issue({ commonName: 'siprest' });
    const folder = temporaryFolder('document');
    writeFileSync(join(folder, 'people.pem'), people.cert);
    writeFileSync(join(folder, 'client.pem'), me.cert);
    writeFileSync(join(folder, 'client.key'), me.key);
    writeFileSync(join(folder, 'hosts'), `127.0.0.1 ${hosts.join(' ')}\n`);
    nginx = await startNginx({
      certificate: { names: hosts },
      http: `ssl_client_certificate ${folder}/people.pem; ssl_verify_client optional;`,
      configuration: `location / {
        proxy_pass ${service.origin};
        proxy_set_header Host $host;
        proxy_set_header X-Subject $ssl_client_s_dn;
      }`,
    });
    writeFileSync(join(folder, 'ca.pem'), nginx.authority.cert);
    const loader = join(folder, 'preload.mjs');
    writeFileSync(loader, preload(join(folder, 'hosts'), new URL(nginx.secureOrigin).port));
    siprest = await startSiprest(script(folder), {
      env: { NODE_OPTIONS: `--import file://${loader}` },
    });
  });
  afterAll(async () => {
    await siprest?.stop();
    await nginx?.stop();
    await service?.close();
  });

  const call = async (user: string, callId = `${user}@home`): Promise<SipReply | undefined> => {
    const request = { uri: `sip:${user}@siprest.example`, from: '<sip:alice@home.example>;tag=1', callId };
    return (await sendSip(request, { port: siprest.port })).at(-1);
  };

  it.each([
    ['1.13, rest_get', 'get', 'GET|getcredit.org|/?account=alice|||'],
    ['1.14, rest_post', 'post', 'POST|myserver.org|/register_user|alice|application/x-www-form-urlencoded|'],
    [
      '1.15, rest_put',
      'put',
      'PUT|myserver.org|/users/alice|{"name": "alice"}|application/x-www-form-urlencoded|',
    ],
    ['1.21, rest.escape', 'escape', 'GET|call-info.org|/?id=escape%40home|||'],
  ])('%s', async (_number, user, body) => {
    const reply = await call(user);
    expect([reply?.status, reply?.header('x-body')]).toEqual([200, body]);
  });

  it('1.17, rest_init_client_tls', async () => {
    const before = service.seen.length;
    const reply = await call('tls');
    expect(reply?.status).toBe(200);
    expect(service.seen.slice(before).map(({ headers }) => [headers.host, headers['x-subject']])).toEqual([
      ['example.com', 'CN=siprest'],
    ]);
    expect(siprest.stderr).not.toContain('query failed');
  });
});
