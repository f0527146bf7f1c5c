import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { RestOptionError, TlsClientDomain } from '../../src/rest/index.ts';
import { type Certificate, createAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { newClient, newServer, newShared, reasonOf, textOf } from './fixture.ts';
import { type RawServer, reply } from './raw-server.ts';

const authority = createAuthority();
const stranger = createAuthority();
const folder = temporaryFolder('tls');

function folderOf(name: string, files: Record<string, string>): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

const caPath = folderOf('ca', { 'ca.pem': authority.cert });
const LOCALHOST = authority.issue({ names: ['localhost'] });

/** A TLS server that tells the certificate's subject of who asks. */
const newTlsServer = (certificate: Certificate = LOCALHOST, more = {}): Promise<RawServer> =>
  newServer(
    (socket) => {
      const { subject } = (socket as TLSSocket).getPeerCertificate();
      socket.write(reply(`subject ${String(subject?.CN ?? 'none')}`));
    },
    { tls: { key: certificate.key, cert: certificate.cert, ...more } },
  );

const byAddress = (server: RawServer): string => `https://127.0.0.1:${server.port}/`;

describe('ssl_verifypeer and ssl_verifyhost', () => {
  // chain good or not, name good or not, and which of the two is verified: the outcome of each
  it.each([
    [true, true, true, true, 1],
    [true, true, true, false, -10],
    [true, true, false, true, -10],
    [true, false, true, false, 1],
    [true, false, false, true, -10],
    [false, true, false, true, 1],
    [false, true, true, false, -10],
    [false, true, false, false, -10],
    [false, false, false, false, 1],
  ])(
    'peer %s and host %s verified; chain good %s, name good %s: rc %i',
    async (peer, host, chain, name, rc) => {
      const server = await newTlsServer();
      const client = newClient({
        tls: { verifyPeer: peer, verifyHost: host, ...(chain ? { caPath } : {}) },
      });
      const outcome = await client.get(name ? server.origin : byAddress(server));
      expect([outcome.rc, outcome.retcode]).toEqual([rc, rc === 1 ? 200 : 0]);
    },
  );

  it('say what failed: an unknown CA, a wrong name with the valid ones, expiry', async () => {
    const client = newClient({ tls: { caPath } });
    const wrong = await newTlsServer();
    expect(reasonOf(await client.get(byAddress(wrong)))).toBe(
      "the server's certificate is not for 127.0.0.1, it is for DNS:localhost",
    );
    const unknown = await newTlsServer(stranger.issue({ names: ['localhost'] }));
    expect(await client.get(unknown.origin)).toMatchObject({
      kind: 'error',
      code: 'tls',
      reason: expect.stringContaining('its CA is unknown'),
    });
    const [notBefore, notAfter] = [new Date(Date.now() - 2e8), new Date(Date.now() - 1e8)];
    const expired = await newTlsServer(authority.issue({ names: ['localhost'], notBefore, notAfter }));
    expect(reasonOf(await client.get(expired.origin))).toContain('it has expired');
  });

  it('accept an IP address in the certificate', async () => {
    const server = await newTlsServer(authority.issue({ names: ['127.0.0.1'] }));
    expect((await newClient({ tls: { caPath } }).get(byAddress(server))).rc).toBe(1);
  });
});

describe('ssl_capath', () => {
  it('accepts hashed names and any PEM file, and warns of unusable ones', async () => {
    const path = folderOf('mixed', {
      'deadbeef.0': authority.cert,
      'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'empty.crt': '',
      README: 'not a certificate, and not named like one',
    });
    const said: string[] = [];
    const server = await newTlsServer();
    const client = newClient({
      tls: { caPath: path },
      log: (level, message) => said.push(`${level} ${message}`),
    });
    expect((await client.get(server.origin)).rc).toBe(1);
    expect(said).toHaveLength(2);
    expect(said[0]).toContain(`warning the CA file ${path}/broken.pem is left out`);
    expect(said[1]).toContain(`${path}/empty.crt is left out: it holds no PEM certificate`);
  });

  it('that does not exist causes a warning, and verification fails', async () => {
    const said: string[] = [];
    const server = await newTlsServer();
    const client = newClient({
      tls: { caPath: '/no/such/folder' },
      log: (_level, message) => said.push(message),
    });
    expect(await client.get(server.origin)).toMatchObject({ rc: -10, retcode: 0 });
    expect(said[0]).toContain('the CA folder /no/such/folder cannot be read');
  });
});

describe('sessions and kept connections', () => {
  it('are resumed and reused only with the same settings', async () => {
    const server = await newTlsServer();
    const client = newClient({ tls: { caPath } });
    const first = await client.get(server.origin, { headers: { Connection: 'close' } });
    const second = await client.get(server.origin);
    const third = await client.get(server.origin);
    expect([first, second].map((o) => o.connection?.tlsResumed)).toEqual([false, true]);
    expect([second.rc, third.rc, third.reused]).toEqual([1, 1, true]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('never escape the settings of a request (%s)', async (version) => {
    const server = await newTlsServer(LOCALHOST, { maxVersion: version, minVersion: version });
    const shared = newShared();
    const lax = newClient({ shared, tls: { verifyPeer: false, verifyHost: false } });
    const strict = newClient({ shared });
    const domain = new TlsClientDomain({ name: 'lax', verifyPeer: false, verifyHost: false });
    for (let i = 0; i < 2; i++) {
      expect((await lax.get(server.origin, { headers: { Connection: 'close' } })).rc).toBe(1);
      expect((await strict.get(server.origin)).rc).toBe(-10);
      expect((await strict.get(server.origin, { tlsDomain: domain })).rc).toBe(1);
      expect((await strict.get(server.origin)).rc).toBe(-10);
    }
  });
});

describe('a TLS client domain', () => {
  const me = stranger.issue({ commonName: 'siprest client' });
  const options = { name: 'dom1', certificate: Buffer.from(me.cert), privateKey: Buffer.from(me.key) };
  const asking = { requestCert: true, rejectUnauthorized: false, ca: [stranger.cert] };

  it('presents its certificate, for its own requests only', async () => {
    const server = await newTlsServer(LOCALHOST, asking);
    const client = newClient({ tls: { caPath } });
    const tls = new TlsClientDomain(options);
    const subjects: string[] = [];
    for (const with_ of [{}, { tlsDomain: tls }, {}, { tlsDomain: tls }])
      subjects.push(textOf(await client.get(server.origin, with_)));
    expect(subjects).toEqual([
      'subject none',
      'subject siprest client',
      'subject none',
      'subject siprest client',
    ]);
    expect(server.connections).toBe(2);
    const always = newClient({ tls: { caPath }, tlsDomain: tls });
    expect(textOf(await always.get(server.origin))).toBe('subject siprest client');
  });

  it('is needed if the server demands one', async () => {
    const server = await newTlsServer(LOCALHOST, { ...asking, rejectUnauthorized: true });
    const client = newClient({ tls: { caPath } });
    expect(await client.get(server.origin)).toMatchObject({ rc: -10, retcode: 0 });
    expect((await client.get(server.origin, { tlsDomain: new TlsClientDomain(options) })).rc).toBe(1);
  });

  it('uses its own CAs and switches', async () => {
    const server = await newTlsServer();
    const client = newClient({ tls: { caPath } });
    const rc = async (more: object, url = server.origin): Promise<number> =>
      (await client.get(url, { tlsDomain: new TlsClientDomain({ ...options, ...more }) })).rc;
    expect(await rc({})).toBe(1);
    expect(await rc({ caList: Buffer.from(stranger.cert) })).toBe(-10);
    expect(await rc({ caList: Buffer.from(stranger.cert), verifyPeer: false })).toBe(1);
    expect(await rc({ caPath: caPath })).toBe(1);
    expect(await rc({ caList: Buffer.from(authority.cert) }, byAddress(server))).toBe(-10);
    expect(await rc({ verifyHost: false }, byAddress(server))).toBe(1);
  });

  it('reads files, and names an unusable one', () => {
    const files = folderOf('client', { 'c.pem': me.cert, 'c.key': me.key, 'other.key': LOCALHOST.key });
    const certificate = join(files, 'c.pem');
    const made = new TlsClientDomain({ name: 'd', certificate, privateKey: join(files, 'c.key') });
    expect(made.certificate?.toString()).toBe(me.cert);
    expect(() => new TlsClientDomain({ name: 'd', certificate: join(files, 'none.pem') })).toThrow(
      'none.pem',
    );
    expect(
      () => new TlsClientDomain({ name: 'd', certificate, privateKey: join(files, 'other.key') }),
    ).toThrow(RestOptionError);
    expect(() => new TlsClientDomain({ name: 'd', caList: Buffer.from('no PEM') })).toThrow(
      'holds no certificate',
    );
  });
});

describe('TLS to a server without it', () => {
  it('is -2 on a silent port of clear text, and clear text on a TLS port is -10', async () => {
    const plain = await newServer(() => {});
    const client = newClient({ tls: { verifyPeer: false }, connectTimeout: 200 });
    expect(await client.get(`https://127.0.0.1:${plain.port}/`)).toMatchObject({ rc: -2, retcode: 0 });
    const server = await newTlsServer();
    expect(await client.get(`http://127.0.0.1:${server.port}/`)).toMatchObject({ rc: -10, retcode: 0 });
  });

  it('garbage in the handshake is -10', async () => {
    const server = await newServer(() => {}, {
      onConnection: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    });
    const outcome = await newClient().get(`https://127.0.0.1:${server.port}/`);
    expect(outcome).toMatchObject({
      rc: -10,
      retcode: 0,
      reason: expect.stringContaining('the TLS handshake failed'),
    });
  });
});
