/** TLS of SIP as scripts see it: domains, variables, reloads, routes. The transport itself: test/sip/tls-transport.test.ts. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requestText } from '../sip/simulated.ts';
import { type Certificate, createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { scriptOf, startServer, type TestServer } from '../support/server.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { TlsPeer } from '../support/tls-peer.ts';

const folder = temporaryFolder('tls-mgm');
const authority = createAuthority();

/** Writes a certificate and its key; returns the parameters of a domain that has them. */
function files(domain: string, { cert, key }: Certificate): string {
  writeFileSync(join(folder, `${domain}.pem`), cert);
  writeFileSync(join(folder, `${domain}.key`), key);
  return `modparam("tls_mgm", "certificate", "[${domain}]${join(folder, `${domain}.pem`)}")
modparam("tls_mgm", "private_key", "[${domain}]${join(folder, `${domain}.key`)}")
`;
}

const param = (name: string, domain: string, value: string | number): string =>
  `modparam("tls_mgm", "${name}", "[${domain}]${value}")\n`;

const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, authority.cert);

const modules = ['proto_tls', 'tls_mgm', 'tls_openssl', 'sl', 'tm', 'rr', 'signaling', 'sipmsgops', 'maxfwd']
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('');
const sockets = 'socket=udp:127.0.0.1:0\nsocket=tls:127.0.0.1:0\n';
const domain = (name: string, kind: 'server' | 'client' = 'server'): string =>
  `modparam("tls_mgm", "${kind}_domain", "${name}")\n`;

/** A server domain that all clients may use. */
const open = (name = 'main'): string =>
  domain(name) + files(name, authority.issue({ names: [`${name}.test`] })) + param('verify_cert', name, 0);

async function start(config: string, body: string): Promise<TestServer & { readonly tlsPort: number }> {
  const server = await startServer(
    `log_level=2\nxlog_level=3\n${sockets}${modules}${config}\nroute {\n${body}\n}\n`,
  );
  closeLater(server);
  const tlsPort = Number(
    server.server.sockets
      .find((name) => name.startsWith('tls:'))
      ?.split(':')
      .at(-1),
  );
  return { ...server, tlsPort };
}

const options = requestText({ via: 'SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKtls;rport' });

const nameOf = (peer: TlsPeer): unknown => peer.sockets[0]?.getPeerCertificate().subject.CN;

describe('variables', () => {
  it('tell the connection of a request and both certificates', async () => {
    const client = authority.issue({
      commonName: 'Jörg',
      names: ['phone.test', '192.0.2.7', 'sip:phone.test'],
    });
    const print = [
      '$tls_version',
      '$tls_cipher_info',
      '$tls_cipher_bits',
      '$tls_description',
      '$tls_peer_subject',
      '$tls_peer_subject_cn',
      '$tls_peer_issuer_cn',
      '$tls_peer_serial',
      '$tls_peer_version',
      '$tls_peer_san_hostname',
      '$tls_peer_san_ip',
      '$tls_peer_san_uri',
      '$tls_peer_san_email',
      '$tls_my_subject_cn',
      '$tls_my_issuer',
      '$tls_peer_verified',
      '$tls_peer_revoked',
      '$tls_peer_expired',
      '$tls_peer_selfsigned',
      '$tls_peer_subject_unit',
      '$socket_in(proto)',
      '$pr',
    ];
    const server = await start(
      domain('main') +
        files('main', authority.issue({ names: ['main.test'] })) +
        param('ca_list', 'main', caFile),
      `${print.map((name) => `xlog("${name.slice(1)} = ${name}");`).join('\n')}
       if (is_peer_verified()) xlog("is verified");
       send_reply(200, "OK");`,
    );
    const peer = await TlsPeer.connect(server.tlsPort, { ...client, ciphers: 'TLS_AES_256_GCM_SHA384' });
    peer.send(options);
    await peer.sees(/200 OK/);
    const lines = server.log.map((line) => line.replace(/^.*?script: /, ''));
    const { serialNumber } = new X509Certificate(client.cert);
    const expected = [
      'tls_version = TLSv1.3',
      'tls_cipher_info = TLS_AES_256_GCM_SHA384',
      'tls_cipher_bits = 256',
      'tls_peer_subject = /CN=Jörg',
      'tls_peer_subject_cn = Jörg',
      'tls_peer_issuer_cn = siprest test CA',
      `tls_peer_serial = ${BigInt(`0x${serialNumber}`)}`,
      'tls_peer_version = 2',
      'tls_description = TLS_AES_256_GCM_SHA384         TLSv1.3 Kx=any      Au=any   Enc=AESGCM(256)            Mac=AEAD',
      'tls_peer_san_hostname = phone.test',
      'tls_peer_san_ip = 192.0.2.7',
      'tls_peer_san_uri = sip:phone.test',
      'tls_peer_san_email = <null>',
      'tls_my_subject_cn = main.test',
      'tls_my_issuer = /CN=siprest test CA',
      'tls_peer_verified = 1',
      'tls_peer_revoked = 0',
      'tls_peer_expired = 0',
      'tls_peer_selfsigned = 0',
      'tls_peer_subject_unit = <null>',
      'is verified',
    ];
    for (const line of expected) expect(lines.join('\n')).toContain(line);
  });

  it('are null for other transports', async () => {
    const server = await start(
      open(),
      'xlog("$tls_version $tls_peer_subject $tls_my_subject $tls_peer_verified"); if (!is_peer_verified()) send_reply(200, "OK");',
    );
    const peer = await SipPeer.open();
    peer.request(server.port, 'sip:bob@example.com', { method: 'OPTIONS' });
    await peer.next(200);
    expect(server.log.join('\n')).toContain('<null> <null> <null> <null>');
  });
});

describe('server domains', () => {
  it('are chosen by server name and address', async () => {
    const named = (name: string, pattern: string) => open(name) + param('match_sip_domain', name, pattern);
    const server = await start(
      named('exact', 'a.example.com, b.example.com') +
        named('wild', '*.example.com') +
        named('none', 'none') +
        named('elsewhere', '*') +
        param('match_ip_address', 'elsewhere', '192.0.2.1:5061'),
      'send_reply(200, "OK");',
    );
    const connect = (servername?: string) =>
      TlsPeer.connect(server.tlsPort, servername === undefined ? {} : { servername });
    expect(nameOf(await connect('A.example.com'))).toBe('exact.test');
    expect(nameOf(await connect('c.example.com'))).toBe('wild.test');
    expect(nameOf(await connect())).toBe('none.test');
    await expect(connect('example.org')).rejects.toThrow(/unrecognized name/i);
    await server.logs('no TLS server domain is for the server name example.org');
  });

  it('log who was refused, and why', async () => {
    const server = await start(
      domain('main') +
        files('main', authority.issue({ names: ['main.test'] })) +
        param('ca_list', 'main', caFile),
      'send_reply(200, "OK");',
    );
    const without = await TlsPeer.connect(server.tlsPort);
    await server.logs(
      `TLS with 127.0.0.1:${without.port} failed: the client is refused: it has no certificate`,
    );
    const stranger = createAuthority('another').issue({ names: ['x.test'] });
    const unknown = await TlsPeer.connect(server.tlsPort, { ...stranger });
    await server.logs(
      `TLS with 127.0.0.1:${unknown.port} failed: the client is refused: the CA of its certificate is unknown`,
    );
  });

  it.each([
    ['crl_check_all=0: the peer alone', 0, 'leaf', true],
    ['crl_check_all=0: not its issuers', 0, 'issuer', false],
    ['crl_check_all=1: its issuers too', 1, 'issuer', true],
  ])('check revocation lists, with %s', async (_, all, what, isRefused) => {
    const root = createAuthority('root');
    const middle = root.subordinate('middle');
    const phone = middle.issue({ names: ['phone.test'] });
    const lists = join(folder, `crls-${all}-${what}`);
    rmSync(lists, { recursive: true, force: true });
    mkdirSync(lists);
    writeFileSync(join(lists, 'middle.pem'), middle.revoke(what === 'leaf' ? [phone] : []));
    writeFileSync(join(lists, 'root.pem'), root.revoke(what === 'issuer' ? [middle] : []));
    writeFileSync(join(lists, 'notes.txt'), 'not a list');
    const trusted = join(folder, `roots-${all}-${what}.pem`);
    writeFileSync(trusted, root.cert);
    const server = await start(
      domain('main') +
        files('main', authority.issue({ names: ['main.test'] })) +
        param('ca_list', 'main', trusted) +
        param('crl_dir', 'main', lists) +
        param('crl_check_all', 'main', all),
      'xlog("revoked $tls_peer_revoked"); send_reply(200, "OK");',
    );
    await server.logs('notes.txt is left out');
    const peer = await TlsPeer.connect(server.tlsPort, { key: phone.key, cert: phone.cert + middle.cert });
    peer.send(options);
    if (isRefused)
      await server.logs('the client is refused: its certificate, or one of its chain, is revoked');
    else await peer.sees(/200 OK/);
  });

  it.each([
    ['TLSv1_2', 'TLSv1.3', false],
    ['TLSv1_2', 'TLSv1.2', true],
    ['TLSv1_3', 'TLSv1.2', false],
    ['tlsv1_2-tlsv1_3', 'TLSv1.3', true],
    ['-TLSv1_2', 'TLSv1.3', false],
  ] as const)('with tls_method %s and a client that speaks %s', async (method, version, isServed) => {
    const server = await start(open() + param('tls_method', 'main', method), 'send_reply(200, "OK");');
    const connecting = TlsPeer.connect(server.tlsPort, { minVersion: version, maxVersion: version });
    if (isServed) expect(nameOf(await connecting)).toBe('main.test');
    else await expect(connecting).rejects.toThrow(/protocol version/);
  });

  it('with ciphers_list and ec_curve', async () => {
    const server = await start(
      open() +
        param('tls_method', 'main', 'TLSv1_2') +
        param('ciphers_list', 'main', 'ECDHE-ECDSA-AES128-GCM-SHA256') +
        param('ec_curve', 'main', 'P-384'),
      'send_reply(200, "OK");',
    );
    const peer = await TlsPeer.connect(server.tlsPort);
    expect(peer.sockets[0]?.getCipher().name).toBe('ECDHE-ECDSA-AES128-GCM-SHA256');
    expect(peer.sockets[0]?.getEphemeralKeyInfo()).toMatchObject({ name: 'secp384r1' });
  });
});

describe('reloads', () => {
  const reply = 'send_reply(200, "OK");';

  it('read certificates again for new connections, and keep the open ones', async () => {
    const server = await start(open(), reply);
    const before = await TlsPeer.connect(server.tlsPort);
    files('main', authority.issue({ names: ['renewed.test'] }));
    const call = { name: 'tls_mgm:reload', args: {}, step: 'run' } as const;
    expect(await server.server.command(call)).toEqual(['OK']);
    expect(nameOf(await TlsPeer.connect(server.tlsPort))).toBe('renewed.test');
    before.send(options);
    await before.sees(/200 OK/);
    // a file that cannot be used changes nothing
    writeFileSync(join(folder, 'main.pem'), 'garbage');
    await expect(server.server.command(call)).rejects.toThrow(/server_domain "main"/);
    expect(nameOf(await TlsPeer.connect(server.tlsPort))).toBe('renewed.test');
    expect(before.sockets[0]?.destroyed).toBe(false);
  });

  it('of the script do the same', async () => {
    const server = await start(open(), reply);
    const before = await TlsPeer.connect(server.tlsPort);
    files('main', authority.issue({ names: ['renewed.test'] }));
    const text = `${sockets}${modules}${domain('main')}${param('certificate', 'main', join(folder, 'main.pem'))}${param('private_key', 'main', join(folder, 'main.key'))}${param('verify_cert', 'main', 0)}route {\nsend_reply(202, "OK");\n}\n`;
    await server.server.reload(scriptOf(text));
    expect(nameOf(await TlsPeer.connect(server.tlsPort))).toBe('renewed.test');
    before.send(options);
    await before.sees(/202 OK/);
  });

  it('list the domains', async () => {
    const server = await start(open() + param('match_sip_domain', 'main', '*.test'), reply);
    const [listed] = await server.server.command({ name: 'tls_mgm:list', args: {}, step: 'run' });
    expect(listed).toMatchObject({
      Domains: [
        { name: 'main', type: 'TLS_DOMAIN_SRV', 'SIP DOMAIN FILTERS': ['*.test'], VERIFY_CERT: false },
      ],
    });
  });
});

describe('client domains', () => {
  const relay = (to: number) =>
    `$du = "sip:127.0.0.1:${to};transport=tls"; if (!t_relay()) send_reply(500, "Not relayed");`;
  const client = (name: string, more = '') =>
    domain(name, 'client') +
    files(name, authority.issue({ names: [`${name}.test`] })) +
    param('ca_list', name, caFile) +
    more;
  const listen = () =>
    TlsPeer.listen({
      ...authority.issue({ names: ['gateway.test'] }),
      ca: authority.cert,
      requestCert: true,
    });

  it.each([
    ['by address', '', 'two.test'],
    ['by client_tls_domain_avp', '$avp(tls) = "one";', 'one.test'],
    ['by client_sip_domain_avp', '$avp(sip) = "three.example.com";', 'three.test'],
  ])('are chosen %s', async (_, set, expected) => {
    const peer = await listen();
    const server = await start(
      `${open()}modparam("tls_mgm", "client_tls_domain_avp", "tls")
modparam("tls_mgm", "client_sip_domain_avp", "$avp(sip)")
${client('one', param('match_ip_address', 'one', '192.0.2.1'))}${client('two', param('match_ip_address', 'two', `127.0.0.1:${peer.port}`))}${client('three', param('match_sip_domain', 'three', '*.example.com') + param('match_ip_address', 'three', `127.0.0.1:${peer.port}`))}`,
      `${set} ${relay(peer.port)}`,
    );
    const caller = await SipPeer.open();
    caller.request(server.port, 'sip:bob@example.com', { method: 'MESSAGE' });
    await peer.sees(/^MESSAGE sip:bob@example.com SIP\/2.0\r\nVia: SIP\/2.0\/TLS 127.0.0.1:/);
    expect(peer.sockets[0]?.getPeerCertificate().subject.CN).toBe(expected);
  });

  it('that do not trust the server fail the branch with a line in the log', async () => {
    const peer = await TlsPeer.listen({ ...createAuthority('another').issue({ names: ['x.test'] }) });
    const server = await start(open() + client('one'), relay(peer.port));
    const caller = await SipPeer.open();
    caller.request(server.port, 'sip:bob@example.com', { method: 'MESSAGE' });
    await caller.next(500);
    await server.logs(
      `TLS with 127.0.0.1:${peer.port} failed: the server is refused: the CA of its certificate is unknown`,
    );
    expect(peer.received).toBe('');
  });
});

describe('a call between UDP and TLS', () => {
  it('has both sockets in Record-Route, and follows them in both directions', async () => {
    const callee = await TlsPeer.listen({ ...authority.issue({ names: ['gateway.test'] }) });
    const server = await start(
      `${open()}${domain('out', 'client')}${param('ca_list', 'out', caFile)}`,
      `if (has_totag()) { loose_route(); t_relay(); exit; }
       record_route(); $du = "sip:127.0.0.1:${callee.port};transport=tls"; t_relay();`,
    );
    const caller = await SipPeer.open();
    const invite = caller.request(server.port, 'sip:bob@biloxi.example');
    await callee.sees(/INVITE[^]*\r\n\r\n/);
    const routes = [...callee.received.matchAll(/Record-Route: (.*)\r\n/g)].map(([, route]) => route);
    expect(routes).toEqual([
      `<sip:127.0.0.1:${server.tlsPort};transport=tls;lr;r2=on;ftag=alice1>`,
      `<sip:127.0.0.1:${server.port};lr;r2=on;ftag=alice1>`,
    ]);
    const kept = callee.received
      .split('\r\n')
      .filter((line) => /^(?:Via|Record-Route|From|Call-ID|CSeq):/.test(line));
    callee.send(
      [
        'SIP/2.0 200 OK',
        ...kept,
        'To: <sip:bob@biloxi.example>;tag=b1',
        `Contact: <sip:bob@127.0.0.1:${callee.port};transport=tls>`,
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    );
    const answer = await caller.next(200);
    const header = (name: string) => `${name}: ${answer.header(name.toLowerCase())}`;
    const callId = header('Call-ID');
    expect(invite).toContain(callId);
    const route = answer.all('record-route').toReversed().join(', ');
    caller.request(server.port, `sip:bob@127.0.0.1:${callee.port};transport=tls`, {
      method: 'BYE',
      headers: [`Route: ${route}`],
      to: '<sip:bob@biloxi.example>;tag=b1',
      callId: callId.slice(9),
      cseq: 2,
    });
    await callee.sees(/BYE sip:bob@[^]*\r\n\r\n/);
    expect(callee.received).toMatch(new RegExp(`BYE [^]*Via: SIP/2.0/TLS 127.0.0.1:${server.tlsPort};`));
    // and the other way: the callee ends the call on its connection
    callee.send(
      [
        'BYE sip:alice@127.0.0.1:1 SIP/2.0',
        'Via: SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKcallee',
        `Route: ${routes.join(', ')}`,
        'From: <sip:bob@biloxi.example>;tag=b1',
        'To: <sip:alice@atlanta.example>;tag=alice1',
        callId,
        'CSeq: 1 BYE',
        'Max-Forwards: 70',
        'Content-Length: 0',
        '',
        '',
      ]
        .join('\r\n')
        .replace('127.0.0.1:1 SIP', `127.0.0.1:${caller.port} SIP`),
    );
    const bye = await caller.next('BYE');
    expect(bye.header('via')).toMatch(new RegExp(`^SIP/2.0/UDP 127.0.0.1:${server.port};`));
  });

  it('to a SIPS URI has SIPS URIs in Record-Route', async () => {
    const callee = await TlsPeer.listen({ ...authority.issue({ names: ['gateway.test'] }) });
    const server = await start(
      `${open()}${domain('out', 'client')}${param('ca_list', 'out', caFile)}`,
      'record_route(); t_relay();',
    );
    const caller = await TlsPeer.connect(server.tlsPort);
    caller.send(
      requestText({ method: 'INVITE', via: 'SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKs' }).replace(
        /^INVITE \S+/,
        `INVITE sips:bob@127.0.0.1:${callee.port}`,
      ),
    );
    await callee.sees(/INVITE[^]*\r\n\r\n/);
    expect(/Record-Route: (.*)\r\n/.exec(callee.received)?.[1]).toMatch(
      new RegExp(`^<sips:127.0.0.1:${server.tlsPort};lr;ftag=`),
    );
  });
});

describe('a script that cannot be started', () => {
  const main = files('main', authority.issue({ names: ['main.test'] }));
  it.each([
    [
      'a TLS socket without tls_mgm',
      'socket=tls:127.0.0.1:5061\n',
      'the script defines no server_domain of tls_mgm',
    ],
    [
      'without a certificate',
      `loadmodule "tls_mgm.so"\n${domain('main')}`,
      'server_domain "main" has no certificate',
    ],
    [
      'without a key',
      `loadmodule "tls_mgm.so"\n${domain('main')}${main.split('\n')[0]}\n`,
      'server_domain "main" has no private_key',
    ],
    [
      'with a file that is not there',
      `loadmodule "tls_mgm.so"\n${domain('main')}${main}${param('ca_list', 'main', '/nowhere.pem')}`,
      'ca_list of server_domain "main" cannot be read',
    ],
    [
      'with a parameter of an unknown domain',
      `loadmodule "tls_mgm.so"\n${domain('main')}${main}${param('verify_cert', 'other', 1)}`,
      'refers to the domain "other"',
    ],
    [
      'with a domain that is defined twice',
      `loadmodule "tls_mgm.so"\n${domain('main')}${domain('main', 'client')}${main}`,
      'client_domain "main" is defined twice',
    ],
    [
      'with an unknown version',
      `loadmodule "tls_mgm.so"\n${domain('main')}${main}${param('tls_method', 'main', 'TLSv9')}`,
      'unknown tls_method "TLSv9"',
    ],
    [
      'with an invalid address',
      `loadmodule "tls_mgm.so"\n${domain('main')}${main}${param('match_ip_address', 'main', 'a b')}`,
      'match_ip_address of "main" is "a b"',
    ],
    [
      'with ciphers that do not exist',
      `loadmodule "tls_mgm.so"\n${domain('main')}${main}${param('ciphers_list', 'main', 'NOTHING')}`,
      'server_domain "main" cannot be used',
    ],
  ])('%s', (_, config, message) => {
    expect(() => scriptOf(`${config}route { exit; }`)).toThrow(message);
  });
});
