/** cache_store() and the other cache functions. Source: the manual's Script-CoreFunctions; vectors lang-cache*. */

import { answeredOr, counterOf, defineFunctions, type Run } from '../../runtime/index.ts';
import { type Completion, defineArgument, type Status, type VariableReference } from '../../script/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import { type CacheStore, cacheStores } from '../cache.ts';
import { avpNames, queryWords } from './raw-query.ts';

const storage = defineArgument({
  name: 'storage_id',
  type: 'string',
  summary: '`local`, `redis`, or one with a group such as `local:group`.',
});
const attribute = defineArgument({ name: 'attribute', type: 'string', summary: 'The key.' });
const expire = defineArgument({
  name: 'expire',
  type: 'int',
  summary:
    'How long to keep it, in seconds; 0: forever. An existing key keeps its expiry, but gets this one in Redis.',
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
  if (store === undefined)
    run.complain(`unknown cache "${id}"; load cachedb_local or cachedb_redis, and see its cachedb_url`);
  return store ?? null;
}

const failed: Completion<Run> = () => -1;

/** Calls the storage and handles its result on the run that continues; -1 if the storage is unknown or fails. */
function onStore<T>(
  run: Run,
  id: string,
  ask: (store: CacheStore) => Awaitable<T>,
  next: (result: T, later: Run) => Status,
): Awaitable<Completion<Run>> {
  const store = storeOf(run, id);
  if (store === null) return failed;
  return answeredOr(run, `cache "${id}"`, ask(store), failed, (result) => (later) => next(result, later));
}

const full = (run: Run, id: string): Status => {
  run.complain(`the cache "${id}" is full; see memory_budget of siprest status`);
  return -1;
};

/** A miss is -2 (vector lang-cache), which distinguishes it from a missing storage. */
const fetchInto = (run: Run, id: string, key: string, result: VariableReference<Run>) =>
  onStore(
    run,
    id,
    (store) => store.fetch(key),
    (value, later) => (value === null ? -2 : result.set(later, String(value)) ? 1 : -1),
  );

/** Like {@link fetchInto}, for numbers; -3 if the value is not one (field-cache-counter-of-text). */
const fetchCounter = (run: Run, id: string, key: string, result: VariableReference<Run>) =>
  onStore(
    run,
    id,
    (store) => store.fetch(key),
    (value, later) => {
      if (value === null) return -2;
      const counter = counterOf(value);
      return counter === null ? -3 : result.set(later, counter) ? 1 : -1;
    },
  );

const count = (
  run: Run,
  id: string,
  key: string,
  increment: number,
  seconds: number,
  result?: VariableReference<Run>,
) =>
  onStore(
    run,
    id,
    (store) => store.add(key, increment, seconds),
    (sum, later) => {
      if (sum === 'full') return full(later, id);
      if (sum === 'not-a-number') return -1;
      result?.set(later, sum);
      return 1;
    },
  );

/** The first AVP gets the values, the first one at index 0. */
function query(run: Run, id: string, text: string, avps: string | undefined): Awaitable<Completion<Run>> {
  const names = avps === undefined ? [] : avpNames(avps);
  if (names === null) {
    run.complain(`cache_raw_query(): invalid result "${avps}", use $avp(name)`);
    return failed;
  }
  const words = queryWords(text);
  if (words.length === 0) {
    run.complain('cache_raw_query(): the query is empty');
    return failed;
  }
  if (storeOf(run, id)?.query === undefined) {
    if (storeOf(run, id) !== null)
      run.complain(`cache_raw_query(): the cache "${id}" does not support raw queries`);
    return failed;
  }
  return onStore(
    run,
    id,
    (store) => store.query?.(words) ?? null,
    (values, later) => {
      const [name] = names;
      if (values === null) return -2;
      if (name !== undefined) for (const value of values.toReversed()) later.request.avps.push(name, value);
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
    start: ({ run }, id, key, value, seconds) =>
      key === ''
        ? failed
        : onStore(
            run,
            id,
            (store) => store.store(key, value, seconds ?? 0),
            (result, later) => (result === 'stored' ? 1 : full(later, id)),
          ),
  },
  {
    name: 'cache_fetch',
    arguments: [storage, attribute, { name: 'result', type: 'variable', summary: 'Gets the value.' }],
    summary: 'Reads the value of a key as text; -2 if the key does not exist.',
    start: ({ run }, ...values) => fetchInto(run, ...values),
  },
  {
    name: 'cache_counter_fetch',
    arguments: [storage, attribute, { name: 'result', type: 'variable', summary: 'Gets the value.' }],
    summary: 'Reads a counter as a number; -2 if the key does not exist, -3 if its value is not a number.',
    start: ({ run }, ...values) => fetchCounter(run, ...values),
  },
  {
    name: 'cache_remove',
    arguments: [storage, attribute],
    summary: 'Removes a key; succeeds even if it does not exist.',
    start: ({ run }, id, key) =>
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
      {
        name: 'raw_query',
        type: 'string',
        isQuery: true,
        summary:
          "A query in the storage's language. Blanks separate its words; a word in quotes may have blanks.",
      },
      {
        name: 'result',
        type: 'raw',
        optional: true,
        summary: '`$avp(name)`, which gets the values, the first at index 0.',
      },
    ],
    summary: 'Sends a query to a storage that has a language, as Redis does; -2 if the answer is nil.',
    source: 'Script-CoreFunctions, cache_raw_query',
    start: ({ run }, id, text, avps) => query(run, id, text, avps),
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
    start: ({ run }, ...values) => count(run, ...values),
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
    start: ({ run }, id, key, decrement, seconds, result) =>
      count(run, id, key, -decrement | 0, seconds, result),
  },
]);
