import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { type HttpServer, startNginx } from '../support/http-servers.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest, type RunningSiprest, startSiprest } from '../support/program.ts';
import { type SipReply, sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { caFolder } from './ca-folder.ts';

/** rest_init_client_tls() and tls_mgm in scripts that `siprest run` serves; nginx says who asked. */

const people = createAuthority('people');
const folder = temporaryFolder('domains');

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

for (const name of ['alice', 'bob']) {
  const { cert, key } = people.issue({ commonName: name });
  fileOf(`${name}.pem`, cert);
  fileOf(`${name}.key`, key);
}

async function asking(mode: 'on' | 'optional' = 'optional'): Promise<HttpServer> {
  const server = closeLater(
    await startNginx({
      http: `
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:tests:1m;
        ssl_client_certificate ${fileOf('people.pem', people.cert)};
        ssl_verify_client ${mode};`,
      configuration: 'location / { return 200 "$ssl_client_s_dn|$ssl_protocol|$ssl_cipher"; }',
    }),
  );
  fileOf('server-ca.pem', server.authority.cert);
  return server;
}

/** `value` of each parameter for one domain, as the manual of tls_mgm writes it. */
const domain = (name: string, values: Readonly<Record<string, string>>): string =>
  [
    `modparam("tls_mgm", "client_domain", "${name}")`,
    ...Object.entries(values).map(([key, value]) => `modparam("tls_mgm", "${key}", "[${name}]${value}")`),
  ].join('\n');

const certificateOf = (name: string) => ({
  certificate: `${folder}/${name}.pem`,
  private_key: `${folder}/${name}.key`,
});

const head = `
log_level=3
udp_workers=2
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
loadmodule "tls_openssl.so"
loadmodule "tls_mgm.so"
modparam("tls_mgm", "tls_library", "openssl")
modparam("rest_client", "curl_http_version", 2)
`;

async function serve(script: string): Promise<RunningSiprest> {
  return closeLater(await startSiprest(`${head}\n${script}`));
}

/** The values of X-Says, which the scripts append for each of their requests. */
async function says(siprest: RunningSiprest, headers: readonly string[] = []): Promise<string[]> {
  const replies: SipReply[] = await sendSip({ headers }, { port: siprest.port });
  const final = replies.at(-1);
  expect(final?.status).toBe(200);
  return (final?.headers ?? []).filter(([name]) => name === 'x-says').map(([, value]) => value);
}

const say = (text: string): string => `append_to_reply("X-Says: ${text}\\r\\n");`;
const ask = (url: string): string =>
  `$var(b) = ""; $var(rc) = rest_get("${url}", $var(b), , $var(code)); ${say('$var(rc) $var(code) $(var(b){s.select,0,|})')}`;

describe('rest_init_client_tls()', () => {
  it('applies to the next request of the message, once, whatever its outcome', async () => {
    const server = await asking();
    const refused = `http://127.0.0.1:${await freePort()}/`;
    const siprest = await serve(`
modparam("rest_client", "ssl_capath", "${caFolder(server.authority)}")
${domain('dom1', certificateOf('alice'))}
${domain('dom2', certificateOf('bob'))}
route {
  rest_init_client_tls("dom1"); ${ask(server.secureOrigin)} ${ask(server.secureOrigin)}
  rest_init_client_tls("dom2"); ${ask(server.secureOrigin)} ${ask(server.secureOrigin)}
  rest_init_client_tls("dom1"); ${ask(refused)} ${ask(server.secureOrigin)}
  rest_init_client_tls("dom1"); ${ask(':no url:')} ${ask(server.secureOrigin)}
  rest_init_client_tls("dom1"); rest_init_client_tls("dom2"); ${ask(server.secureOrigin)}
  send_reply(200, "OK");
}`);
    const expected = [
      ...['1 200 CN=alice', '1 200'],
      ...['1 200 CN=bob', '1 200'],
      ...['-1 0', '1 200'],
      ...['-10 0', '1 200'],
      '1 200 CN=bob',
    ];
    // again: kept connections and sessions change nothing
    for (let i = 0; i < 3; i++) expect(await says(siprest)).toEqual(expected);
  });

  it('belongs to its message, and applies to an async request, not to later ones', async () => {
    const server = await asking();
    const siprest = await serve(`
modparam("rest_client", "ssl_capath", "${caFolder(server.authority)}")
${domain('dom1', certificateOf('alice'))}
route {
  if ($hdr(X-Case) == "choose") {
    rest_init_client_tls("dom1");
    send_reply(200, "Chosen");
    exit;
  }
  if ($hdr(X-Case) == "async")
    rest_init_client_tls("dom1");
  async(rest_get("${server.secureOrigin}", $avp(body), , $avp(code)), answered);
}
route[answered] {
  ${say('$rc $avp(code) $(avp(body){s.select,0,|})')}
  ${ask(server.secureOrigin)}
  send_reply(200, "OK");
}`);
    for (let i = 0; i < 3; i++) {
      expect(await says(siprest, ['X-Case: choose'])).toEqual([]);
      expect(await says(siprest)).toEqual(['1 200', '1 200']);
      expect(await says(siprest, ['X-Case: async'])).toEqual(['1 200 CN=alice', '1 200']);
    }
  });

  it('is -1 for an unknown domain, and an error without tls_mgm', async () => {
    const server = await asking();
    const siprest = await serve(`
modparam("rest_client", "ssl_capath", "${caFolder(server.authority)}")
${domain('dom1', certificateOf('alice'))}
route {
  $var(rc) = rest_init_client_tls("$hdr(X-Domain)");
  ${say('$var(rc)')}
  ${ask(server.secureOrigin)}
  send_reply(200, "OK");
}`);
    expect(await says(siprest, ['X-Domain: dom9'])).toEqual(['-1', '1 200']);
    expect(await says(siprest, ['X-Domain: dom1'])).toEqual(['1', '1 200 CN=alice']);
    const misspelt = launchSiprest([
      'check',
      fileOf(
        'misspelt.cfg',
        `socket=udp:127.0.0.1:5060\n${head}\n${domain('dom1', certificateOf('alice'))}
route { rest_init_client_tls("domm1"); }
`,
      ),
    ]);
    expect(await misspelt.ended).toBe(1);
    expect(misspelt.stdout + misspelt.stderr).toMatch(/"domm1".*did you mean "?dom1/s);
    const check = launchSiprest([
      'check',
      fileOf(
        'without.cfg',
        `socket=udp:127.0.0.1:5060
loadmodule "sl.so"
loadmodule "rest_client.so"
route { rest_init_client_tls("dom1"); }
`,
      ),
    ]);
    expect(await check.ended).toBe(1);
    expect(check.stdout + check.stderr).toContain('tls_mgm');
  });
});

describe('a client domain', () => {
  it('uses its own CAs and its own verify_cert', async () => {
    const server = await asking();
    const stranger = createAuthority();
    const script = (parameters: string) => `
${parameters}
${domain('list', { ca_list: `${folder}/server-ca.pem`, verify_cert: '1' })}
${domain('folder', { ca_dir: caFolder(server.authority), verify_cert: '1', require_cert: '1' })}
${domain('stranger', { ca_list: fileOf('stranger.pem', stranger.cert), verify_cert: '1' })}
${domain('lax', { verify_cert: '0' })}
${domain('plain', certificateOf('alice'))}
route {
  rest_init_client_tls("list"); ${ask(server.secureOrigin)}
  rest_init_client_tls("folder"); ${ask(server.secureOrigin)}
  rest_init_client_tls("stranger"); ${ask(server.secureOrigin)}
  rest_init_client_tls("lax"); ${ask(server.secureOrigin)}
  rest_init_client_tls("plain"); ${ask(server.secureOrigin)}
  ${ask(server.secureOrigin)}
  send_reply(200, "OK");
}`;
    const strict = await serve(script(''));
    const knowing = await serve(
      script(`modparam("rest_client", "ssl_capath", "${caFolder(server.authority)}")`),
    );
    const lax = await serve(script('modparam("rest_client", "ssl_verifypeer", 0)'));
    for (let i = 0; i < 2; i++) {
      expect(await says(strict)).toEqual(['1 200', '1 200', '-10 0', '1 200', '-10 0', '-10 0']);
      expect(await says(knowing)).toEqual(['1 200', '1 200', '-10 0', '1 200', '1 200 CN=alice', '1 200']);
      expect((await says(lax)).slice(0, 4)).toEqual(['1 200', '1 200', '-10 0', '1 200']);
    }
  });

  it('uses its tls_method and ciphers_list, and the matching parameters', async () => {
    const server = await asking('on');
    const siprest = await serve(`
modparam("rest_client", "ssl_capath", "${caFolder(server.authority)}")
${domain('old', { ...certificateOf('alice'), tls_method: 'TLSv1_2', ciphers_list: 'ECDHE-ECDSA-AES256-GCM-SHA384', match_ip_address: '*', match_sip_domain: '*' })}
${domain('new', { ...certificateOf('bob'), tls_method: 'TLSv1_2-TLSv1_3' })}
route {
  $var(url) = "${server.secureOrigin}";
  rest_init_client_tls("old"); rest_get($var(url), $var(b)); ${say('$var(b)')}
  rest_init_client_tls("new"); rest_get($var(url), $var(b)); ${say('$(var(b){s.select,0,|}) $(var(b){s.select,1,|})')}
  send_reply(200, "OK");
}`);
    expect(await says(siprest)).toEqual(['CN=alice|TLSv1.2|ECDHE-ECDSA-AES256-GCM-SHA384', 'CN=bob TLSv1.3']);
  });

  it.each([
    ['certificate', { certificate: '/nowhere/cert.pem' }, 'ENOENT'],
    ['private_key', { ...certificateOf('alice'), private_key: `${folder}/bob.key` }, 'key'],
    ['ca_list', { ca_list: `${folder}/bob.key` }, 'no certificate'],
    ['tls_method', { tls_method: 'TLSv9' }, 'TLSv9'],
    ['verify_cert', { verify_cert: 'perhaps' }, 'perhaps'],
  ] as const)('whose %s cannot be used stops the start, and says so', async (_name, values, words) => {
    const file = fileOf(
      'wrong.cfg',
      `socket=udp:127.0.0.1:0\n${head}\n${domain('dom1', values)}\nroute { exit; }\n`,
    );
    const siprest = launchSiprest(['run', file]);
    expect(await siprest.ended).toBe(1);
    expect(siprest.stderr).toContain('dom1');
    expect(siprest.stderr).toContain(words);
  });
});
