/** The cachedb_local module: a cache in memory. Source: modules/cachedb_local of the manual; vectors lang-cache*. */
import { type CacheStore, cacheStores, counterOf } from '../core/index.ts';
import { type Caller, defineModule, type Shared, sharedKind } from '../runtime/index.ts';
import {
  type Awaitable,
  defineParameters,
  InvalidUse,
  type RowValues,
  type Value,
  whenThere,
} from '../script/index.ts';
import { globMatches } from '../text/index.ts';

interface Entry {
  value: string | number;
  /** On the clock of performance.now(); Infinity for one that stays. */
  expires: number;
}

/** A collection: entries are dropped when they are found to be over, and by a sweep. */
export class LocalCache {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  /** `now`: a clock in milliseconds that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  store(key: string, value: string | number, seconds: number): boolean {
    this.#entries.set(key, { value, expires: this.#expiry(seconds) });
    return true;
  }

  fetch(key: string): string | number | null {
    return this.#live(key)?.value ?? null;
  }

  remove(key: string): void {
    this.#entries.delete(key);
  }

  /** All keys that match: `*`, `?` and `[...]` as in file names. */
  removeMatching(glob: string): void {
    for (const key of this.#entries.keys()) if (globMatches(glob, key)) this.#entries.delete(key);
  }

  /** A key that is there keeps its time: what limits calls to so many in so long opens again. */
  add(key: string, increment: number, seconds: number): number | null {
    const entry = this.#live(key);
    if (entry === undefined) {
      this.store(key, increment, seconds);
      return increment;
    }
    const current = counterOf(entry.value);
    if (current === null) return null;
    entry.value = (current + increment) | 0;
    return entry.value;
  }

  sweep(): void {
    const now = this.#now();
    for (const [key, entry] of this.#entries) if (entry.expires <= now) this.#entries.delete(key);
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expires > this.#now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #expiry(seconds: number): number {
    return seconds > 0 ? this.#now() + seconds * 1000 : Number.POSITIVE_INFINITY;
  }
}

/** `local://`, `local:group2:///collection2`: the storage id of scripts, and the collection behind it. */
function parseUrl(url: string): { readonly id: string; readonly collection: string } {
  const match = /^local:(?:([^:/]+):)?\/\/\/?([^/]*)$/.exec(url);
  if (match === null)
    throw new InvalidUse(`cachedb_url "${url}" cannot be read`, 'local:// or local:GROUP:///COLLECTION');
  const [, group, collection] = match;
  return { id: group === undefined ? 'local' : `local:${group}`, collection: collection || 'default' };
}

/** The collections by their names, which are not those of storage ids. */
class Collections {
  readonly #caches = new Map<string, LocalCache>();

  /** Scripts are checked for the names, so one that is not there yet is one that nothing was stored in. */
  named(name: string): LocalCache {
    let cache = this.#caches.get(name);
    if (cache === undefined) {
      cache = new LocalCache();
      this.#caches.set(name, cache);
    }
    return cache;
  }

  sweep(): void {
    for (const cache of this.#caches.values()) cache.sweep();
  }
}

const collections = sharedKind({
  name: 'cachedb_local',
  create: () => new Collections(),
  operations: {
    store: (all, _: Caller, name: string, key: string, value: string | number, seconds: number) =>
      all.named(name).store(key, value, seconds),
    fetch: (all, _: Caller, name: string, key: string) => all.named(name).fetch(key),
    remove: (all, _: Caller, name: string, key: string) => all.named(name).remove(key),
    removeMatching: (all, _: Caller, name: string, glob: string) => all.named(name).removeMatching(glob),
    add: (all, _: Caller, name: string, key: string, increment: number, seconds: number) =>
      all.named(name).add(key, increment, seconds),
    sweep: (all) => all.sweep(),
  },
});

/** A collection, wherever it is. */
class SharedCache implements CacheStore {
  readonly #shared: Shared;
  readonly #name: string;

  constructor(shared: Shared, name: string) {
    this.#shared = shared;
    this.#name = name;
  }

  store(key: string, value: string | number, seconds: number): Awaitable<boolean> {
    return this.#shared.ask(collections, 'store', this.#name, key, value, seconds);
  }

  fetch(key: string): Awaitable<Value> {
    return this.#shared.ask(collections, 'fetch', this.#name, key);
  }

  remove(key: string): Awaitable<void> {
    return this.#shared.ask(collections, 'remove', this.#name, key);
  }

  add(key: string, increment: number, seconds: number): Awaitable<number | null> {
    return this.#shared.ask(collections, 'add', this.#name, key, increment, seconds);
  }
}

const noCluster = 'siprest instances do not talk to each other';

const parameters = defineParameters([
  {
    name: 'cachedb_url',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'A storage id and its collection: `local:GROUP:///COLLECTION`.',
  },
  {
    name: 'cache_collections',
    type: 'string',
    default: 'default',
    summary: 'The collections; sizes are accepted and not needed.',
  },
  {
    name: 'cache_clean_period',
    type: 'int',
    default: 600,
    minimum: 1,
    unit: 's',
    summary: 'How often entries that are over are swept out.',
  },
  {
    name: 'cluster_id',
    type: 'int',
    default: 0,
    summary: 'The cluster to replicate to.',
    inert: noCluster,
  },
  {
    name: 'cluster_persistency',
    type: 'string',
    default: 'sync-from-cluster',
    summary: 'Where a restart gets its data.',
    inert: noCluster,
  },
  {
    name: 'enable_restart_persistency',
    type: 'boolean',
    default: false,
    summary: 'Whether data outlives a restart.',
    inert: 'the cache is in memory, and empty after a restart',
  },
]);

/** `collection1/r; collection2 = 5; default = 4` */
function collectionNames(text: string): string[] {
  return text
    .split(';')
    .map((part) => (part.split('=')[0] ?? '').replace(/\/r\s*$/, '').trim())
    .filter((name) => name !== '');
}

type Values = RowValues<typeof parameters>;

const knownCollections = ({ cache_collections }: Values): ReadonlySet<string> =>
  new Set(['default', ...collectionNames(cache_collections)]);

/** The collection behind each storage id. */
function layout(values: Values): Map<string, string> {
  const known = knownCollections(values);
  const stores = new Map([['local', 'default']]);
  for (const url of values.cachedb_url) {
    const { id, collection } = parseUrl(url);
    if (!known.has(collection))
      throw new InvalidUse(
        `cachedb_url "${url}" names the collection "${collection}", which cache_collections does not define`,
      );
    stores.set(id, collection);
  }
  return stores;
}

export const cachedbLocal = defineModule({
  name: 'cachedb_local',
  summary: 'A key-value cache in memory, for cache_store() and its kin.',
  source: 'modules/cachedb_local',
  parameters,
  functions: [
    {
      name: 'cache_remove_chunk',
      arguments: [
        {
          name: 'collection',
          type: 'string',
          optional: true,
          leading: true,
          summary: 'The name of the collection; default `default`.',
        },
        { name: 'glob', type: 'string', summary: 'Which keys: `*` and `?` as in file names.' },
      ],
      summary: 'Forgets all keys that match.',
      source: 'modules/cachedb_local',
      run: (run, name, glob) => {
        const { routing } = run;
        const collection = name ?? 'default';
        if (!knownCollections(run.parameters(parameters)).has(collection)) {
          run.complain(`cache_remove_chunk(): cache_collections does not define the collection "${name}"`);
          return -1;
        }
        return whenThere(routing.host.shared.ask(collections, 'removeMatching', collection, glob), () => 1);
      },
    },
  ],
  validate: (values) => {
    layout(values);
    return [];
  },
  shared: [collections],
  start: (routing, values) => {
    const stores = routing.states.get(cacheStores);
    for (const [id, name] of layout(values)) stores.set(id, new SharedCache(routing.host.shared, name));
    const sweep = setInterval(
      () => void routing.host.shared.ask(collections, 'sweep'),
      values.cache_clean_period * 1000,
    );
    sweep.unref();
    routing.listeners.on('closed', () => clearInterval(sweep));
  },
});
