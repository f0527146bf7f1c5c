import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NameResolver, TlsClientDomain } from '../../src/rest/index.ts';
import { type CertificateOptions, createAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { newClient, newServer, newShared, reasonOf } from './fixture.ts';
import { reply } from './raw-server.ts';

const authority = createAuthority();
const folder = temporaryFolder('certificates');
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, authority.cert);
const hostsFile = join(folder, 'hosts');
writeFileSync(hostsFile, '127.0.0.1 bar.a.test x.y.a.test a.test test\n::1 six\n');
const resolver = new NameResolver({ hostsFile });

afterEach(() => {
  vi.unstubAllEnvs();
  writeFileSync(caFile, authority.cert);
});

const serve = async (options: CertificateOptions, more = {}) => {
  const { key, cert } = authority.issue(options);
  return newServer((socket) => socket.write(reply('x')), { tls: { key, cert, ...more } });
};

const named = () => newShared({ resolver });

describe('the host of a certificate', () => {
  it.each<[string, CertificateOptions, string | null]>([
    ['bar.a.test', { names: ['*.a.test'] }, null],
    ['BAR.A.test', { names: ['bar.A.TEST'] }, null],
    ['bar.a.test', { names: ['b*.a.test'] }, 'it is for DNS:b*.a.test'],
    ['bar.a.test', { names: ['*ar.a.test'] }, 'it is for DNS:*ar.a.test'],
    ['x.y.a.test', { names: ['*.a.test'] }, 'it is for DNS:*.a.test'],
    ['x.y.a.test', { names: ['x.*.a.test'] }, 'it is for DNS:x.*.a.test'],
    ['a.test', { names: ['*.test'] }, 'it is for DNS:*.test'],
    ['127.0.0.1', { names: ['127.0.0.1'] }, null],
    ['127.0.0.1', { names: ['localhost'] }, 'it is for DNS:localhost'],
    ['bar.a.test', { commonName: 'bar.a.test' }, null],
    ['bar.a.test', { commonName: '*.a.test' }, null],
    ['127.0.0.1', { commonName: '127.0.0.1' }, null],
    ['127.0.0.1', { commonName: 'localhost' }, 'it is for CN:localhost'],
    [
      '127.0.0.1',
      { commonName: '127.0.0.1', names: ['localhost'] },
      'it is for DNS:localhost; its CN is ignored because of these',
    ],
  ])('%s with %j: %s', async (host, options, reason) => {
    const server = await serve(options);
    const client = newClient({ tls: { caPath: folder }, shared: named() });
    const outcome = await client.get(`https://${host}:${server.port}/`);
    if (reason === null) expect([outcome.rc, reasonOf(outcome)]).toEqual([1, '']);
    else
      expect(reasonOf(outcome)).toBe(`the server's certificate is not for ${host.toLowerCase()}, ${reason}`);
  });
});

describe('an RSA key of 1024 bits', () => {
  it('is refused, unless the peer is not verified or the domain allows it', async () => {
    const server = await serve({ names: ['localhost'], rsaBits: 1024 }, { ciphers: 'DEFAULT:@SECLEVEL=0' });
    const shared = named();
    const outcome = await newClient({ tls: { caPath: folder }, shared }).get(server.origin);
    expect([outcome.rc, outcome.retcode]).toEqual([-10, 0]);
    expect(reasonOf(outcome)).toMatch(/certificate is refused: .*key.* is too short/);
    expect((await newClient({ tls: { verifyPeer: false }, shared }).get(server.origin)).rc).toBe(1);
    const tls = new TlsClientDomain({ name: 'old', ciphers: 'DEFAULT:@SECLEVEL=1' });
    expect(
      (await newClient({ tls: { caPath: folder }, shared }).get(server.origin, { tlsDomain: tls })).rc,
    ).toBe(1);
    const strong = await serve({ names: ['localhost'], rsaBits: 2048 });
    expect((await newClient({ tls: { caPath: folder }, shared }).get(strong.origin)).rc).toBe(1);
  });
});

describe('CA certificates that are read again', () => {
  it('apply to later requests: neither a connection nor a session outlives the trust', async () => {
    const server = await serve({ names: ['localhost'] });
    const shared = named();
    const client = newClient({ tls: { caPath: folder }, shared });
    const rc = async (): Promise<number> => (await client.get(server.origin)).rc;
    expect([await rc(), await rc()]).toEqual([1, 1]);
    rmSync(caFile);
    expect(await rc()).toBe(1);
    shared.rereadCertificates();
    expect(await rc()).toBe(-10);
    expect(client.connections).toMatchObject({ busy: 0, idle: 0 });
    writeFileSync(caFile, authority.cert);
    expect(await rc()).toBe(-10);
    shared.rereadCertificates();
    expect(await rc()).toBe(1);
  });

  it('of SSL_CERT_FILE are as well', async () => {
    const server = await serve({ names: ['localhost'] });
    const shared = named();
    const client = newClient({ shared });
    const file = join(folder, 'bundle.txt');
    writeFileSync(file, '');
    vi.stubEnv('SSL_CERT_FILE', file);
    expect((await client.get(server.origin)).rc).toBe(-10);
    writeFileSync(file, authority.cert);
    shared.rereadCertificates();
    expect((await client.get(server.origin)).rc).toBe(1);
  });
});
