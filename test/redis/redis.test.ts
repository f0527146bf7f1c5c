/** Connections to Redis on real sockets, and their failures; the server is test/support/fake-redis.ts. */
import { describe, expect, it, test } from 'vitest';
import { parseRedisAddress, Redis, type RedisReply } from '../../src/redis/index.ts';
import { StoreError } from '../../src/runtime/index.ts';
import { closeLater } from '../support/close-later.ts';
import { FakeRedis, type FakeRedisOptions } from '../support/fake-redis.ts';
import { freePort } from '../support/ports.ts';

describe('addresses', () => {
  const read = (url: string) => parseRedisAddress(url);

  it('have a group, a login, hosts and a database', () => {
    expect(read('redis:group1://localhost/')).toMatchObject({
      id: 'redis:group1',
      hosts: [{ host: 'localhost', port: 6379 }],
      user: null,
      password: null,
      database: 0,
    });
    expect(read('redis://:p@ss/w@[::1]:7000,b,10.0.0.1:7001/12?tls_domain=x')).toMatchObject({
      id: 'redis',
      hosts: [
        { host: '::1', port: 7000 },
        { host: 'b', port: 6379 },
        { host: '10.0.0.1', port: 7001 },
      ],
      password: 'p@ss/w',
      database: 12,
      options: new Map([['tls_domain', 'x']]),
    });
    expect(read('redis:a://me:secret@localhost/?socket=/run/redis.sock')).toMatchObject({
      user: 'me',
      password: 'secret',
      socket: '/run/redis.sock',
    });
    expect(parseRedisAddress('rediss://a:%40@h', decodeURIComponent)).toMatchObject({
      password: '@',
      isSecure: true,
    });
  });

  it.each([
    ['memcached://localhost', /invalid URL/],
    ['redis://:secret@', /no host in "redis:\/\/\*\*\*@"/],
    ['redis://secret@localhost', /no password in "redis:\/\/\*\*\*@localhost"/],
    ['redis://:secret@localhost:99999', /invalid host "localhost:99999"/],
    ['redis://:secret@localhost/x', /invalid database "x"/],
    ['redis://a,b/?socket=/x', /several hosts and a socket/],
  ])('of %s are refused without the password', (url, message) => {
    expect(() => read(url)).toThrow(message);
    expect(() => read(url)).not.toThrow('secret');
  });
});

async function open(
  options: FakeRedisOptions & {
    readonly url?: (port: number) => string;
    readonly queryTimeout?: number;
  } = {},
) {
  const server = closeLater(await FakeRedis.start(options));
  const states: (string | null)[] = [];
  const redis = closeLater(
    new Redis({
      address: parseRedisAddress(options.url?.(server.port) ?? `redis://127.0.0.1:${server.port}`),
      connectTimeout: 30_000,
      queryTimeout: options.queryTimeout ?? 30_000,
      changed: (failure) => states.push(failure),
    }),
  );
  await redis.tried;
  return { server, redis, states };
}

const codeOf = (reply: Promise<RedisReply>): Promise<unknown> =>
  reply.then(
    () => 'answered',
    (error: unknown) => (error instanceof StoreError ? error.code : error),
  );

test('values are byte strings', async () => {
  const { redis, server } = await open();
  const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  await redis.send(['SET', `k ${bytes}`, bytes]);
  expect(await redis.send(['GET', `k ${bytes}`])).toBe(bytes);
  expect(await redis.send(['GET', 'none'])).toBeNull();
  expect(await redis.send(['INCRBY', 'n', '-3'])).toBe(-3);
  expect(await redis.send(['NEST'])).toEqual(['one', [2, ['three', null]], '']);
  expect(server.connections).toBe(1);
  expect(redis.counts).toMatchObject({ answered: 5, timeout: 0, unreachable: 0 });
});

test('an error of the server fails only its command', async () => {
  const { redis } = await open();
  const [wrong, right] = await Promise.allSettled([redis.send(['NONE']), redis.send(['GET', 'a'])]);
  expect(wrong).toMatchObject({ reason: { code: 'refused', message: "ERR unknown command 'NONE'" } });
  expect(right).toMatchObject({ status: 'fulfilled' });
  expect(redis.counts).toMatchObject({ answered: 1, refused: 1 });
});

test('too long an answer fails its command', async () => {
  const { redis, server } = await open();
  server.values.set('long', 'x'.repeat(1024 * 1024 + 1));
  await expect(redis.send(['GET', 'long'])).rejects.toThrow(/exceeds/);
  server.values.set('long', 'x'.repeat(1_000_000));
  expect(await redis.send(['GET', 'long'])).toHaveLength(1_000_000);
});

test('users log in, with a database', async () => {
  const users = { me: 'secret' };
  const { redis, server } = await open({ users, url: (port) => `redis://me:secret@127.0.0.1:${port}/7` });
  expect(redis.failure).toBeNull();
  expect(server.database).toBe(7);
});

test.each([
  ['me:wrong@', /WRONGPASS/],
  ['', /NOAUTH/],
])('the login "%s" fails with the reason, and without the password', async (login, reason) => {
  const { redis, states } = await open({
    users: { me: 'secret' },
    url: (port) => `redis://${login}127.0.0.1:${port}`,
  });
  expect(redis.failure).toMatch(reason);
  expect(states).toEqual([redis.failure]);
  const failed = redis.send(['GET', 'a']);
  await expect(failed).rejects.toThrow(reason);
  await expect(failed).rejects.not.toThrow(/wrong@|:wrong/);
});

test('a server that hangs costs three commands their deadline, and the others nothing', async () => {
  const { redis, server, states } = await open({ queryTimeout: 300 });
  server.hang();
  const first = [redis.send(['GET', 'a']), redis.send(['GET', 'b']), redis.send(['GET', 'c'])];
  expect(await Promise.all(first.map(codeOf))).toEqual(['timeout', 'timeout', 'timeout']);
  expect(states).toEqual([null, 'no answer to 3 commands within 300 ms']);
  const { timeout } = redis.counts;
  expect(await codeOf(redis.send(['GET', 'd']))).toBe('unreachable');
  expect(redis.counts.timeout).toBe(timeout);
  server.goOn();
  await expect.poll(() => states.at(-1)).toBeNull();
  expect(await codeOf(redis.send(['GET', 'e']))).toBe('answered');
});

test('late answers are dropped, and the next ones are their own', async () => {
  const { redis, server } = await open({ queryTimeout: 300 });
  server.values.set('late', '1');
  server.values.set('next', '2');
  server.hang();
  expect(await codeOf(redis.send(['GET', 'late']))).toBe('timeout');
  server.goOn();
  expect(await redis.send(['GET', 'next'])).toBe('2');
  expect(server.connections).toBe(1);
});

test('a connection that ends fails what waits, which is not sent again', async () => {
  const { redis, server, states } = await open();
  server.hang();
  const waiting = redis.send(['INCRBY', 'n', '1']);
  // it has been read
  await expect.poll(() => server.connections).toBe(1);
  server.drop();
  expect(await codeOf(waiting)).toBe('unreachable');
  server.goOn();
  await expect.poll(() => states.at(-1)).toBeNull();
  expect(await redis.send(['GET', 'none'])).toBeNull();
  expect(server.seen.filter(([name]) => name === 'INCRBY').length).toBeLessThanOrEqual(1);
});

test('a server that is loading is waited for', async () => {
  const server = closeLater(await FakeRedis.start());
  server.error = 'LOADING Redis is loading the dataset in memory';
  const address = parseRedisAddress(`redis://127.0.0.1:${server.port}`);
  const redis = closeLater(new Redis({ address, connectTimeout: 30_000, queryTimeout: 30_000 }));
  await redis.tried;
  expect(redis.failure).toBe(server.error);
  server.error = null;
  await expect.poll(() => redis.failure).toBeNull();
});

test('hosts are tried in turn', async () => {
  const gone = await freePort();
  const { redis, states } = await open({ url: (port) => `redis:ha://127.0.0.1:${gone},127.0.0.1:${port}` });
  expect(states[0]).toMatch(/ECONNREFUSED/);
  await expect.poll(() => redis.failure).toBeNull();
});

test('commands beyond a number are refused at once', async () => {
  const { redis, server } = await open();
  server.hang();
  const many = Array.from({ length: 10_000 }, () => codeOf(redis.send(['GET', 'a'])));
  expect(await codeOf(redis.send(['GET', 'a']))).toBe('overloaded');
  redis.close();
  expect(new Set(await Promise.all(many))).toEqual(new Set(['unreachable']));
});
