/** The operations of a store that several servers share, against Debian's redis-server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EntryValue, StoreOperation } from '../../src/runtime/index.ts';
import { RedisServer } from '../support/redis-server.ts';
import { type OpenedStore, openStore } from '../support/redis-stores.ts';

async function start(
  options: { readonly count?: number; readonly rules?: string; readonly args?: readonly string[] } = {},
) {
  const { count = 3, rules = 'timeout=5000', args = [] } = options;
  const server = await RedisServer.start({ args });
  const opened: OpenedStore[] = [];
  for (let i = 0; i < count; i++) opened.push(await openStore(`${server.url}?${rules}`));
  const storeOf = (i: number) => {
    const one = opened[i];
    if (one === undefined) throw new Error(`there is no store ${i}`);
    return one.store;
  };
  return { server, storeOf, opened };
}

const collection = 'c:*';
const get = (key: string): StoreOperation<'get'> => ({ kind: 'get', collection, key });
const set = (key: string, value: EntryValue, ttl: number | null = null): StoreOperation<'set'> => ({
  kind: 'set',
  collection,
  key,
  value,
  ttl,
});
const add = (key: string, by: number, ttl: number | null = null): StoreOperation<'add'> => ({
  kind: 'add',
  collection,
  key,
  by,
  ttl,
});

describe('entries', () => {
  it('are there for all servers, with their types and for their time', async () => {
    const { storeOf, server } = await start();
    expect(await storeOf(1).ask(get('k'))).toBeNull();
    expect(await storeOf(0).ask(set('k', 'té\0xt'))).toBe('stored');
    expect(await storeOf(0).ask(set('n', -5))).toBe('stored');
    expect([await storeOf(1).ask(get('k')), await storeOf(2).ask(get('n'))]).toEqual(['té\0xt', -5]);
    expect(await storeOf(2).ask({ ...get('k'), collection: 'another' })).toBeNull();
    await storeOf(0).ask(set('short', 'x', 50));
    expect(await storeOf(1).ask(get('short'))).toBe('x');
    await expect.poll(() => storeOf(1).ask(get('short'))).toBeNull();
    expect([await storeOf(1).ask({ ...get('k'), kind: 'delete' }), await storeOf(0).ask(get('k'))]).toEqual([
      true,
      null,
    ]);
    // keys of others, also with a name of ours, are not read as entries
    await server.send('SET', 'siprest:entry:c%3A%2A:foreign', 'text');
    expect(await storeOf(0).ask(get('foreign'))).toBeNull();
  });

  it('are found and removed by patterns, those of their collection alone', async () => {
    const { storeOf } = await start({ count: 1 });
    const store = storeOf(0);
    for (const key of ['info_1', 'info_2', 'other']) await store.ask(set(key, key));
    await store.ask({ ...set('info_3', 'x'), collection: 'c:x' });
    const find = (most: number) => store.ask({ kind: 'get-matching', collection, glob: 'info_*', most });
    expect(Object.fromEntries(await find(10))).toEqual({ info_1: 'info_1', info_2: 'info_2' });
    expect(await find(1)).toHaveLength(1);
    expect(await store.ask({ kind: 'delete-matching', collection, glob: 'info_[1-9]' })).toBe(2);
    expect(await store.ask({ ...get('info_3'), collection: 'c:x' })).toBe('x');
  });

  it('count without a loss, keep the time of the first, and wrap at 32 bits', async () => {
    const { storeOf, server } = await start();
    const sums = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => storeOf(i % 3).ask(add('n', 1, 60_000))),
    );
    expect(sums.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect(Number(await server.send('PTTL', 'siprest:entry:c%3A%2A:n'))).toBeGreaterThan(30_000);
    const store = storeOf(0);
    await store.ask(set('max', '+2147483647'));
    expect(await store.ask(add('max', 1))).toBe(-2147483648);
    expect(await store.ask(add('max', -1))).toBe(2147483647);
    await store.ask(set('text', 'text'));
    expect(await store.ask(add('text', 1))).toBe('not-a-number');
    await store.ask(set('long', '9'.repeat(30)));
    expect(await store.ask(add('long', 0))).toBe(Number(BigInt.asIntN(32, BigInt('9'.repeat(30)))));
  });

  it('count in a window that slides, and never beyond its limit', async () => {
    const { storeOf } = await start();
    const window = { kind: 'add-to-window', collection, key: 'w', window: 400, slot: 50, most: 5 } as const;
    const ask = async (count: number) => {
      const sums = await Promise.all(
        Array.from({ length: count }, async (_, i) => storeOf(i % 3).ask(window)),
      );
      return sums.filter((sum) => typeof sum === 'number' && sum <= 5).length;
    };
    expect(await ask(9)).toBe(5);
    await expect.poll(() => ask(1)).toBe(1);
  });

  it('are refused by a full server', async () => {
    const { storeOf, server } = await start({ count: 1 });
    await server.send('CONFIG', 'SET', 'maxmemory', '1');
    expect(await storeOf(0).ask(set('k', 'x'))).toBe('full');
    expect(await storeOf(0).ask(add('n', 1))).toBe('full');
  });
});

describe('permits', () => {
  const take = (most: number | null, rate: number | null = null, wait = 0): StoreOperation<'take'> => ({
    kind: 'take',
    key: 'permits',
    most,
    rate,
    wait,
  });
  const give: StoreOperation<'give'> = { kind: 'give', key: 'permits' };

  it('are so many for all servers together, and free when their process has gone', async () => {
    const { storeOf } = await start();
    const results = [];
    for (const i of [0, 1, 2, 0]) results.push(await storeOf(i).ask(take(3)));
    expect(results).toEqual(['taken', 'taken', 'taken', 'none']);
    expect([await storeOf(1).ask(give), await storeOf(1).ask(give)]).toEqual([true, false]);
    await expect.poll(() => storeOf(2).ask(take(3))).toBe('taken');
    expect(await storeOf(2).ask(take(3))).toBe('none');
    storeOf(2).close();
    await expect.poll(() => storeOf(0).ask(take(3))).toBe('taken');
    expect([await storeOf(1).ask(take(3)), await storeOf(1).ask(take(3))]).toEqual(['taken', 'none']);
  });

  it('are so many in any second, and go to who waits', async () => {
    const { storeOf } = await start();
    const asked = await Promise.all(
      Array.from({ length: 9 }, async (_, i) => storeOf(i % 3).ask(take(null, 3))),
    );
    expect(asked.filter((one) => one === 'taken')).toHaveLength(3);
    expect(await storeOf(1).ask(take(null, 3, 20_000))).toBe('taken');
  });
});

describe('locks', () => {
  const lock = (owner: number, more: Partial<StoreOperation<'lock'>> = {}): StoreOperation<'lock'> => ({
    kind: 'lock',
    space: 'space',
    key: 'key',
    owner,
    reentrant: false,
    wait: 0,
    lease: null,
    ...more,
  });
  const unlock = (owner: number): StoreOperation<'unlock'> => ({
    kind: 'unlock',
    space: 'space',
    key: 'key',
    owner,
  });

  it('have one owner among all servers', async () => {
    const { storeOf } = await start();
    const [one, other] = [storeOf(0), storeOf(1)];
    expect(await one.ask(lock(1))).toBe('granted');
    expect([await one.ask(lock(1)), await one.ask(lock(2)), await other.ask(lock(1))]).toEqual([
      'own',
      'held',
      'held',
    ]);
    expect(await other.ask(lock(1, { key: 'another' }))).toBe('granted');
    const waiting = other.ask(lock(7, { wait: null }));
    expect([await one.ask(unlock(2)), await one.ask(unlock(1)), await waiting]).toEqual([
      false,
      true,
      'granted',
    ]);
  });

  it('that may be taken again have to be given back as often', async () => {
    const { storeOf } = await start();
    const again = lock(1, { reentrant: true });
    expect([await storeOf(0).ask(again), await storeOf(0).ask(again)]).toEqual(['granted', 'granted']);
    await storeOf(0).ask(unlock(1));
    expect(await storeOf(1).ask(again)).toBe('held');
    await storeOf(0).ask(unlock(1));
    expect(await storeOf(1).ask(lock(1, { wait: 5000 }))).toBe('granted');
  });

  it('are free after their lease, and when their process has gone', async () => {
    const { storeOf } = await start();
    expect(await storeOf(0).ask(lock(1, { lease: 100 }))).toBe('granted');
    expect(await storeOf(1).ask(lock(1, { wait: 20_000 }))).toBe('granted');
    storeOf(1).close();
    expect(await storeOf(2).ask(lock(1, { wait: 20_000 }))).toBe('granted');
  });
});

describe('replicated values', () => {
  const values = (store: OpenedStore['store'], space = '$shv') => store.values(space);

  it('are set at once, and everywhere a moment later', async () => {
    const { storeOf } = await start();
    const heard: string[] = [];
    values(storeOf(1)).watch((key) => heard.push(`${key} ${values(storeOf(1)).get(key)}`));
    expect([values(storeOf(0)).set('x', 1), values(storeOf(0)).get('x')]).toEqual([true, 1]);
    await expect.poll(() => heard).toEqual(['x 1']);
    values(storeOf(1)).set('x', 'text');
    for (const i of [0, 1, 2]) await expect.poll(() => values(storeOf(i)).get('x')).toBe('text');
    values(storeOf(2)).delete('x');
    for (const i of [0, 1, 2]) await expect.poll(() => values(storeOf(i)).size).toBe(0);
  });

  it('never go back where they are set again and again', async () => {
    const { storeOf } = await start({ count: 2 });
    const own = values(storeOf(0));
    const heard: number[] = [];
    own.watch((key) => heard.push(Number(own.get(key))));
    for (let i = 1; i <= 500; i++) {
      own.set('x', i);
      if (i % 50 === 0) await sleep(1);
    }
    await expect.poll(() => values(storeOf(1)).get('x')).toBe(500);
    expect(heard).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  });

  it('are the same everywhere when two set them', async () => {
    const { storeOf } = await start();
    for (let i = 0; i < 200; i++) for (const one of [0, 1, 2]) values(storeOf(one)).set('x', `${one} ${i}`);
    for (const one of [0, 1, 2]) values(storeOf(one)).set(`end ${one}`, 1);
    for (const one of [0, 1, 2]) await expect.poll(() => values(storeOf(one)).size).toBe(4);
    const last = [0, 1, 2].map((one) => values(storeOf(one)).get('x'));
    expect(new Set(last).size).toBe(1);
  });

  it('are there for a server that starts, and are initialized once', async () => {
    const { storeOf, server } = await start({ count: 1 });
    values(storeOf(0), 'auth').initialize('secret', 'first');
    for (let i = 0; i < 1200; i++) values(storeOf(0)).set(`key ${i}`, i);
    await expect.poll(async () => Number(await server.send('HLEN', 'siprest:values:$shv'))).toBe(1200);
    const { store } = await openStore(server.url);
    expect([values(store).size, values(store).get('key 7')]).toEqual([1200, 7]);
    values(store, 'auth').initialize('secret', 'second');
    expect(values(store, 'auth').get('secret')).toBe('first');
  });

  it('are replaced only by who has read them last', async () => {
    const { storeOf } = await start();
    const append = async (i: number, text: string): Promise<unknown> => {
      const list = values(storeOf(i), 'usrloc');
      const before = (list.get('x') ?? null) as string | null;
      const result = await list.replace('x', before, `${before ?? ''}${text}`).result;
      return result === 'changed' ? append(i, text) : result;
    };
    const results = await Promise.all(Array.from({ length: 60 }, (_, i) => append(i % 3, `<${i}>`)));
    expect(new Set(results)).toEqual(new Set(['stored']));
    await expect
      .poll(() => new Set([0, 1, 2].map((i) => values(storeOf(i), 'usrloc').get('x'))).size)
      .toBe(1);
    expect([...String(values(storeOf(0), 'usrloc').get('x')).matchAll(/<\d+>/g)]).toHaveLength(60);
  });

  it('that others do not share stay here', async () => {
    const { storeOf } = await start({ count: 2 });
    values(storeOf(0), '$stat').set('calls', 1);
    values(storeOf(0)).set('seen', 1);
    await expect.poll(() => values(storeOf(1)).get('seen')).toBe(1);
    expect(values(storeOf(1), '$stat').get('calls')).toBeUndefined();
  });
});

describe('when Redis fails', () => {
  it('values are written and read again when it is back', async () => {
    const { server, opened, storeOf } = await start({
      count: 2,
      rules: 'timeout=200',
      args: ['--appendonly', 'yes', '--appendfsync', 'always'],
    });
    const [one, other] = [storeOf(0).values('usrloc'), storeOf(1).values('usrloc')];
    one.set('before', 'x');
    await expect.poll(() => other.get('before')).toBe('x');
    await server.kill();
    for (const { states } of opened) await expect.poll(() => states.at(-1)).toEqual(expect.any(String));
    expect(await one.replace('here', null, 'text').result).toBe('stored');
    one.delete('before');
    other.set('there', 'text');
    expect([one.get('here'), other.get('here'), other.get('before')]).toEqual(['text', undefined, 'x']);
    await server.restart();
    await expect
      .poll(() => [other.get('here'), other.get('before'), one.get('there')])
      .toEqual(['text', undefined, 'text']);
    expect([storeOf(0).unwritten, storeOf(1).unwritten]).toEqual([0, 0]);
  });

  it('that has lost its data, it gets them back from the servers', async () => {
    const { server, storeOf } = await start({ count: 2, rules: 'timeout=200' });
    const [one, other] = [storeOf(0).values('usrloc'), storeOf(1).values('usrloc')];
    for (let i = 0; i < 2500; i++) one.set(`key ${i}`, `text ${i}`);
    await expect.poll(() => other.size).toBe(2500);
    await server.kill();
    await server.restart();
    await expect.poll(async () => Number(await server.send('HLEN', 'siprest:values:usrloc'))).toBe(2500);
    one.set('after', 'x');
    await expect.poll(() => other.get('after')).toBe('x');
    expect([one.size, other.size]).toEqual([2501, 2501]);
  });

  it('and is stopped, nothing waits longer than its deadline, and permits are right afterwards', async () => {
    const { server, opened, storeOf } = await start({ count: 2, rules: 'timeout=100&limits=closed' });
    const take = { kind: 'take', key: 'p', most: 2, rate: null, wait: 0 } as const;
    expect(await storeOf(0).ask(take)).toBe('taken');
    server.pause();
    const late = await Promise.allSettled([1, 2, 3].map(async () => storeOf(0).ask(take)));
    expect(late.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect.poll(() => opened[0]?.states.at(-1)).toEqual(expect.any(String));
    server.goOn();
    await expect.poll(() => opened[0]?.states.at(-1)).toBeNull();
    await expect.poll(async () => server.send('HVALS', 'siprest:permits:p')).toEqual(['1']);
    expect(await storeOf(1).ask(take)).toBe('taken');
    expect(await storeOf(1).ask(take)).toBe('none');
  });

  it('members are counted', async () => {
    const { storeOf } = await start({ count: 3 });
    await expect.poll(() => storeOf(0).members, { timeout: 20_000 }).toBe(3);
  });
});
