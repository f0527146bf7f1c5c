import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, RestShared, TlsClientDomain } from '../../src/rest/index.ts';
import { newClient, reasonOf, textOf } from '../rest/fixture.ts';
import { type CertificateOptions, createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { commandPath } from '../support/commands.ts';
import { type HttpServer, startApache, startNginx } from '../support/http-servers.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { caFolder } from './ca-folder.ts';

/** ssl_verifypeer, ssl_verifyhost, ssl_capath and client certificates, as nginx sees them. */

const day = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * day);

const brief = ({ rc, retcode }: Outcome): string => `${rc} ${retcode}`;
const byAddress = (server: HttpServer): string => server.secureOrigin.replace('localhost', '127.0.0.1');

describe('ssl_verifypeer and ssl_verifyhost', () => {
  let server: HttpServer;
  beforeAll(async () => {
    server = await startNginx();
  });
  afterAll(() => server.stop());

  // the certificate is for localhost: by address its name is wrong
  const combinations = [true, false].flatMap((peer) =>
    [true, false].flatMap((host) =>
      [true, false].flatMap((chain) => [true, false].map((name) => ({ peer, host, chain, name }))),
    ),
  );
  it.each(combinations)(
    'peer $peer, host $host; CA known: $chain, name right: $name',
    async ({ peer, host, chain, name }) => {
      const client = newClient({
        tls: { verifyPeer: peer, verifyHost: host, ...(chain ? { caPath: caFolder(server.authority) } : {}) },
      });
      const outcome = await client.get(`${name ? server.secureOrigin : byAddress(server)}/hello.txt`);
      const isGood = (chain || !peer) && (name || !host);
      expect(brief(outcome)).toBe(isGood ? '1 200' : '-10 0');
    },
  );

  const authority = createAuthority('a known CA');
  const faults: readonly (readonly [string, CertificateOptions, string])[] = [
    ['expired', { names: ['localhost'], notBefore: inDays(-2), notAfter: inDays(-1) }, 'CERT_HAS_EXPIRED'],
    ['not valid yet', { names: ['localhost'], notBefore: inDays(1) }, 'CERT_NOT_YET_VALID'],
    [
      'for other names',
      { names: ['api.example.com', '*.example.net', '192.0.2.1'] },
      'is not for localhost, it is for DNS:api.example.com, DNS:*.example.net, IP Address:192.0.2.1',
    ],
    ['for one other name, in its subject', { commonName: 'old.example.com' }, 'it is for CN:old.example.com'],
  ];
  it.each(faults)('log a certificate that is %s', async (_what, certificate, says) => {
    const own = closeLater(await startNginx({ certificate, authority }));
    const log: string[] = [];
    const client = newClient({
      tls: { caPath: caFolder(authority) },
      log: (level, message) => log.push(`${level}: ${message}`),
    });
    const outcome = await client.get(`${own.secureOrigin}/hello.txt`);
    expect(brief(outcome)).toBe('-10 0');
    expect(log).toHaveLength(1);
    expect(log[0]).toContain(`debug: GET ${own.secureOrigin}/hello.txt: -10, the server's certificate `);
    expect(log[0]).toContain(says);
  });

  it('log an unknown CA', async () => {
    const log: string[] = [];
    const client = newClient({ log: (_level, message) => log.push(message) });
    expect(brief(await client.get(`${server.secureOrigin}/hello.txt`))).toBe('-10 0');
    expect(log.join()).toContain("the server's certificate is refused: its CA is unknown");
  });

  it('accept a wildcard for one label, but not for two', async () => {
    const own = closeLater(await startNginx({ certificate: { names: ['*.api.localhost'] }, authority }));
    const client = newClient({ tls: { caPath: caFolder(authority) } });
    const at = (host: string) => client.get(`${own.secureOrigin.replace('localhost', host)}/hello.txt`);
    expect(brief(await at('v1.api.localhost'))).toBe('1 200');
    expect(brief(await at('a.v1.api.localhost'))).toBe('-10 0');
    expect(brief(await at('api.localhost'))).toBe('-10 0');
  });
});

describe('ssl_capath', () => {
  it('accepts only the hashed names that openssl rehash creates', async () => {
    const server = closeLater(await startNginx());
    const store = temporaryFolder('store');
    const hashed = temporaryFolder('hashed');
    writeFileSync(join(store, 'ca'), server.authority.cert);
    const { stdout } = spawnSync(
      commandPath('openssl'),
      ['x509', '-hash', '-noout', '-in', join(store, 'ca')],
      {
        encoding: 'utf8',
      },
    );
    symlinkSync(join(store, 'ca'), join(hashed, `${stdout.trim()}.0`));
    expect(brief(await newClient({ tls: { caPath: hashed } }).get(`${server.secureOrigin}/hello.txt`))).toBe(
      '1 200',
    );
    expect(brief(await newClient({ tls: { caPath: store } }).get(`${server.secureOrigin}/hello.txt`))).toBe(
      '-10 0',
    );
  });

  it('accepts a folder prepared by openssl rehash', async () => {
    const server = closeLater(await startNginx());
    const folder = caFolder(createAuthority(), server.authority);
    expect(spawnSync(commandPath('openssl'), ['rehash', folder]).status).toBe(0);
    expect(brief(await newClient({ tls: { caPath: folder } }).get(`${server.secureOrigin}/hello.txt`))).toBe(
      '1 200',
    );
  });

  it('warns of an unreadable file by name, and accepts the others', async () => {
    const server = closeLater(await startNginx());
    const folder = caFolder(server.authority);
    mkdirSync(join(folder, 'folder.pem'));
    symlinkSync('/nowhere/ca.pem', join(folder, 'dangling.pem'));
    const log: string[] = [];
    const client = newClient({
      tls: { caPath: folder },
      log: (level, message) => log.push(`${level}: ${message}`),
    });
    expect(brief(await client.get(`${server.secureOrigin}/hello.txt`))).toBe('1 200');
    expect(log).toHaveLength(2);
    expect(log[0]).toMatch(/^warning: .*dangling\.pem.*ENOENT/);
    expect(log[1]).toMatch(/^warning: .*folder\.pem/);
  });

  it('is used in addition to the default CAs, such as a system’s store', async () => {
    const server = closeLater(await startNginx());
    const script = `
      import { RestClient } from ${JSON.stringify(new URL('../../src/rest/index.ts', import.meta.url).href)};
      const client = new RestClient({ tls: { caPath: ${JSON.stringify(caFolder(createAuthority()))} } });
      console.log((await client.get(process.argv.at(-1))).rc);
      await client.close();`;
    const run = (env: NodeJS.ProcessEnv) =>
      spawnSync(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', script, `${server.secureOrigin}/hello.txt`],
        { encoding: 'utf8', env: { ...process.env, ...env } },
      );
    expect(run({ SSL_CERT_FILE: join(server.folder, 'ca.pem') }).stdout).toBe('1\n');
    expect(run({ NODE_EXTRA_CA_CERTS: join(server.folder, 'ca.pem') }).stdout).toBe('1\n');
    expect(run({}).stdout).toBe('-10\n');
  });
});

describe('client certificates, sessions and kept connections', () => {
  const people = createAuthority('people');
  const domain = (name: string, options = {}): TlsClientDomain => {
    const { cert, key } = people.issue({ commonName: name });
    return new TlsClientDomain({
      name,
      certificate: Buffer.from(cert),
      privateKey: Buffer.from(key),
      ...options,
    });
  };

  /** Says who asks, whether the session was resumed, and on which connection. */
  async function asking(mode: 'on' | 'optional', protocol = 'TLSv1.2 TLSv1.3'): Promise<HttpServer> {
    const folder = caFolder(people);
    return closeLater(
      await startNginx({
        http: `
          ssl_protocols ${protocol};
          ssl_session_cache shared:tests:1m;
          ssl_session_tickets on;
          ssl_client_certificate ${folder}/ca-0.pem;
          ssl_verify_client ${mode};`,
        configuration: 'location / { return 200 "$ssl_client_s_dn $ssl_session_reused $connection"; }',
      }),
    );
  }

  const subject = (outcome: Outcome): string => textOf(outcome).split(' ')[0] ?? '';

  it('are sent if requested, and needed if demanded', async () => {
    const server = await asking('on');
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    expect(brief(await client.get(server.secureOrigin))).toBe('1 400');
    const known = await client.get(server.secureOrigin, { tlsDomain: domain('alice') });
    expect([brief(known), subject(known)]).toEqual(['1 200', 'CN=alice']);
    const { cert, key } = createAuthority().issue({ commonName: 'mallory' });
    const unknown = new TlsClientDomain({
      name: 'mallory',
      certificate: Buffer.from(cert),
      privateKey: Buffer.from(key),
    });
    expect(brief(await client.get(server.secureOrigin, { tlsDomain: unknown }))).toBe('1 400');
    expect(brief(await client.get(server.secureOrigin))).toBe('1 400');
  });

  it.each([
    ['TLSv1.2', '1.1'],
    ['TLSv1.3', '1.1'],
    ['TLSv1.3', 'auto'],
  ] as const)(
    'that Apache misses end the request with what it says: %s, HTTP version %s',
    async (protocol, version) => {
      const server = closeLater(
        await startApache({
          configuration: `
          SSLProtocol ${protocol}
          SSLCACertificateFile ${caFolder(people)}/ca-0.pem
          SSLVerifyClient require`,
        }),
      );
      const log: string[] = [];
      const client = newClient({
        httpVersion: version,
        tls: { caPath: caFolder(server.authority) },
        log: (_level, message) => log.push(message),
      });
      const url = `${server.secureOrigin}/hello.txt`;
      for (let i = 0; i < 2; i++) {
        expect(brief(await client.get(url))).toBe('-10 0');
        expect(brief(await client.get(url, { tlsDomain: domain('alice') }))).toBe('1 200');
      }
      expect(log).toHaveLength(2);
      expect(log[0]).toMatch(/alert (?:certificate required|handshake failure) \(ERR_SSL_\w+\)$/);
    },
  );

  it.each([
    ['TLSv1.2', 'auto'],
    ['TLSv1.3', 'auto'],
    ['TLSv1.2', '1.1'],
    ['TLSv1.3', '1.1'],
  ] as const)(
    'of one domain never serve another’s requests: %s, HTTP version %s',
    async (protocol, version) => {
      const server = await asking('optional', protocol);
      const shared = new RestShared();
      const options = { shared, httpVersion: version, tls: { caPath: caFolder(server.authority) } };
      const clients = [newClient(options), newClient(options)];
      const domains = [domain('alice'), domain('bob'), undefined];
      const expected = ['CN=alice', 'CN=bob', ''];
      const connections = new Map<string, string>();
      for (let round = 0; round < 4; round++) {
        for (const client of clients) {
          // all at once, kept; then with a new connection each, which may resume a session
          const kept = await Promise.all(
            domains.map((tlsDomain) => client.get(server.secureOrigin, { tlsDomain })),
          );
          expect(kept.map(subject)).toEqual(expected);
          const closing = { headers: { Connection: 'close' } };
          const fresh = await Promise.all(
            domains.map((tlsDomain) => client.get(server.secureOrigin, { tlsDomain, ...closing })),
          );
          expect(fresh.map(subject)).toEqual(expected);
          for (const outcome of [...kept, ...fresh]) {
            const connection = textOf(outcome).split(' ')[2] ?? '';
            expect(connections.get(connection) ?? subject(outcome)).toBe(subject(outcome));
            connections.set(connection, subject(outcome));
          }
        }
      }
      expect(connections.size).toBeGreaterThan(5);
    },
  );

  it('are resumed between the clients of one process under the same settings', async () => {
    const server = await asking('optional');
    const shared = new RestShared();
    const options = { shared, httpVersion: '1.1', tls: { caPath: caFolder(server.authority) } } as const;
    const first = await newClient(options).get(server.secureOrigin);
    const second = await newClient(options).get(server.secureOrigin);
    expect([textOf(first).split(' ')[1], textOf(second).split(' ')[1]]).toEqual(['.', 'r']);
    expect([first.connection?.tlsResumed, second.connection?.tlsResumed]).toEqual([false, true]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'])(
    'without verification open no door to those with it: %s',
    async (protocol) => {
      const server = await asking('optional', protocol);
      const shared = new RestShared();
      const lax = newClient({ shared, tls: { verifyPeer: false, verifyHost: false } });
      const settings = [{}, { tls: { verifyHost: false } }, { tls: { caPath: caFolder(createAuthority()) } }];
      const strict = settings.map((own) => newClient({ shared, ...own }));
      const knowing = newClient({ shared, tls: { caPath: caFolder(server.authority) } });
      for (let round = 0; round < 3; round++) {
        expect(brief(await lax.get(server.secureOrigin))).toBe('1 200');
        expect(brief(await lax.get(server.secureOrigin, { headers: { Connection: 'close' } }))).toBe('1 200');
        expect(brief(await knowing.get(server.secureOrigin))).toBe('1 200');
        for (const client of strict) expect(brief(await client.get(server.secureOrigin))).toBe('-10 0');
        // the domain's own settings count: it verifies, or it does not, whatever the client does
        expect(
          brief(await lax.get(server.secureOrigin, { tlsDomain: domain('a', { verifyPeer: true }) })),
        ).toBe('-10 0');
        expect(
          brief(
            await knowing.get(byAddress(server), {
              tlsDomain: domain('b', { verifyPeer: false, verifyHost: false }),
            }),
          ),
        ).toBe('1 200');
        expect(brief(await knowing.get(byAddress(server)))).toBe('-10 0');
      }
    },
  );

  it('of a new domain are its own: a changed certificate takes effect at once', async () => {
    const server = await asking('optional');
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    for (const name of ['monday', 'tuesday']) {
      const outcome = await client.get(server.secureOrigin, { tlsDomain: domain(name, { name: 'dom1' }) });
      expect(subject(outcome)).toBe(`CN=${name}`);
    }
  });

  it('use the TLS version and the ciphers of their domain', async () => {
    const server = await asking('optional');
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    const limited = domain('old', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' });
    expect((await client.get(server.secureOrigin, { tlsDomain: limited })).connection?.tls).toBe('TLSv1.2');
    expect((await client.get(server.secureOrigin)).connection?.tls).toBe('TLSv1.3');
    const modern = await asking('optional', 'TLSv1.3');
    const trusting = newClient({ tls: { caPath: caFolder(modern.authority) } });
    const outcome = await trusting.get(modern.secureOrigin, { tlsDomain: limited });
    expect(brief(outcome)).toBe('-10 0');
    expect(reasonOf(outcome)).toMatch(/^the TLS handshake failed/);
  });
});
