/** What the scenarios of auth leave out: session algorithms, auth-int, hostile headers, letters of older versions. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../src/workers/load-script.ts';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { simulatedServer } from '../support/simulated-server.ts';

const rest = `modparam("auth", "username_spec", "$avp(user)")
modparam("auth", "password_spec", "$avp(password)")
modparam("auth", "calculate_ha1", 1)
modparam("auth", "secret", "0123456789abcdef0123456789abcdef")`;
const modules = ['auth'];
const body = '$avp(user) = "alice"; $avp(password) = "secret"; pv_www_authorize("r"); xlog("$rc");';

const withHeader = (value: string) =>
  sampleRequest.replace(/^Authorization:.*\n/m, value === '' ? '' : `Authorization: ${value}\n`);

async function answered(value: string): Promise<readonly string[]> {
  return (await runScript(body, { modules, rest, request: withHeader(value) })).prints;
}

async function nonceOf(): Promise<string> {
  const { sent } = await runScript('www_challenge("r", "auth,auth-int", "MD5,SHA-512-256");', {
    modules,
    rest,
    request: withHeader(''),
  });
  const reply = sent.find((text) => text.startsWith('SIP/2.0 401')) ?? '';
  expect(reply).toMatch(/qop="auth-int,auth", algorithm=SHA-512-256\r\n[^]*algorithm=MD5\r\n/);
  return /nonce="([^"]*)"/.exec(reply)?.[1] ?? '';
}

const digest = (
  algorithm: string,
  hash: string,
  nonce: string,
  { qop = 'auth', password = 'secret' } = {},
) => {
  const h = (text: string) => createHash(hash).update(text).digest('hex');
  const known = h(`alice:r:${password}`);
  const a1 = algorithm.endsWith('-sess') ? h(`${known}:${nonce}:c`) : known;
  const text = sampleRequest.split('\n\n')[1]?.replace(/\n/g, '\r\n') ?? '';
  const a2 = h(`INVITE:sip:x${qop === 'auth-int' ? `:${h(text)}` : ''}`);
  const response = h(`${a1}:${nonce}:00000001:c:${qop}:${a2}`);
  return `Digest username="alice", realm="r", nonce="${nonce}", uri="sip:x", response="${response}", algorithm=${algorithm}, qop=${qop}, nc=00000001, cnonce="c"`;
};

describe('credentials', () => {
  test.each([
    ['MD5', 'md5', {}, '1'],
    ['MD5-sess', 'md5', {}, '1'],
    ['SHA-256', 'sha256', {}, '1'],
    ['SHA-512-256', 'sha512-256', {}, '1'],
    ['SHA-256', 'sha256', { qop: 'auth-int' }, '1'],
    ['SHA-256', 'sha256', { password: 'wrong' }, '-2'],
    ['AKAv1-MD5', 'md5', {}, '-2'],
  ])('%s by %s %o give %s', async (algorithm, hash, options, expected) => {
    expect(await answered(digest(algorithm, hash, await nonceOf(), options))).toEqual([expected]);
  });

  test.each([
    ['Basic YTpi', '-4'],
    ['Digest', '-4'],
    ['Digest realm="other", username="alice"', '-4'],
    [`Digest username="alice", realm="r", nonce="${'0'.repeat(58)}", uri="sip:x", response="0"`, '-3'],
    [`Digest username="alice", realm="r", nonce="${'f'.repeat(3000)}", uri="sip:x", response="0"`, '-3'],
  ])('%s gives %s', async (value, expected) => {
    expect(await answered(value)).toEqual([expected]);
  });

  test('that are incomplete get 400, which ends the script', async () => {
    const { prints, sent } = await runScript(body, {
      modules,
      rest,
      request: withHeader(
        'Digest username="alice", realm="r", nonce="x", uri="sip:x", response="y", qop=auth',
      ),
    });
    expect(prints).toEqual([]);
    expect(sent.join('')).toContain('SIP/2.0 400 Bad Request');
  });
});

test('a realm cannot break out of its quotes', async () => {
  const { sent } = await runScript('$var(r) = "a\\", x=\\"b"; www_challenge($var(r));', { modules, rest });
  expect(sent.join('')).toContain('realm="a\\", x=\\"b", nonce="');
});

test('secrets of another length and unknown words are rejected before the start', () => {
  const errors = (text: string) =>
    loadScript(`loadmodule "auth.so"\n${text}`).diagnostics.map(({ code, message }) => `${code}: ${message}`);
  expect(errors('modparam("auth", "secret", "short")\nroute { exit; }')).toEqual([
    'parameter-conflict: secret must have exactly 32 characters',
  ]);
  expect(errors('route { www_challenge("", "author"); }')).toEqual([
    'argument-value: www_challenge(): the argument "qop" has the invalid flag "author"',
  ]);
  expect(errors('route { www_challenge("", "0"); proxy_challenge("", "1"); www_challenge(""); }')).toEqual(
    [],
  );
});

test('credentials that are sent again are right until their nonce expires, and then stale', async () => {
  const server = await simulatedServer(
    `${rest}
     modparam("auth", "nonce_expire", 30)
     route { $avp(user) = "alice"; $avp(password) = "secret"; pv_www_authorize("r"); xlog("$rc"); www_challenge("r", "auth"); }`,
    modules,
  );
  server.receive({});
  await server.clock.pass(10);
  const [, nonce = ''] = /nonce="([^"]*)"/.exec(server.sent()[0]?.text ?? '') ?? [];
  const h = (text: string) => createHash('md5').update(text).digest('hex');
  const response = h(`${h('alice:r:secret')}:${nonce}:00000001:c:auth:${h('OPTIONS:sip:x')}`);
  const headers = [
    `Authorization: Digest username="alice", realm="r", nonce="${nonce}", uri="sip:x", response="${response}", qop=auth, nc=00000001, cnonce="c"`,
  ];
  for (const seconds of [1, 20, 30]) {
    server.receive({ headers, callId: `${seconds}` });
    await server.clock.pass(1000 * seconds);
  }
  server.receive({ headers, callId: 'late' });
  await server.clock.pass(10);
  expect(server.prints).toEqual(['-4', '1', '1', '1', '-3']);
  expect(server.sent().at(-1)?.text).toContain('stale=true');
  await server.close();
});
