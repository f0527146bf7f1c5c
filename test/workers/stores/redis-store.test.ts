/** What a store of several servers needs no Redis for; its operations: test/interop/redis-store.test.ts. */
import { describe, expect, it, test } from 'vitest';
import { SimulatedClock } from '../../../src/timers/index.ts';
import { decoded, encoded, segment } from '../../../src/workers/stores/redis/place.ts';
import { Polling } from '../../../src/workers/stores/redis/polling.ts';
import { readStoreUrl } from '../../../src/workers/stores/redis/store-url.ts';
import { isAfter } from '../../../src/workers/stores/redis/stream-place.ts';
import { freePort } from '../../support/ports.ts';
import { openStore } from '../../support/redis-stores.ts';

describe('the URL of a store', () => {
  it('has defaults, options and rules', () => {
    expect(readStoreUrl('redis://127.0.0.1')).toMatchObject({
      prefix: 'siprest',
      timeout: 200,
      rules: { caches: 'closed', limits: 'local', locks: 'local' },
    });
    expect(
      readStoreUrl('rediss://a:p%40ss@h:1/3?prefix=edge&timeout=50&limits=open&caches=local&locks=closed'),
    ).toMatchObject({
      address: { password: 'p@ss', database: 3, isSecure: true },
      prefix: 'edge',
      timeout: 50,
      rules: { caches: 'local', limits: 'open', locks: 'closed' },
    });
  });

  it.each([
    ['redis:g://h', /has a group/],
    ['redis://h?prefix=a%20b', /invalid prefix/],
    ['redis://h?timeout=0', /invalid timeout "0"/],
    ['redis://h?limits=half', /limits is "half"/],
    ['redis://h?toString=1', /unknown option "toString"/],
    ['http://h', /invalid URL/],
  ])('%s is refused', (url, message) => {
    expect(() => readStoreUrl(url)).toThrow(message);
  });
});

test('values keep their types, and what others have written does not count', () => {
  for (const value of ['', 'text', '007', 5, -2147483648]) expect(decoded(encoded(value))).toBe(value);
  for (const text of ['', '5', 'n5x', 'n99999999999', null, 7]) expect(decoded(text)).toBeUndefined();
});

test('names within keys cannot act as patterns, and end where they end', () => {
  expect(segment('a:b *[x]?')).toBe('a%3Ab%20%2A%5Bx%5D%3F');
});

test('places in a stream are in the order of time, then of number', () => {
  expect(isAfter('1700000000001-0', '1700000000000-5')).toBe(true);
  expect(isAfter('1700000000000-10', '1700000000000-9')).toBe(true);
  expect(isAfter('999-0', '1700000000000-0')).toBe(false);
  expect(isAfter('5-1', '5-1')).toBe(false);
});

/** Time passes in steps, with a turn of the event loop after each. */
async function pass(clock: SimulatedClock, steps: number, step: number): Promise<void> {
  for (let i = 0; i < steps; i++) {
    clock.advance(step);
    await new Promise(setImmediate);
  }
}

describe('what others have', () => {
  it('is asked for until it is granted, by those who wait in their order', async () => {
    const clock = new SimulatedClock();
    const polling = new Polling(clock);
    const order: string[] = [];
    let isFree = false;
    const waiting = ['first', 'second'].map((name) =>
      polling.until('key', null, async () => {
        if (isFree) order.push(name);
        return isFree;
      }),
    );
    await pass(clock, 20, 10);
    isFree = true;
    await pass(clock, 50, 10);
    expect(await Promise.all(waiting)).toEqual([true, true]);
    expect(order).toEqual(['first', 'second']);
  });

  it('is given up when the wait is over', async () => {
    const clock = new SimulatedClock();
    const polling = new Polling(clock);
    const never = async () => false;
    const [long, short] = [polling.until('key', 10_000, never), polling.until('key', 100, never)];
    await pass(clock, 12, 10);
    expect(await short).toBe(false);
    await pass(clock, 110, 100);
    expect(await long).toBe(false);
    expect(await polling.until('key', 0, never)).toBe(false);
  });
});

describe('without a Redis', () => {
  const start = async (rules = '') =>
    (await openStore(`redis://127.0.0.1:${await freePort()}?${rules}`)).store;
  const add = { kind: 'add', key: 'k', by: 1, ttl: 1000 } as const;
  const lock = {
    kind: 'lock',
    space: 's',
    key: 'k',
    owner: 1,
    reentrant: false,
    wait: 0,
    lease: null,
  } as const;

  it('each kind goes by its rule', async () => {
    const usual = await start();
    expect(await usual.ask({ ...add, collection: 'ratelimit' })).toBe(1);
    expect(await usual.ask({ ...add, collection: 'ratelimit' })).toBe(2);
    await expect(usual.ask({ ...add, collection: 'default' })).rejects.toThrow(/cannot be reached/);
    expect(await usual.ask(lock)).toBe('granted');
    expect(await usual.ask({ ...lock, owner: 2 })).toBe('held');
    expect(await usual.ask({ kind: 'unlock', space: 's', key: 'k', owner: 1 })).toBe(true);

    const other = await start('limits=open&caches=local&locks=closed');
    expect(await other.ask({ ...add, collection: 'pike' })).toBe('full');
    expect(await other.ask({ kind: 'take', key: 'k', most: 1, rate: null, wait: 0 })).toBe('full');
    expect(await other.ask({ ...add, collection: 'default' })).toBe(1);
    await expect(other.ask(lock)).rejects.toThrow(/cannot be reached/);

    const closed = await start('limits=closed');
    await expect(closed.ask({ ...add, collection: 'pike' })).rejects.toThrow(/cannot be reached/);
  });

  it('values are changed here, and counted as unwritten', async () => {
    const store = await start();
    const values = store.values('$shv');
    expect(values.set('x', 1)).toBe(true);
    expect(await values.replace('y', null, 'text').result).toBe('stored');
    expect(await values.replace('y', null, 'other').result).toBe('changed');
    expect(await values.add('x', 2)).toBe(3);
    expect([values.get('x'), values.get('y')]).toEqual([3, 'text']);
    await expect.poll(() => store.unwritten).toBe(2);
    expect(store.values('$stat').set('own', 1)).toBe(true);
    expect(store.unwritten).toBe(2);
  });
});
