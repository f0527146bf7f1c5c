/** What services, headers and configurations may say that helps nobody: each has a clear outcome, within bounds. */
import { describe, expect, it } from 'vitest';
import { type HostOptions, type HostsOption, ResponseOutcome } from '../../../src/rest/index.ts';
import { newClient, newServer, newShared, textOf } from '../fixture.ts';
import { reply } from '../raw-server.ts';
import { ended, simulate } from './simulated.ts';

const BILLION = '1000000000';

describe('Retry-After: 1000000000', () => {
  const busy = () => ResponseOutcome.of({ status: 503, headers: [['Retry-After', BILLION]] });

  it('is not waited for: the answer is the outcome at once', async () => {
    const simulation = simulate({ retry: { maxRetryAfter: 3_600_000 } }, busy);
    const outcome = await simulation.ask();
    expect([outcome.kind, outcome.retcode, outcome.attempts, simulation.clock.now()]).toEqual([
      'response',
      503,
      1,
      0,
    ]);
  });

  it.each([`-${BILLION}`, '1e9', '99999999999999999999999999', 'Fri, 31 Dec 9999 23:59:59 GMT', '', 'soon'])(
    'nor is %j',
    async (value) => {
      const simulation = simulate({ retry: { count: 1 } }, () =>
        ResponseOutcome.of({ status: 503, headers: [['Retry-After', value]] }),
      );
      const outcome = await ended(simulation.ask(), simulation);
      expect(outcome.retcode).toBe(503);
      expect(simulation.clock.now()).toBeLessThan(1_000);
    },
  );

  it('ejects a replica for at most sixteen times ejectTime', async () => {
    let status = `503 Busy\r\nRetry-After: ${BILLION}`;
    const [one, other] = await Promise.all([
      newServer((socket) => socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)),
      newServer((socket) => socket.write(reply('x'))),
    ]);
    const addresses = [one, other].map(({ origin }) => new URL(origin).host);
    const client = newClient({ hosts: { '*': { replicas: { addresses, ejectTime: 10 } } } });
    const ask = () => client.get('http://credit.test/');
    for (let i = 0; i < 4; i++) await ask();
    const asked = one.requests.length;
    expect(asked).toBe(1);
    status = '200 OK';
    await expect.poll(async () => (await ask()).kind && one.requests.length).toBeGreaterThan(asked);
  });
});

describe('tokens', () => {
  it.each([
    ['at once', 0],
    ['before they were issued', -3_600],
    ['in a moment', 0.001],
    ['never', 1e300],
    ['at some time', 'later'],
  ])('that expire %s are used, and not requested again at once', async (_, expires) => {
    const tokens = await newServer((socket) =>
      socket.write(reply(JSON.stringify({ access_token: 'a', expires_in: expires }))),
    );
    const server = await newServer((socket) => socket.write(reply('x')));
    const auth: HostOptions['auth'] = {
      scheme: 'oauth2',
      tokenUrl: `${tokens.origin}/token`,
      clientId: 'id',
      clientSecret: 'secret',
    };
    const client = newClient({
      hosts: { [new URL(server.origin).host]: { auth } },
      shared: newShared(),
    });
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => client.get(server.origin)));
    expect(new Set(outcomes.map(textOf))).toEqual(new Set(['x']));
    expect(tokens.requests.length).toBeLessThanOrEqual(2);
  });
});

describe('a cache', () => {
  const vary = (value: string) => {
    let count = 0;
    return simulate({ cache: {} }, () =>
      ResponseOutcome.of({
        headers: [
          ['Cache-Control', 'max-age=60'],
          ['Vary', value],
        ],
        body: `${++count}`,
      }),
    );
  };

  it('stores nothing with Vary: *', async () => {
    const { ask } = vary('*');
    expect([textOf(await ask()), textOf(await ask())]).toEqual(['1', '2']);
  });

  it('uses an answer with Vary only for requests with the same fields', async () => {
    const { ask } = vary('X-User');
    const by = async (headers: Record<string, string>) => textOf(await ask('GET', undefined, { headers }));
    const poisoned = await by({ 'X-User': 'mallory' });
    for (const headers of [
      { 'X-User': 'alice' },
      {},
      { 'X-User': 'mallory, alice' },
      { 'X-User': 'MALLORY' },
    ])
      expect(await by(headers)).not.toBe(poisoned);
    expect(await by({ 'X-User': 'mallory' })).toBe(poisoned);
  });

  it('does not store an answer that varies by too many fields', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `X-${i}`).join(', ');
    const { ask } = vary(names);
    expect([textOf(await ask()), textOf(await ask())]).toEqual(['1', '2']);
  });
});

describe('replicas', () => {
  it('that are the host itself are treated like any other', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const { host } = new URL(server.origin);
    const client = newClient({ hosts: { [host]: { replicas: { addresses: [host, host, host] } } } });
    expect(textOf(await client.get(server.origin))).toBe('x');
    expect(server.requests).toHaveLength(1);
  });
});

describe('a configuration', () => {
  it.each<[unknown, string]>([
    [{ '*': { retrys: {} } }, 'unknown option "retrys" of hosts[\'*\']; did you mean retry?'],
    [{ '*': { retry: { counts: 1 } } }, 'did you mean count?'],
    [{ 'http://credit.test': {} }, 'a host such as'],
    [{ '*': { limits: { concurrency: -1 } } }, "hosts['*'].limits.concurrency"],
    [{ '*': { breaker: null } }, "hosts['*'].breaker"],
    [[], 'an object of policies by host'],
  ])('with %j is refused by name', (hosts, message) => {
    expect(() => newClient({ hosts: hosts as HostsOption })).toThrow(message);
  });
});
