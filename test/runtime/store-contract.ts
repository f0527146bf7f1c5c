/** What every store has to do, wherever it is: each back end runs this. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EntryValue, Store, StoreOperation } from '../../src/runtime/index.ts';
import { ByteBudget, type Clock, SimulatedClock } from '../../src/timers/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A store and the processes that use it. */
export interface StoreSetting {
  /** One for each process. */
  readonly stores: readonly Store[];
  /** Ends a process. */
  readonly end: (process: number) => void;
  /** Until what was said has arrived everywhere. */
  readonly settle: () => Promise<void>;
  /** Closes the files. */
  readonly close: () => Promise<void>;
}

export interface StoreConditions {
  readonly processes: number;
  readonly clock: Clock;
  /** Of the store. */
  readonly memory: ByteBudget;
}

const KIB = 1024;

export function describeStore(name: string, open: (conditions: StoreConditions) => StoreSetting): void {
  const start = (limit = Number.POSITIVE_INFINITY) => {
    const clock = new SimulatedClock();
    const memory = new ByteBudget(limit);
    const setting = open({ processes: 3, clock, memory });
    const storeOf = (process: number): Store => {
      const store = setting.stores[process];
      if (store === undefined) throw new Error(`there is no process ${process}`);
      return store;
    };
    return { ...setting, clock, memory, storeOf };
  };

  const lock = (
    owner: number,
    more: Partial<Omit<StoreOperation<'lock'>, 'kind'>> = {},
  ): StoreOperation<'lock'> => ({
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
  const collection = 'c';
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

  describe(`${name}: permits`, () => {
    const take = (most: number | null, rate: number | null = null, wait = 0): StoreOperation<'take'> => ({
      kind: 'take',
      key: 'permits',
      most,
      rate,
      wait,
    });
    const give: StoreOperation<'give'> = { kind: 'give', key: 'permits' };

    it('are so many for all processes together, and free when their process ends', async () => {
      const { storeOf, end, settle } = start();
      const results = [];
      for (const process of [0, 1, 2, 0]) results.push(await storeOf(process).ask(take(3)));
      expect(results).toEqual(['taken', 'taken', 'taken', 'none']);
      expect([await storeOf(1).ask(give), await storeOf(1).ask(give)]).toEqual([true, false]);
      expect([await storeOf(2).ask(take(3)), await storeOf(2).ask(take(3))]).toEqual(['taken', 'none']);
      end(2);
      await settle();
      expect([
        await storeOf(0).ask(take(3)),
        await storeOf(1).ask(take(3)),
        await storeOf(1).ask(take(3)),
      ]).toEqual(['taken', 'taken', 'none']);
    });

    it('are so many in any second', async () => {
      const { storeOf, clock } = start();
      const ask = async (count: number) => {
        const results = [];
        for (let i = 0; i < count; i++) results.push(await storeOf(i % 3).ask(take(null, 3)));
        return results.filter((result) => result === 'taken').length;
      };
      expect(await ask(2)).toBe(2);
      clock.advance(600);
      expect(await ask(5)).toBe(1);
      clock.advance(400);
      expect(await ask(5)).toBe(2);
      clock.advance(1_000);
      expect(await ask(5)).toBe(3);
    });

    it('go to those who wait, in the order of asking, as soon as one is given back', async () => {
      const { storeOf, settle } = start();
      await storeOf(0).ask(take(1));
      const order: string[] = [];
      for (const process of [1, 2, 0])
        void Promise.resolve(storeOf(process).ask(take(1, null, 60_000))).then((result) =>
          order.push(`${process} ${result}`),
        );
      await settle();
      expect(await storeOf(1).ask(take(1))).toBe('none');
      for (const process of [0, 1]) {
        storeOf(process).tell(give);
        await settle();
      }
      expect(order).toEqual(['1 taken', '2 taken']);
    });

    it('are waited for no longer than asked, and not by a process that has ended', async () => {
      const { storeOf, clock, end, settle } = start();
      await storeOf(0).ask(take(1));
      const late = storeOf(1).ask(take(1, null, 50));
      void storeOf(2).ask(take(1, null, 60_000));
      await settle();
      clock.advance(51);
      expect(await late).toBe('none');
      end(2);
      await settle();
      storeOf(0).tell(give);
      await settle();
      expect(await storeOf(1).ask(take(1))).toBe('taken');
    });

    it('of a rate are given to those who wait in time', async () => {
      const { storeOf, clock, settle } = start();
      await storeOf(0).ask(take(null, 1));
      const next = storeOf(1).ask(take(null, 1, 60_000));
      await settle();
      clock.advance(1_001);
      expect(await next).toBe('taken');
    });

    it('are not counted without room', async () => {
      const { storeOf } = start(100);
      expect(await storeOf(0).ask(take(1))).toBe('full');
    });
  });

  describe(`${name}: a lock`, () => {
    it('has one owner among all processes, and is free when it was given back', async () => {
      const { storeOf } = start();
      const [one, other] = [storeOf(0), storeOf(1)];
      expect(await one.ask(lock(1))).toBe('granted');
      expect(await one.ask(lock(1))).toBe('own');
      expect(await one.ask(lock(2))).toBe('held');
      expect(await other.ask(lock(1))).toBe('held');
      expect(await other.ask(lock(1, { key: 'other key' }))).toBe('granted');
      expect(await other.ask(lock(1, { space: 'other space' }))).toBe('granted');
      expect([await other.ask(unlock(1)), await one.ask(unlock(2)), await one.ask(unlock(1))]).toEqual([
        false,
        false,
        true,
      ]);
      expect(await other.ask(lock(1))).toBe('granted');
      expect(await one.ask(unlock(1))).toBe(false);
    });

    it('that may be taken again has to be given back as often', async () => {
      const { storeOf } = start();
      const reentrant = lock(1, { reentrant: true });
      expect([await storeOf(0).ask(reentrant), await storeOf(0).ask(reentrant)]).toEqual([
        'granted',
        'granted',
      ]);
      storeOf(0).tell(unlock(1));
      expect(await storeOf(1).ask(reentrant)).toBe('held');
      expect(await storeOf(0).ask(unlock(1))).toBe(true);
      expect(await storeOf(1).ask(reentrant)).toBe('granted');
    });

    it('goes to those who wait for it, in their order', async () => {
      const { storeOf, settle } = start();
      const order: string[] = [];
      const take = async (process: number, owner: number) => {
        const result = await storeOf(process).ask(lock(owner, { wait: null }));
        order.push(`${process}/${owner} ${result}`);
      };
      const all: Promise<void>[] = [];
      for (const [process, owner] of [
        [0, 1],
        [1, 1],
        [2, 1],
        [0, 2],
      ] as const) {
        all.push(take(process, owner));
        await settle();
      }
      expect(order).toEqual(['0/1 granted']);
      for (const [process, owner] of [
        [0, 1],
        [1, 1],
        [2, 1],
      ] as const) {
        storeOf(process).tell(unlock(owner));
        await settle();
      }
      await Promise.all(all);
      expect(order).toEqual(['0/1 granted', '1/1 granted', '2/1 granted', '0/2 granted']);
    });

    it('is waited for no longer than was said', async () => {
      const { storeOf, clock, settle } = start();
      await storeOf(0).ask(lock(1));
      const waiting = storeOf(1).ask(lock(1, { wait: 100 }));
      await settle();
      clock.advance(100);
      expect(await waiting).toBe('held');
      await storeOf(0).ask(unlock(1));
      expect(await storeOf(2).ask(lock(1))).toBe('granted');
    });

    it('is free when its lease ends, and whoever had it cannot give it back any more', async () => {
      const { storeOf, clock, settle } = start();
      await storeOf(0).ask(lock(1, { lease: 1000 }));
      const waiting = storeOf(1).ask(lock(1, { wait: null, lease: 500 }));
      await settle();
      clock.advance(999);
      expect(await storeOf(2).ask(lock(1))).toBe('held');
      clock.advance(1);
      expect(await waiting).toBe('granted');
      expect(await storeOf(0).ask(unlock(1))).toBe(false);
      clock.advance(500);
      expect(await storeOf(2).ask(lock(1))).toBe('granted');
    });

    it('of a process that has ended is free, and its owners wait for none', async () => {
      const { storeOf, end, settle, memory } = start();
      await storeOf(0).ask(lock(1));
      let granted = '';
      for (const process of [1, 2])
        void Promise.resolve(storeOf(process).ask(lock(1, { wait: null }))).then(() => (granted += process));
      await settle();
      end(1);
      end(0);
      await settle();
      expect(granted).toBe('2');
      await storeOf(2).ask(unlock(1));
      expect(memory.used).toBe(0);
    });

    it('is refused without room', async () => {
      const { storeOf, memory } = start(KIB);
      const results: string[] = [];
      for (let i = 0; i < 5; i++) results.push(await storeOf(0).ask(lock(1, { key: `key ${i}` })));
      expect(results).toEqual(['granted', 'granted', 'granted', 'full', 'full']);
      expect(memory.used).toBeLessThanOrEqual(KIB);
    });
  });

  describe(`${name}: an entry`, () => {
    it('is there for all processes, for its time', async () => {
      const { storeOf, clock } = start();
      expect(await storeOf(1).ask(get('k'))).toBe(null);
      expect(await storeOf(0).ask(set('k', 'text', 1000))).toBe('stored');
      expect(await storeOf(0).ask(set('stays', 5))).toBe('stored');
      clock.advance(999);
      expect(await storeOf(1).ask(get('k'))).toBe('text');
      expect(await storeOf(1).ask({ ...get('k'), collection: 'another' })).toBe(null);
      clock.advance(1);
      expect([await storeOf(1).ask(get('k')), await storeOf(1).ask(get('stays'))]).toEqual([null, 5]);
    });

    it('takes the place of an earlier one, with its own time', async () => {
      const { storeOf, clock } = start();
      await storeOf(0).ask(set('k', 'a', 1000));
      await storeOf(1).ask(set('k', 'b', 3000));
      clock.advance(2000);
      expect(await storeOf(2).ask(get('k'))).toBe('b');
      clock.advance(2000);
      expect(await storeOf(2).ask({ kind: 'get-matching', collection, glob: '*', most: 9 })).toEqual([]);
    });

    it('is found with all that match, and removed alone or with them', async () => {
      const { storeOf } = start();
      const store = storeOf(0);
      for (const key of ['info_1', 'info_2', 'other']) await store.ask(set(key, key));
      const remove = { kind: 'delete', collection, key: 'other' } as const;
      const find = (most: number) => store.ask({ kind: 'get-matching', collection, glob: 'info_*', most });
      expect(await find(10)).toEqual([
        ['info_1', 'info_1'],
        ['info_2', 'info_2'],
      ]);
      expect(await find(1)).toHaveLength(1);
      expect([await store.ask(remove), await store.ask(remove)]).toEqual([true, false]);
      expect(await store.ask({ kind: 'delete-matching', collection, glob: 'info_[1-9]' })).toBe(2);
      expect(await store.ask(get('info_1'))).toBe(null);
    });

    it('counts, without a loss, and keeps the time of the first', async () => {
      const { storeOf, clock } = start();
      const sums = await Promise.all(
        Array.from({ length: 30 }, async (_, i) => storeOf(i % 3).ask(add('n', 1, 1000))),
      );
      expect(sums.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
      clock.advance(999);
      expect(await storeOf(0).ask(add('n', -5, 1000))).toBe(25);
      clock.advance(1);
      expect(await storeOf(0).ask(add('n', 1, 1000))).toBe(1);
    });

    it('counts in a window that slides, and never beyond its limit', async () => {
      const { storeOf, clock } = start();
      const add: StoreOperation<'add-to-window'> = {
        kind: 'add-to-window',
        collection,
        key: 'window',
        window: 1000,
        slot: 100,
        most: 5,
      };
      const ask = async (count: number) => {
        const sums = await Promise.all(
          Array.from({ length: count }, async (_, i) => storeOf(i % 3).ask(add)),
        );
        return sums.filter((sum) => typeof sum === 'number' && sum <= 5).length;
      };
      expect(await ask(3)).toBe(3);
      clock.advance(500);
      expect(await ask(9)).toBe(2);
      clock.advance(500);
      expect(await ask(9)).toBe(3);
      clock.advance(2000);
      expect(await ask(9)).toBe(5);
    });

    it('counts from text of digits, wraps at 32 bits, and refuses other text', async () => {
      const { storeOf } = start();
      const store = storeOf(0);
      await store.ask(set('n', '+2147483647'));
      expect(await store.ask(add('n', 1))).toBe(-2147483648);
      await store.ask(set('t', 'text'));
      expect(await store.ask(add('t', 1))).toBe('not-a-number');
      expect(await store.ask(get('t'))).toBe('text');
    });

    it('is refused without room, until others have expired or are gone', async () => {
      const { storeOf, clock, memory } = start(4 * KIB);
      const store = storeOf(0);
      expect(await store.ask(set('long', 'x'.repeat(2 * KIB), 5000))).toBe('stored');
      expect(await store.ask(set('short', 'x'.repeat(KIB)))).toBe('stored');
      expect(await store.ask(set('more', 'x'.repeat(KIB)))).toBe('full');
      expect(await store.ask(set('short', 'x'.repeat(2 * KIB)))).toBe('full');
      expect(await store.ask(get('short'))).toBe('x'.repeat(KIB));
      clock.advance(5000);
      expect(await store.ask(set('more', 'x'.repeat(2 * KIB)))).toBe('stored');
      let counters = 0;
      while ((await store.ask(add(`n${counters}`, 1))) === 1) counters++;
      expect(memory.used).toBeLessThanOrEqual(4 * KIB);
      await store.ask({ kind: 'delete', collection, key: 'more' });
      expect(await store.ask(add(`n${counters}`, 1))).toBe(1);
      await store.ask({ kind: 'delete-matching', collection, glob: '*' });
      expect(memory.used).toBe(0);
    });

    it('that has expired takes no memory after a sweep', async () => {
      const { storeOf, clock, memory } = start();
      const store = storeOf(0);
      for (let i = 0; i < 10; i++) await store.ask(set(`k${i}`, 'v', i < 5 ? 1000 : null));
      clock.advance(1000);
      const before = memory.used;
      expect(await store.ask({ kind: 'sweep', collection })).toBe(5);
      expect(memory.used).toBe(before / 2);
    });
  });

  describe(`${name}: a replicated value`, () => {
    it('is everywhere once it was added to, and no addition is lost', async () => {
      const { storeOf, settle } = start();
      const sums = await Promise.all(
        Array.from({ length: 30 }, async (_, i) => {
          const values = storeOf(i % 3).values('$stat');
          const sum = await values.add('calls', 1);
          expect(Number(values.get('calls'))).toBeGreaterThanOrEqual(Number(sum));
          return sum;
        }),
      );
      await settle();
      expect(new Set(sums).size).toBe(30);
      expect([0, 1, 2].map((process) => storeOf(process).values('$stat').get('calls'))).toEqual([30, 30, 30]);
    });

    it('is set at once where it is set, and the same everywhere when two set it', async () => {
      const { storeOf, settle } = start();
      const [one, other] = [storeOf(0).values('$shv'), storeOf(1).values('$shv')];
      const heard: string[] = [];
      other.watch((key) => heard.push(`${key} ${other.get(key)}`));
      expect([one.set('x', 1), one.get('x')]).toEqual([true, 1]);
      await settle();
      expect(heard.at(-1)).toBe('x 1');
      other.set('x', 2);
      await settle();
      expect([one.get('x'), other.get('x'), [...one.keys()]]).toEqual([2, 2, ['x']]);
      expect(storeOf(0).values('another').get('x')).toBe(undefined);
    });

    it('is initialized once', async () => {
      const { storeOf, settle } = start();
      storeOf(0).values('$shv').initialize('x', 5);
      await settle();
      storeOf(0).values('$shv').set('x', 6);
      await settle();
      storeOf(1).values('$shv').initialize('x', 5);
      await settle();
      expect([0, 1, 2].map((process) => storeOf(process).values('$shv').get('x'))).toEqual([6, 6, 6]);
      expect(await storeOf(2).ask({ kind: 'initialize-value', space: '$shv', key: 'x', value: 1 })).toBe(
        'present',
      );
    });

    it('is replaced only by who has read it last, so that none of many changes is lost', async () => {
      const { storeOf, settle } = start();
      const append = async (process: number, text: string): Promise<unknown> => {
        const values = storeOf(process).values('list');
        const before = (values.get('x') ?? null) as string | null;
        const result = await values.replace('x', before, `${before ?? ''}${text}`).result;
        return result === 'changed' ? append(process, text) : result;
      };
      const results = await Promise.all(Array.from({ length: 30 }, (_, i) => append(i % 3, `<${i}>`)));
      expect(new Set(results)).toEqual(new Set(['stored']));
      await settle();
      const texts = [0, 1, 2].map((process) => String(storeOf(process).values('list').get('x')));
      expect(new Set(texts).size).toBe(1);
      expect([...(texts[0] ?? '').matchAll(/<\d+>/g)]).toHaveLength(30);
    });

    it('is removed everywhere, and its memory is free', async () => {
      const { storeOf, settle, memory } = start();
      await storeOf(0).values('list').replace('x', null, 'text').result;
      await settle();
      expect(await storeOf(1).values('list').replace('x', 'other', null).result).toBe('changed');
      expect(await storeOf(1).values('list').replace('x', 'text', null).result).toBe('stored');
      await settle();
      for (const process of [0, 1, 2]) expect(storeOf(process).values('list').size).toBe(0);
      expect(memory.used).toBe(0);
    });

    it('is kept in a file, which everybody has read when the answer comes', async () => {
      const file = join(temporaryFolder('space'), 'kept');
      const keep: StoreOperation<'keep-values'> = { kind: 'keep-values', space: 'list', file, sync: false };
      const first = start();
      expect(await first.storeOf(0).ask(keep)).toMatchObject({ state: 'kept', records: 0 });
      expect(await first.storeOf(1).values('list').replace('x', null, 'text').written).toBe(true);
      expect(await first.storeOf(1).ask({ kind: 'kept-state', space: 'list' })).toMatchObject({
        failure: null,
      });
      const second = start();
      const refused = second.storeOf(0).ask(keep);
      for (let i = 0; i < 70; i++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        second.clock.advance(50);
      }
      expect(await refused).toEqual({ state: 'unkept', reason: 'another server uses it' });
      await first.close();
      expect(await second.storeOf(0).ask(keep)).toMatchObject({ state: 'kept', records: 1 });
      expect(second.storeOf(0).values('list').get('x')).toBe('text');
      await second.settle();
      expect(second.storeOf(2).values('list').get('x')).toBe('text');
      const elsewhere = await second.storeOf(1).ask({ ...keep, file: `${file}2` });
      expect(elsewhere).toMatchObject({ state: 'unkept', reason: expect.stringContaining('until') });
      await second.close();
    });

    it('is removed everywhere, and takes no memory any more', async () => {
      const { storeOf, settle, memory } = start();
      const [one, other] = [storeOf(0).values('dialogs'), storeOf(1).values('dialogs')];
      one.set('x', 'some text');
      await settle();
      const heard: string[] = [];
      other.watch((key) => heard.push(`${key} ${other.get(key)}`));
      one.delete('x');
      expect(one.get('x')).toBe(undefined);
      await settle();
      expect([other.get('x'), [...other.keys()], heard.at(-1), memory.used]).toEqual([
        undefined,
        [],
        'x undefined',
        0,
      ]);
      expect(await storeOf(2).ask({ kind: 'delete-value', space: 'dialogs', key: 'x' })).toBe(false);
    });

    it('is refused without room, everywhere', async () => {
      const { storeOf, settle, memory } = start(KIB);
      const values = storeOf(0).values('$shv');
      expect(values.set('x', 'small')).toBe(true);
      expect(await values.add('n', 1)).toBe(1);
      await settle();
      values.set('x', 'x'.repeat(2 * KIB));
      await settle();
      expect([0, 1, 2].map((process) => storeOf(process).values('$shv').get('x'))).toEqual([
        'small',
        'small',
        'small',
      ]);
      let more = 0;
      while ((await values.add(`n${more}`, 1)) === 1) more++;
      expect([more, memory.used <= KIB]).toEqual([5, true]);
    });
  });
}
