import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { closeLater } from '../support/close-later.ts';
import { type Launched, launch } from '../support/launch.ts';
import { freePort } from '../support/ports.ts';
import { programPath } from '../support/program.ts';
import { type Answer, respond, startService } from '../support/service.ts';
import { requestText, sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { TlsPeer } from '../support/tls-peer.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

/** A TypeScript example, as its first lines say how to run it. */
function runExample(name: string, ...args: readonly string[]): Launched {
  // by name the example imports the package, which is this one
  return launch(process.execPath, ['--import', 'tsx', path(name), ...args], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
  });
}

const credit: Answer = (request, response) => {
  const account = new URL(request.target, 'http://service').searchParams.get('account');
  if (account === 'alice') respond(response, 200, '17.50');
  else if (account === 'bob') respond(response, 402, '');
  else if (account === 'carol') response.end('x'.repeat(100_000));
};

describe('examples/library/credit.ts', () => {
  it('reports the outcome for each account', async () => {
    const service = closeLater(await startService(credit));
    const program = runExample('library/credit.ts', service.origin, 'alice', 'bob', 'carol', 'nobody there');
    expect(await program.ended).toBe(0);
    const lines = program.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ \([\d.]+ ms, /, ' ('));
    expect(lines).toEqual([
      'alice has 17.50 left (new connection)',
      'bob is refused (402) (kept connection)',
      expect.stringMatching(/^carol is let through: .*more than the 65536 bytes allowed/),
      'nobody there is let through: no answer in time, 0 bytes of it (new connection)',
    ]);
  });

  it('continues without a service', async () => {
    const program = runExample('library/credit.ts', `http://127.0.0.1:${await freePort()}`, 'alice');
    expect(await program.ended).toBe(0);
    expect(program.stdout).toContain('alice is let through: the service is down');
  });
});

describe('examples/library/policies.ts', () => {
  it('asks the other replica, caches the answer, and logs what happened', async () => {
    const busy = closeLater(await startService((_, response) => respond(response, 503, '')));
    const well = closeLater(
      await startService((request, response) => {
        response.setHeader('Cache-Control', 'max-age=60');
        credit(request, response);
      }),
    );
    const replicas = [busy, well].map(({ origin }) => new URL(origin).host).join(',');
    const program = runExample('library/policies.ts', replicas, 'alice', 'alice', 'bob');
    expect(await program.ended).toBe(0);
    expect(program.stdout).toBe(
      [
        'request 1: GET http://credit.example/credit',
        'request 1: response 503',
        'request 2: GET http://credit.example/credit',
        'request 2: response 200',
        'alice has 17.50 left (2 attempts)',
        'alice has 17.50 left (from the cache)',
        'request 3: GET http://credit.example/credit',
        'request 3: response 503',
        `replica ${new URL(busy.origin).host} of http://credit.example:80 is ejected`,
        'request 4: GET http://credit.example/credit',
        'request 4: response 402',
        'bob is refused: 402 (2 attempts)',
        '',
      ].join('\n'),
    );
    expect(well.seen.map(({ headers }) => headers['x-request-source'])).toEqual(['siprest', 'siprest']);
  });

  it('says which replica it ejects, and that the service is down', async () => {
    const dead = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const program = runExample('library/policies.ts', dead.join(','), 'alice', 'bob', 'carol');
    expect(await program.ended).toBe(0);
    expect(program.stdout).toContain(`replica ${dead[0]} of http://credit.example:80 is ejected`);
    expect(program.stdout).toContain('carol is unknown: refused, ');
  });
});

describe('examples/library/server.ts', () => {
  it('serves, asks, and stops', async () => {
    const service = closeLater(await startService(credit));
    const program = runExample('library/server.ts', service.origin);
    expect(await program.ended).toBe(0);
    expect(program.stdout).toMatch(/^serving 127\.0\.0\.1:\d+\n200 OK, credit 17\.50\n$/);
    expect(service.seen.map(({ target }) => target)).toEqual(['/credit?account=alice']);
  });

  it('says 500 without a service', async () => {
    const program = runExample('library/server.ts', `http://127.0.0.1:${await freePort()}`);
    expect(await program.ended).toBe(0);
    expect(program.stdout).toContain('500 Credit Unknown, credit unknown');
  });
});

describe('examples/tls/opensips.cfg', () => {
  const authority = createAuthority();

  /** A folder with the files that the example names. */
  function place(): string {
    const folder = temporaryFolder('example');
    const certificates = join(folder, 'certificates');
    mkdirSync(join(certificates, 'authorities'), { recursive: true });
    const { cert, key } = authority.issue({ commonName: 'siprest' });
    writeFileSync(join(certificates, 'siprest.pem'), cert);
    writeFileSync(join(certificates, 'siprest.key'), key);
    writeFileSync(join(certificates, 'provisioning-ca.pem'), authority.cert);
    return folder;
  }

  const siprest = (cwd: string, ...args: readonly string[]): Launched =>
    launch(process.execPath, [programPath, ...args], { cwd, env: { ...process.env, NO_COLOR: '1' } });

  it('has no errors if its files exist', async () => {
    const good = siprest(place(), 'check', path('tls/opensips.cfg'));
    expect([await good.ended, good.stderr]).toEqual([0, expect.not.stringContaining('error')]);
    const bare = siprest(temporaryFolder('bare'), 'check', path('tls/opensips.cfg'));
    expect(await bare.ended).toBe(1);
    expect(bare.stdout + bare.stderr).toContain('certificates/siprest.pem');
  });

  it('asks its service with its certificate', async () => {
    const subjects: unknown[] = [];
    const leaf = authority.issue({ names: ['localhost'] });
    const service = https.createServer(
      { cert: leaf.cert, key: leaf.key, ca: authority.cert, requestCert: true },
      (request, response) => {
        subjects.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
        response.statusCode = request.url === '/users/alice' ? 200 : 404;
        response.end();
      },
    );
    closeLater(service);
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const folder = place();
    const [port, { port: servicePort }] = [await freePort(), service.address() as AddressInfo];
    const file = join(folder, 'opensips.cfg');
    const text = readFileSync(path('tls/opensips.cfg'), 'latin1');
    writeFileSync(
      file,
      text.replace('127.0.0.1:5060', `127.0.0.1:${port}`).replace('8443', `${servicePort}`),
    );
    const program = closeLater(siprest(folder, 'run', file));
    await program.prints('listening');
    const from = (user: string) => `<sip:${user}@atlanta.example.com>;tag=1`;
    const statuses = [];
    for (const user of ['alice', 'bob']) {
      const replies = await sendSip({ from: from(user) }, { port });
      statuses.push(replies.at(-1)?.status);
    }
    expect([statuses, subjects]).toEqual([
      [200, 403],
      ['siprest', 'siprest'],
    ]);
  });
});

describe('examples/tls/trunk.cfg', () => {
  it('relays a call to a carrier that sees its certificate', async () => {
    const authority = createAuthority();
    const folder = temporaryFolder('trunk');
    const own = authority.issue({ commonName: 'siprest' });
    mkdirSync(join(folder, 'certificates'));
    const files = { 'siprest.pem': own.cert, 'siprest.key': own.key, 'provisioning-ca.pem': authority.cert };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'certificates', name), text);
    const carrier = await TlsPeer.listen({
      ...authority.issue({ names: ['localhost'] }),
      ca: authority.cert,
      requestCert: true,
    });
    const port = await freePort();
    const file = join(folder, 'trunk.cfg');
    const text = readFileSync(path('tls/trunk.cfg'), 'latin1');
    writeFileSync(
      file,
      text.replace('127.0.0.1:5061', `127.0.0.1:${port}`).replace('5071', `${carrier.port}`),
    );
    const program = closeLater(launch(process.execPath, [programPath, 'run', file], { cwd: folder }));
    await program.prints('listening');
    const phone = await TlsPeer.connect(port);
    phone.send(
      requestText({ method: 'INVITE', uri: 'sip:bob@carrier.example' }, phone.port).replace('/UDP', '/TLS'),
    );
    await carrier.sees(
      /^INVITE sip:bob@carrier\.example [^]*\r\nRecord-Route: <sip:127\.0\.0\.1:\d+;transport=tls;lr/,
    );
    expect(carrier.sockets[0]?.getPeerCertificate().subject.CN).toBe('siprest');
    await program.prints('alice calls bob over TLSv1.3');
  });
});

describe('examples/credit/opensips.cfg', () => {
  it('has no errors', async () => {
    const check = launch(process.execPath, [programPath, 'check', path('credit/opensips.cfg')]);
    expect(await check.ended).toBe(0);
  });
});

describe('examples/stale/opensips.cfg', () => {
  it('uses stale answers of the credit service while it is down', async () => {
    let isDown = false;
    const service = closeLater(
      await startService((_, response) => respond(response, isDown ? 500 : 200, isDown ? 'x' : '42')),
    );
    const port = await freePort();
    const folder = temporaryFolder('stale');
    const place = (name: string): void => {
      const text = readFileSync(path(`stale/${name}`), 'latin1')
        .replaceAll('127.0.0.1:8081', new URL(service.origin).host)
        .replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`);
      writeFileSync(join(folder, name), text);
    };
    place('opensips.cfg');
    place('policies.json');
    const program = closeLater(
      launch(process.execPath, [programPath, 'run', 'opensips.cfg'], { cwd: folder }),
    );
    await program.prints('listening');
    const call = async (user: string) => {
      const final = (await sendSip({ from: `<sip:${user}@atlanta.example.com>;tag=1` }, { port })).at(-1);
      return [final?.status, final?.header('x-credit') ?? null];
    };
    expect(await call('alice')).toEqual([200, '42']);
    isDown = true;
    // as long as it fails, and once the circuit breaker is open
    for (let i = 0; i < 12; i++) expect(await call('alice')).toEqual([200, '42']);
    await program.prints(/breaker open \d+ of the last/);
    const asked = service.seen.length;
    expect(await call('alice')).toEqual([200, '42']);
    expect(await call('bob')).toEqual([503, null]);
    expect(service.seen).toHaveLength(asked);
  });
});
