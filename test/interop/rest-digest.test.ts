/** Digest authentication against Apache (MD5) and lighttpd (SHA-256), with curl in the same exchange as a rival. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/rest/index.ts';
import { newClient } from '../rest/fixture.ts';
import { commandPath } from '../support/commands.ts';
import { type HttpServer, startApache, startLighttpd } from '../support/http-servers.ts';
import { startTap, type Tap } from '../support/tap.ts';
import { temporaryFolder } from '../support/temporary.ts';

const run = promisify(execFile);
const USER = 'alice';
const PASSWORD = 'open "sesame" \\ 100% ü';
const REALM = 'billing east';

const closing: { stop?: () => Promise<void>; close?: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await (one.stop ?? one.close)?.call(one);
});

/** A file of htdigest's, for both servers. */
function passwordFile(hash: 'md5' | 'sha256', userHash = false): string {
  const h = (text: string): string => createHash(hash).update(text).digest('hex');
  const folder = temporaryFolder('digest');
  chmodSync(folder, 0o755); // started by root, Apache's children run as www-data
  const file = join(folder, 'passwords');
  const parts = [USER, REALM, h(`${USER}:${REALM}:${PASSWORD}`)];
  if (userHash) parts.push(h(`${USER}:${REALM}`));
  writeFileSync(file, `${parts.join(':')}\n`, { mode: 0o644 });
  return file;
}

const apache = (lines = ''): Promise<HttpServer> =>
  startApache({
    modules: ['auth_digest', 'authn_core', 'authn_file', 'authz_user'],
    configuration: `<Location "/">
  AuthType Digest
  AuthName "${REALM}"
  AuthUserFile ${passwordFile('md5')}
  Require valid-user
  ${lines}
</Location>`,
  });

const lighttpd = (hash: 'md5' | 'sha256', userHash = false): Promise<HttpServer> =>
  startLighttpd({
    configuration: `server.modules = ( "mod_auth", "mod_authn_file" )
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "${passwordFile(hash, userHash)}"
auth.require = ( "/" => (
  "method" => "digest", "realm" => "${REALM}", "require" => "valid-user",
  "algorithm" => "${hash === 'md5' ? 'MD5' : 'SHA-256'}"${userHash ? ', "userhash" => "enable"' : ''}
) )`,
  });

async function tapped(server: HttpServer): Promise<Tap> {
  const tap = await startTap(server.origin);
  closing.push(server, tap);
  return tap;
}

/** The exchange on the wire: the parameters of each Authorization, null without one, and the status that followed. */
interface Exchange {
  readonly parameters: Readonly<Record<string, string>> | null;
  readonly status: number;
}
function exchanges({ pieces }: Tap): readonly Exchange[] {
  const all: Exchange[] = [];
  for (const [i, { from, text }] of pieces.entries()) {
    if (from === 'server') continue;
    const field = /^authorization: digest (.*)\r$/im.exec(text)?.[1];
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(pieces[i + 1]?.text ?? '')?.[1]);
    const parameters = field === undefined ? null : parametersOf(field);
    all.push({ parameters, status });
  }
  return all;
}
const parametersOf = (field: string): Record<string, string> =>
  Object.fromEntries(
    [...field.matchAll(/([a-z]+)=("(?:[^"\\]|\\.)*"|[^\s",]+)/gi)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
const statuses = (tap: Tap): number[] => exchanges(tap).map(({ status }) => status);

/** Asks for these paths with curl, on one connection. */
async function curl(tap: Tap, ...paths: readonly string[]): Promise<void> {
  const urls = paths.flatMap((path) => ['-o', '/dev/null', `${tap.origin}${path}`]);
  await run(commandPath('curl'), ['-s', '--http1.1', '--digest', '-u', `${USER}:${PASSWORD}`, ...urls]);
}

const client = (password = PASSWORD) =>
  newClient({ hosts: { '*': { auth: { scheme: 'digest', user: USER, password } } } });
const statusOf = ({ retcode }: Outcome): number => retcode;

/** What curl and this client have to have in common: all of their answers to challenges but what is random, and the count. */
const comparable = (tap: Tap): readonly object[] =>
  exchanges(tap).flatMap(({ parameters, status }) => {
    if (parameters === null) return [];
    const fixed = ['username', 'realm', 'uri', 'algorithm', 'qop', 'userhash'].map(
      (name) => parameters[name],
    );
    return [{ status, names: Object.keys(parameters).toSorted(), fixed }];
  });

describe.each([
  ['Apache, MD5', () => apache(), 'MD5'],
  ['lighttpd, MD5', () => lighttpd('md5'), 'MD5'],
  ['lighttpd, SHA-256', () => lighttpd('sha256'), 'SHA-256'],
  ['lighttpd, SHA-256 with hashed names of users', () => lighttpd('sha256', true), 'SHA-256'],
] as const)('Digest and %s', (_, start, algorithm) => {
  it('agrees with curl, and accepts no further challenges', async () => {
    const server = await start();
    const [ours, theirs] = [await tapped(server), await startTap(server.origin)];
    closing.push(theirs);
    const alice = client();
    const paths = ['/hello.txt', '/hello.txt?a=b%20c,"d"&e=%22', '/missing'].map((path) =>
      path.replaceAll('"', '%22'),
    );
    const got: number[] = [];
    for (const path of paths) got.push(statusOf(await alice.get(`${ours.origin}${path}`)));
    await curl(theirs, ...paths);
    expect(got).toEqual([200, 200, 404]);
    expect(statuses(ours)).toEqual([401, 200, 200, 404]);
    expect(exchanges(ours).map(({ parameters }) => parameters?.['nc'])).toEqual([
      undefined,
      '00000001',
      '00000002',
      '00000003',
    ]);
    expect(exchanges(ours)[1]?.parameters?.['algorithm']).toBe(algorithm);
    expect(comparable(ours)).toEqual(comparable(theirs));
    expect(statuses(theirs).length).toBeGreaterThanOrEqual(statuses(ours).length);
  });

  it('resends bodies after a challenge, and many requests at a time', async () => {
    const tap = await tapped(await start());
    const alice = client();
    const posted = await alice.post(`${tap.origin}/hello.txt`, 'x'.repeat(50_000));
    expect(statusOf(posted)).not.toBe(401);
    const all = await Promise.all(Array.from({ length: 40 }, () => alice.get(`${tap.origin}/hello.txt`)));
    expect(new Set(all.map(statusOf))).toEqual(new Set([200]));
    expect(statuses(tap).filter((status) => status === 401)).toHaveLength(1);
  });

  it('fails with the wrong password, after two requests', async () => {
    const tap = await tapped(await start());
    expect(statusOf(await client('wrong').get(`${tap.origin}/hello.txt`))).toBe(401);
    expect(statuses(tap)).toEqual([401, 401]);
  });
});

describe('nonces of Apache', () => {
  it('are replaced when stale, without a failure', async () => {
    const tap = await tapped(await apache('AuthDigestNonceLifetime 1'));
    const alice = client();
    expect(statusOf(await alice.get(`${tap.origin}/hello.txt`))).toBe(200);
    await sleep(2_500); // Apache's own clock
    expect(statusOf(await alice.get(`${tap.origin}/hello.txt`))).toBe(200);
    expect(statuses(tap)).toEqual([401, 200, 401, 200]);
    expect(tap.pieces.map(({ text }) => text).join('')).toMatch(/stale=true/);
  });

  it('are taken from Authentication-Info, if each is for one request', async () => {
    const tap = await tapped(await apache('AuthDigestNonceLifetime 0'));
    const alice = client();
    for (let i = 0; i < 4; i++) expect(statusOf(await alice.get(`${tap.origin}/hello.txt`))).toBe(200);
    expect(tap.pieces.map(({ text }) => text).join('')).toMatch(/nextnonce=/);
    expect(statuses(tap)).toEqual([401, 200, 200, 200, 200]);
  });
});
