import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type AuthOptions,
  type Outcome,
  ResponseOutcome,
  RestClient,
  type RestClientOptions,
} from '../../../src/rest/index.ts';
import { parseChallenges } from '../../../src/rest/policies/challenges.ts';
import { DigestSession } from '../../../src/rest/policies/digest.ts';
import { TokenSource } from '../../../src/rest/policies/token-source.ts';
import { SimulatedClock } from '../../../src/timers/index.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { newClient, newServer, newShared, reasonOf, textOf } from '../fixture.ts';
import { fieldValues, type RawRequest, reply } from '../raw-server.ts';

const client = (auth: AuthOptions, options: RestClientOptions = {}) =>
  newClient({ hosts: { '127.0.0.1': { auth } }, ...options });
const authorization = (request: RawRequest | undefined): string =>
  fieldValues(request, 'authorization').join();
const unauthorized = (challenge: string) =>
  `HTTP/1.1 401 No\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`;

describe('authentication', () => {
  it('sends user and password, or a token, unless the request has its own', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const basic = client({ user: 'aladdin', password: 'open sesame ü' });
    await basic.get(server.origin);
    await basic.get(server.origin, { headers: { Authorization: 'Own 1' } });
    await basic.get(`http://user:pass@127.0.0.1:${server.port}/`);
    await client({ scheme: 'bearer', token: 'abc' }).get(server.origin);
    expect(server.requests.map(authorization)).toEqual([
      `Basic ${Buffer.from('aladdin:open sesame ü').toString('base64')}`,
      'Own 1',
      `Basic ${Buffer.from('user:pass').toString('base64')}`,
      'Bearer abc',
    ]);
  });

  it('reads secrets from files and the environment, and rereads them after a 401', async () => {
    const file = join(temporaryFolder('siprest-secrets'), 'token');
    writeFileSync(file, 'first\n');
    process.env['SIPREST_TEST_TOKEN'] = 'from-env';
    const server = await newServer((socket, request) =>
      socket.write(authorization(request) === 'Bearer second' ? reply('x') : unauthorized('Bearer')),
    );
    const byFile = client({ scheme: 'bearer', token: `\${file:${file}}` });
    expect((await byFile.get(server.origin)).retcode).toBe(401);
    writeFileSync(file, 'second\n');
    expect((await byFile.get(server.origin)).retcode).toBe(200);
    await client({ scheme: 'bearer', token: '${env:SIPREST_TEST_TOKEN}' }).get(server.origin);
    expect(server.requests.map(authorization)).toEqual([
      'Bearer first',
      'Bearer first',
      'Bearer second',
      'Bearer from-env',
    ]);
  });

  it('is validated at the start, without secrets in errors', () => {
    const wrong = (auth: object) => () => new RestClient({ hosts: { a: { auth } } });
    expect(wrong({ scheme: 'basic' })).toThrow("hosts['a'].auth needs user for basic");
    expect(wrong({ scheme: 'oauth2', tokenUrl: 'x' })).toThrow('needs clientId');
    expect(wrong({ scheme: 'bearer', token: '${file:/nonexistent/s}' })).toThrow(
      '/nonexistent/s cannot be read: ',
    );
    expect(wrong({ scheme: 'bearer', token: '${env:SIPREST_NONE}' })).toThrow(
      'the environment has no SIPREST_NONE',
    );
    expect(wrong({ scheme: 'bearer', token: '${vault:x}' })).toThrow(
      "expected '${file:/path}' or '${env:NAME}'",
    );
    expect(
      wrong({ scheme: 'oauth2', tokenUrl: 'http://u:hunter2@x/', clientId: 'a', clientSecret: 'b' }),
    ).toThrow('expected a URL without a user');
    for (const auth of [
      { password: 31_337 },
      { token: ['hunter2'] },
      { scheme: 'oauth2', tokenUrl: 'http://u:hunter2@x/', clientId: 'a', clientSecret: 'hunter2' },
    ]) {
      try {
        wrong(auth)();
        expect.unreachable();
      } catch (error) {
        expect(String(error)).not.toMatch(/hunter2|31337/);
      }
    }
  });

  it('never shows a secret in logs, reasons and channels', async () => {
    const lines: string[] = [];
    const server = await newServer((socket) => socket.write(reply('{"access_token": 7, "x": "hunter2"}')));
    const one = client(
      {
        scheme: 'oauth2',
        tokenUrl: `${server.origin}/token?key=hunter2`,
        clientId: 'hunter2',
        clientSecret: 'hunter2',
      },
      { log: (_, line) => lines.push(line) },
    );
    const outcome = await one.get(server.origin);
    expect(outcome).toMatchObject({ kind: 'blocked', policy: 'auth' });
    expect(reasonOf(outcome) + lines.join()).not.toContain('hunter2');
    expect(reasonOf(outcome)).toContain('the token endpoint answers with no access_token');
  });
});

describe('Digest (RFC 7616)', () => {
  /** The examples of section 3.9.1, and the one of RFC 2617 without qop. */
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('answers the example of %s', (algorithm, response) => {
    const session = new DigestSession(() => 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ');
    const challenge = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
    expect(session.challenge([challenge])).toBe(true);
    const value = session.authorize(
      { user: 'Mufasa', password: 'Circle of Life' },
      { method: 'GET', path: '/dir/index.html', body: null },
    );
    expect(value).toContain(`response="${response}"`);
    expect(value).toContain('nc=00000001');
  });

  it('answers the strongest of several challenges, and ignores unknown ones', () => {
    const session = new DigestSession();
    const of = (algorithm: string) => `Digest realm="r", nonce="${algorithm}", algorithm=${algorithm}`;
    expect(session.challenge(['Basic realm="x"', of('SHA-512-256')])).toBe(false);
    expect(session.challenge([`Basic realm="a, Digest b", ${of('MD5')}, ${of('SHA-256')}`])).toBe(true);
    expect(session.nonce).toBe('SHA-256');
    expect(session.challenge(['Digest realm="r"'])).toBe(false);
    expect(session.challenge(['Digest realm="r", nonce="n", qop="auth-conf"'])).toBe(false);
  });

  it.each([
    ['MD5', 'auth'],
    ['MD5-sess', 'auth'],
    ['SHA-256', 'auth'],
    ['SHA-256-sess', 'auth-int'],
    ['SHA-256', 'auth-int'],
    ['MD5', undefined],
  ])(
    'is accepted by a server that verifies %s with qop %s, with one challenge for all requests',
    async (algorithm, qop) => {
      const hash = algorithm.startsWith('MD5') ? 'md5' : 'sha256';
      const h = (text: string) => createHash(hash).update(text).digest('hex');
      const counts: string[] = [];
      const server = await newServer((socket, request) => {
        const [one] = parseChallenges(authorization(request));
        const get = (name: string) => one?.parameters.get(name) ?? '';
        const secret = h('bob:r"ealm:secret');
        const a1 = algorithm.endsWith('-sess') ? h(`${secret}:n1:${get('cnonce')}`) : secret;
        const a2 = h(`${request.method}:${request.target}${qop === 'auth-int' ? `:${h(request.body)}` : ''}`);
        const expected =
          qop === undefined ? h(`${a1}:n1:${a2}`) : h(`${a1}:n1:${get('nc')}:${get('cnonce')}:${qop}:${a2}`);
        if (get('response') === expected && get('uri') === request.target) {
          counts.push(get('nc'));
          socket.write(reply('welcome'));
        } else {
          socket.write(
            unauthorized(
              `Digest realm="r\\"ealm", nonce="n1", algorithm=${algorithm}${qop === undefined ? '' : `, qop="${qop}"`}`,
            ),
          );
        }
      });
      const bob = client({ scheme: 'digest', user: 'bob', password: 'secret' });
      expect(textOf(await bob.get(`${server.origin}/a?b="c"`))).toBe('welcome');
      expect(textOf(await bob.post(`${server.origin}/d`, 'body'))).toBe('welcome');
      expect(server.requests).toHaveLength(3);
      expect(counts).toEqual(qop === undefined ? ['', ''] : ['00000001', '00000002']);
      const wrong = client({ scheme: 'digest', user: 'bob', password: 'other' });
      expect((await wrong.get(server.origin)).retcode).toBe(401);
      expect(server.requests.length).toBeLessThanOrEqual(6);
    },
  );

  it('replaces a stale nonce, and follows Authentication-Info', async () => {
    let nonce = 1;
    const server = await newServer((socket, request) => {
      const used = parseChallenges(authorization(request))[0]?.parameters.get('nonce');
      if (used === `n${nonce}`)
        socket.write(reply('x', nonce === 2 ? 'Authentication-Info: nextnonce="n3"\r\n' : ''));
      else socket.write(unauthorized(`Digest realm="r", nonce="n${nonce}", stale=true`));
    });
    const bob = client({ scheme: 'digest', user: 'bob', password: 'secret' });
    const before = async (): Promise<number> => {
      const sent = server.requests.length;
      expect((await bob.get(server.origin)).rc).toBe(1);
      return server.requests.length - sent;
    };
    expect([await before(), await before()]).toEqual([2, 1]);
    nonce = 2;
    expect(await before()).toBe(2);
    nonce = 3;
    expect(await before()).toBe(1);
  });

  it.each([
    ['', []],
    ['Basic', [['basic', {}]]],
    [
      'Negotiate abc==, Basic realm=x',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Basic realm="a\\"b, c=d" , x = y,, Bearer',
      [
        ['basic', { realm: 'a"b, c=d', x: 'y' }],
        ['bearer', {}],
      ],
    ],
    ['Digest a=1, a=2', [['digest', { a: '1' }]]],
    ['"broken', []],
    [
      'Basic realm="open',
      [
        ['basic', {}],
        ['realm', {}],
      ],
    ],
  ] as const)('reads the challenges of %s', (text, expected) => {
    expect(
      parseChallenges(text).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]),
    ).toEqual(expected);
  });

  it('gives up after endless challenges', () => {
    const from = performance.now();
    for (const text of [
      'Digest ' + 'a=1,'.repeat(4_000),
      'a '.repeat(8_000),
      `Digest a="${'\\'.repeat(16_000)}`,
      '='.repeat(16_000),
    ])
      parseChallenges(text);
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

describe('OAuth 2 client credentials', () => {
  /** A token endpoint and the service behind it. */
  async function services(token: (nth: number) => string | null) {
    let asked = 0;
    const issued = new Set<string>();
    const server = await newServer((socket, request) => {
      if (request.target !== '/token') {
        socket.write(issued.has(authorization(request)) ? reply('welcome') : unauthorized('Bearer'));
        return;
      }
      const answer = token(++asked);
      if (answer === null) return;
      issued.add(`Bearer ${/"access_token":"([^"]*)"/.exec(answer)?.[1]}`);
      socket.write(reply(answer));
    });
    const auth: AuthOptions = {
      scheme: 'oauth2',
      tokenUrl: `${server.origin}/token`,
      clientId: 'id:ü',
      clientSecret: 's ecret',
      scope: 'a b',
      tokenTimeout: 200,
    };
    return {
      server,
      auth,
      issued,
      tokens: () => server.requests.filter(({ target }) => target === '/token'),
    };
  }
  const tokenOf = (nth: number, expires: unknown = 3_600) =>
    JSON.stringify({ access_token: `t${nth}`, token_type: 'Bearer', expires_in: expires });

  it('requests one token for all clients, and keeps it across a reload', async () => {
    const { server, auth, tokens } = await services((nth) => tokenOf(nth));
    const shared = newShared();
    const clients = [1, 2].map(() => client(auth, { shared }));
    const outcomes = await Promise.all(
      clients.flatMap((one) => Array.from({ length: 10 }, () => one.get(`${server.origin}/x`))),
    );
    expect(new Set(outcomes.map(textOf))).toEqual(new Set(['welcome']));
    expect(tokens()).toHaveLength(1);
    expect(tokens()[0]?.body).toBe('grant_type=client_credentials&scope=a+b');
    expect(authorization(tokens()[0])).toBe(`Basic ${Buffer.from('id%3A%C3%BC:s+ecret').toString('base64')}`);
    expect(textOf(await client(auth, { shared }).post(`${server.origin}/x`, 'y'))).toBe('welcome');
    expect(tokens()).toHaveLength(1);
  });

  it('requests a new one when the service rejects it', async () => {
    const { server, auth, tokens, issued } = await services((nth) => tokenOf(nth));
    const clock = new SimulatedClock();
    const one = client(auth, { clock });
    expect(textOf(await one.get(server.origin))).toBe('welcome');
    issued.clear();
    // a token of this moment would hardly be replaced by a better one
    expect((await one.get(server.origin)).retcode).toBe(401);
    clock.advance(2_000);
    expect(textOf(await one.get(server.origin))).toBe('welcome');
    expect(tokens()).toHaveLength(2);
  });

  it.each<[what: string, answer: string | null, reason: string]>([
    ['hangs', null, 'the token endpoint has not answered in time'],
    ['answers garbage', 'hello', 'something that is not JSON'],
    ['answers null', 'null', 'JSON that is not an object'],
    ['answers without a token', '{}', 'no access_token'],
    [
      'answers with a token that breaks lines',
      '{"access_token":"a\\r\\nX: y"}',
      'an access_token that cannot be sent',
    ],
    [
      'answers with a token without end',
      JSON.stringify({ access_token: 'x'.repeat(100_000) }),
      'an access_token that cannot be sent',
    ],
    [
      'answers with another type',
      '{"access_token":"a","token_type":"mac"}',
      'a token_type other than Bearer',
    ],
  ])('blocks requests if the endpoint %s', async (_, answer, reason) => {
    const { server, auth, tokens } = await services(() => answer);
    const one = client(auth, { timeout: 100 });
    const outcomes = await Promise.all([1, 2, 3].map(() => one.get(`${server.origin}/x`)));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ kind: 'blocked', rc: -5, policy: 'auth' });
      expect(reasonOf(outcome)).toContain(reason);
    }
    // at once after a failure, without asking again for a moment
    expect((await one.get(`${server.origin}/x`)).kind).toBe('blocked');
    expect(tokens()).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });

  it('reports why the endpoint refuses, and stops waiting when the signal fires', async () => {
    const refusing = await newServer((socket) =>
      socket.write(reply('{"error":"invalid_client","x":"hunter2"}', '', '400 Bad')),
    );
    const options = { scheme: 'oauth2', clientId: 'a', clientSecret: 'b', tokenTimeout: 200 } as const;
    const outcome = await client({ ...options, tokenUrl: refusing.origin }).get(refusing.origin);
    expect(reasonOf(outcome)).toContain('the token endpoint answers 400, invalid_client');
    const hanging = await newServer(() => {});
    const end = new AbortController();
    const waiting = client({ ...options, tokenUrl: hanging.origin }).get(hanging.origin, {
      signal: end.signal,
    });
    await until(() => hanging.requests.length === 1);
    end.abort();
    expect(await waiting).toMatchObject({ kind: 'error', code: 'aborted' });
  });

  it('works when service and endpoint share a host limited to one request at a time', async () => {
    const { server, auth } = await services((nth) => tokenOf(nth));
    const hosts = { '*': { auth, limits: { concurrency: 1 } } };
    expect(textOf(await newClient({ hosts }).get(server.origin))).toBe('welcome');
  });
});

describe('a source of tokens', () => {
  const respond = (body: object): Outcome => ResponseOutcome.of({ body: JSON.stringify(body) });

  it('renews once before expiry while the old one is used, and pauses after failures', async () => {
    const clock = new SimulatedClock();
    const source = new TokenSource(clock);
    let asked = 0;
    let answer: (outcome: Outcome) => void = () => {};
    const ask = (): Promise<Outcome> => {
      asked++;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const get = () => source.get(10_000, ask);
    const first = get();
    expect(get()).toBe(first);
    answer(respond({ access_token: 'a', expires_in: 100 }));
    expect(await first).toEqual({ token: 'a' });
    clock.advance(89_999);
    expect([get(), asked]).toEqual([{ token: 'a' }, 1]);
    clock.advance(1);
    expect([get(), get(), asked]).toEqual([{ token: 'a' }, { token: 'a' }, 2]);
    answer(ResponseOutcome.of({ status: 500 }));
    await clock.pass(0);
    // it failed: not at once again, and the old one is used until its end
    expect([get(), asked]).toEqual([{ token: 'a' }, 2]);
    clock.advance(500);
    expect([get(), asked]).toEqual([{ token: 'a' }, 3]);
    answer(respond({ access_token: 'b', expires_in: 0 }));
    await clock.pass(0);
    expect(get()).toEqual({ token: 'b' });
    clock.advance(1_001); // one that expires at once is used for a second
    const next = get();
    expect([next instanceof Promise, asked]).toEqual([true, 4]);
  });
});
