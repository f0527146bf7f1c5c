/** cache_store() and the other cache functions. Source: the manual's Script-CoreFunctions; vectors lang-cache*. */

import { counterOf, defineFunctions, type Run, whenAnswered } from '../../runtime/index.ts';
import { defineArgument, type Status, type VariableReference } from '../../script/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import { type CacheStore, cacheStores } from '../cache.ts';

const storage = defineArgument({ name: 'storage_id', type: 'string', summary: '`local`, or `local:group`.' });
const attribute = defineArgument({ name: 'attribute', type: 'string', summary: 'The key.' });
const expire = defineArgument({
  name: 'expire',
  type: 'int',
  summary: 'How long to keep it, in seconds; 0: forever. An existing key keeps its expiry.',
});
const newValue = defineArgument({
  name: 'new_val',
  type: 'variable',
  optional: true,
  summary: 'Gets the new value.',
});

/** The storage with this ID; null, after logging an error, if unknown. */
function storeOf(run: Run, id: string): CacheStore | null {
  const store = run.routing.states.get(cacheStores).get(id);
  if (store === undefined) run.complain(`unknown cache "${id}"; load cachedb_local and see its cachedb_url`);
  return store ?? null;
}

/** Calls the storage and handles its result; -1 if the storage is unknown or fails. */
function onStore<T>(
  run: Run,
  id: string,
  ask: (store: CacheStore) => Awaitable<T>,
  next: (result: T) => Awaitable<Status>,
): Awaitable<Status> {
  const store = storeOf(run, id);
  return store === null ? -1 : whenAnswered(run, `cache "${id}"`, ask(store), next);
}

const full = (run: Run, id: string): Status => {
  run.complain(`the cache "${id}" is full; see memory_budget of siprest status`);
  return -1;
};

/** A miss is -2 (vector lang-cache), which distinguishes it from a missing storage. */
function fetchInto(run: Run, id: string, key: string, result: VariableReference<Run>): Awaitable<Status> {
  return onStore(
    run,
    id,
    (store) => store.fetch(key),
    (value) => (value === null ? -2 : result.set(run, String(value)) ? 1 : -1),
  );
}

/** Like {@link fetchInto}, for numbers; -3 if the value is not one (field-cache-counter-of-text). */
function fetchCounter(run: Run, id: string, key: string, result: VariableReference<Run>): Awaitable<Status> {
  return onStore(
    run,
    id,
    (store) => store.fetch(key),
    (value) => {
      if (value === null) return -2;
      const counter = counterOf(value);
      return counter === null ? -3 : result.set(run, counter) ? 1 : -1;
    },
  );
}

function count(
  run: Run,
  id: string,
  key: string,
  increment: number,
  seconds: number,
  result?: VariableReference<Run>,
): Awaitable<Status> {
  return onStore(
    run,
    id,
    (store) => store.add(key, increment, seconds),
    (sum) => {
      if (sum === 'full') return full(run, id);
      if (sum === 'not-a-number') return -1;
      result?.set(run, sum);
      return 1;
    },
  );
}

export const cacheFunctions = defineFunctions([
  {
    name: 'cache_store',
    arguments: [
      storage,
      attribute,
      { name: 'value', type: 'string', summary: 'The value to store.' },
      {
        name: 'timeout',
        type: 'int',
        optional: true,
        summary: 'How long to keep it, in seconds; 0: forever.',
      },
    ],
    summary: 'Stores a value under a key; -1 if the key is empty.',
    run: (run, id, key, value, seconds) =>
      key === ''
        ? -1
        : onStore(
            run,
            id,
            (store) => store.store(key, value, seconds ?? 0),
            (result) => (result === 'stored' ? 1 : full(run, id)),
          ),
  },
  {
    name: 'cache_fetch',
    arguments: [storage, attribute, { name: 'result', type: 'variable', summary: 'Gets the value.' }],
    summary: 'Reads the value of a key as text; -2 if the key does not exist.',
    run: fetchInto,
  },
  {
    name: 'cache_counter_fetch',
    arguments: [storage, attribute, { name: 'result', type: 'variable', summary: 'Gets the value.' }],
    summary: 'Reads a counter as a number; -2 if the key does not exist, -3 if its value is not a number.',
    run: fetchCounter,
  },
  {
    name: 'cache_remove',
    arguments: [storage, attribute],
    summary: 'Removes a key; succeeds even if it does not exist.',
    run: (run, id, key) =>
      onStore(
        run,
        id,
        (store) => store.remove(key),
        () => 1,
      ),
  },
  {
    name: 'cache_raw_query',
    arguments: [
      storage,
      { name: 'raw_query', type: 'string', summary: "A query in the storage's language." },
      { name: 'result', type: 'raw', optional: true, summary: 'AVPs for the results.' },
    ],
    summary: 'Sends a raw query; always -1, since the in-memory storage has no query language.',
    source: 'Script-CoreFunctions, cache_raw_query',
    run: (run, id) => {
      if (storeOf(run, id) !== null)
        run.complain(`cache_raw_query(): the cache "${id}" does not support raw queries`);
      return -1;
    },
  },
  {
    name: 'cache_add',
    arguments: [
      storage,
      attribute,
      { name: 'increment', type: 'int', summary: 'The amount to add.' },
      expire,
      newValue,
    ],
    summary: 'Adds to a counter; a missing one starts at 0.',
    run: count,
  },
  {
    name: 'cache_sub',
    arguments: [
      storage,
      attribute,
      { name: 'decrement', type: 'int', summary: 'The amount to subtract.' },
      expire,
      newValue,
    ],
    summary: 'Subtracts from a counter; a missing one starts at 0.',
    run: (run, id, key, decrement, seconds, result) => count(run, id, key, -decrement | 0, seconds, result),
  },
]);
