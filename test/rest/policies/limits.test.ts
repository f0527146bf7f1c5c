import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../../../src/rest/policies/adaptive-limit.ts';
import { RateWindow } from '../../../src/timers/index.ts';
import { until } from '../../support/until.ts';
import { newClient, newServer, newShared, reasonOf } from '../fixture.ts';
import { reply } from '../raw-server.ts';

/** A server that answers when told. */
async function heldServer() {
  const held: (() => void)[] = [];
  const server = await newServer((socket, { target }) => held.push(() => socket.write(reply(target))));
  return { server, held };
}

describe('limits of a host', () => {
  it('admit this many at a time, queue others in order, and refuse the rest', async () => {
    const { server, held } = await heldServer();
    const hosts = { '127.0.0.1': { limits: { concurrency: 2, queue: 1, queueTime: 60_000 } } };
    const client = newClient({ hosts });
    const requests = ['/1', '/2', '/3'].map((path) => client.get(server.origin + path));
    const fourth = await client.get(`${server.origin}/4`);
    expect(fourth).toMatchObject({ kind: 'blocked', rc: -5, policy: 'limits', connection: null });
    expect(reasonOf(fourth)).toContain('and 1 wait');
    await until(() => held.length === 2);
    held.shift()?.();
    await until(() => held.length === 2);
    expect(server.requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3']);
    for (const answer of held.splice(0)) answer();
    expect((await Promise.all(requests)).map(({ rc }) => rc)).toEqual([1, 1, 1]);
  });

  it('are shared by clients with the same state, and separate for each host', async () => {
    const { server, held } = await heldServer();
    const other = await heldServer();
    const hosts = { '*': { limits: { concurrency: 1, queue: 0 } } };
    const shared = newShared();
    const clients = [1, 2].map(() => newClient({ hosts, shared }));
    const first = clients[0]?.get(server.origin);
    expect((await clients[1]?.get(server.origin))?.kind).toBe('blocked');
    const elsewhere = clients[1]?.get(other.server.origin);
    await until(() => held.length === 1 && other.held.length === 1);
    held[0]?.();
    other.held[0]?.();
    expect([(await first)?.rc, (await elsewhere)?.rc]).toEqual([1, 1]);
  });

  it('end the wait at queueTime, at the time limit of the call, and on its signal', async () => {
    const { server, held } = await heldServer();
    const hosts = { '*': { limits: { concurrency: 1, queueTime: 30 } } };
    const client = newClient({ hosts });
    const first = client.get(server.origin);
    const cancelled = new AbortController();
    const waiting = [
      client.get(server.origin),
      client.get(server.origin, { timeout: 10 }),
      client.get(server.origin, { signal: cancelled.signal }),
    ];
    cancelled.abort('enough');
    expect(await waiting[2]).toMatchObject({ kind: 'error', code: 'aborted', reason: 'aborted: enough' });
    expect((await Promise.all(waiting.slice(0, 2))).map(({ kind }) => kind)).toEqual(['blocked', 'blocked']);
    await until(() => held.length === 1);
    held[0]?.();
    expect((await first).rc).toBe(1);
    expect(server.requests).toHaveLength(1);
    const again = client.get(server.origin);
    await until(() => held.length === 2);
    held[1]?.();
    expect((await again).rc).toBe(1);
  });

  it('admit this many in any second', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const times: number[] = [];
    const client = newClient({ hosts: { '*': { limits: { rate: 5, queueTime: 60_000 } } } });
    await Promise.all(
      Array.from({ length: 11 }, () =>
        client.get(server.origin).then(({ rc }) => {
          expect(rc).toBe(1);
          times.push(performance.now());
        }),
      ),
    );
    expect(server.requests).toHaveLength(11);
    // eleven take two whole seconds after the first five
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_500);
  });

  it('count the bytes of the bodies of requests and answers', async () => {
    const { server, held } = await heldServer();
    const client = newClient({ hosts: { '*': { limits: { bytes: 1_000, queue: 0 } } } });
    const first = client.post(server.origin, 'x'.repeat(700));
    const second = await client.post(server.origin, 'x'.repeat(400));
    expect(reasonOf(second)).toContain('bodies under way take 700 of the 1000 bytes allowed');
    expect(reasonOf(await client.post(server.origin, 'x'.repeat(1_001)))).toContain(
      'its body has 1001 bytes',
    );
    await until(() => held.length === 1);
    held[0]?.();
    expect((await first).rc).toBe(1);
    const big = await newServer((socket) => socket.write(reply('x'.repeat(2_000))));
    expect(await client.get(big.origin)).toMatchObject({ kind: 'error', code: 'busy' });
    expect(await client.post(big.origin, 'x'.repeat(999))).toMatchObject({ code: 'busy' });
    expect(await client.post(server.origin, 'x'.repeat(1_001))).toMatchObject({ kind: 'blocked' });
  });
});

describe('a window of a second', () => {
  it('never exceeds its number, wherever it begins', () => {
    const window = new RateWindow(3);
    const sent: number[] = [];
    for (let now = 0; now < 10_000; now += 7) {
      if (window.wait(now) > 0) continue;
      window.count(now);
      sent.push(now);
    }
    for (const from of sent)
      expect(sent.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(3);
    expect(sent.length).toBeGreaterThan(28);
  });
});

describe('an adaptive limit', () => {
  /** A service that does `capacity` at a time in 10 ms, and slows down in proportion beyond. */
  function settle(limit: AdaptiveLimit, capacity: number, rounds: number): void {
    for (let i = 0; i < rounds; i++) {
      const underWay = limit.limit;
      limit.measure(10 * Math.max(underWay / capacity, 1), underWay);
    }
  }

  it('rises to the capacity of the service, and falls with it', () => {
    const limit = new AdaptiveLimit(1_000);
    settle(limit, 100, 3_000);
    expect(limit.limit).toBeGreaterThan(80);
    const before = limit.limit;
    for (let i = 0; i < 50; i++) limit.measure(Number.NaN, before);
    expect(limit.limit).toBeLessThan(before / 4);
    for (let i = 0; i < 1_000; i++) limit.measure(Number.NaN, before);
    expect(limit.limit).toBe(1);
    settle(limit, 100, 3_000);
    expect(limit.limit).toBeGreaterThan(50);
  });

  it('does not rise while unused, nor above its bound', () => {
    const limit = new AdaptiveLimit(40);
    for (let i = 0; i < 1_000; i++) limit.measure(10, 2);
    expect(limit.limit).toBe(20);
    for (let i = 0; i < 1_000; i++) limit.measure(10, 40);
    expect(limit.limit).toBe(40);
  });
});
