/** The cachedb_local module: a cache in memory. Source: modules/cachedb_local of the manual; vectors lang-cache*. */
import { cacheStores } from '../core/index.ts';
import { CommandError, defineModule, type Routing, whenAnswered } from '../runtime/index.ts';
import { defineParameters, InvalidUse, type RowValues } from '../script/index.ts';
import { type Awaitable, andThen, every } from '../timers/index.ts';
import { bytesOf, textOf } from './command-text.ts';
import { SharedCache } from './shared-cache.ts';

/** `local://`, `local:group2:///collection2`: a storage ID for scripts and its collection. */
function parseUrl(url: string): { readonly id: string; readonly collection: string } {
  const match = /^local:(?:([^:/]+):)?\/\/\/?([^/]*)$/.exec(url);
  if (match === null)
    throw new InvalidUse(`invalid cachedb_url "${url}"`, 'use local:// or local:GROUP:///COLLECTION');
  const [, group, collection] = match;
  return { id: group === undefined ? 'local' : `local:${group}`, collection: collection || 'default' };
}

const noCluster = 'siprest instances do not form a cluster';

const parameters = defineParameters([
  {
    name: 'cachedb_url',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'A storage ID and its collection: `local:GROUP:///COLLECTION`.',
  },
  {
    name: 'cache_collections',
    type: 'string',
    default: 'default',
    summary: 'The collections; sizes are accepted and ignored.',
  },
  {
    name: 'cache_clean_period',
    type: 'int',
    default: 600,
    minimum: 1,
    unit: 's',
    summary: 'How often expired entries are removed.',
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
    summary: 'The source of data after a restart.',
    inert: noCluster,
  },
  {
    name: 'enable_restart_persistency',
    type: 'boolean',
    default: false,
    summary: 'Whether data survives a restart.',
    inert: 'the cache is in memory and starts empty',
  },
]);

/** `collection1/r; collection2 = 5; default = 4` */
function collectionNames(text: string): string[] {
  return text
    .split(';')
    .map((part) => (part.split('=')[0] ?? '').replace(/\/r\s*$/, '').trim())
    .filter((name) => name !== '');
}

const globParameter = {
  name: 'glob',
  type: 'string',
  summary: 'The keys; `*` and `?` as in file names.',
} as const;
/** Limits the answer to one request for many keys. */
const mostFetched = 1000;

const collectionParameter = {
  name: 'collection',
  type: 'string',
  optional: true,
  summary: 'The collection; default `default`.',
} as const;

/** Throws a {@link CommandError} for an unknown one. */
function collectionOf(routing: Routing, name = 'default'): string {
  if (knownCollections(routing.parameters(parameters)).has(name)) return name;
  throw new CommandError(404, `cache_collections does not define the collection "${name}"`);
}

type Values = RowValues<typeof parameters>;

const knownCollections = ({ cache_collections }: Values): ReadonlySet<string> =>
  new Set(['default', ...collectionNames(cache_collections)]);

/** The collection of each storage ID. */
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
  summary: 'A key-value cache in memory, for cache_store() and related functions.',
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
        { name: 'glob', type: 'string', summary: 'The keys to remove; `*` and `?` as in file names.' },
      ],
      summary: 'Removes all matching keys.',
      source: 'modules/cachedb_local',
      run: (run, name, glob) => {
        const { routing } = run;
        const collection = name ?? 'default';
        if (!knownCollections(run.parameters(parameters)).has(collection)) {
          run.complain(`cache_remove_chunk(): cache_collections does not define the collection "${name}"`);
          return -1;
        }
        const answer = routing.host.store.ask({ kind: 'delete-matching', collection, glob });
        return whenAnswered(run, 'cache_remove_chunk()', answer, () => 1);
      },
    },
  ],
  commands: [
    {
      name: 'cachedb_local:fetch',
      parameters: [{ name: 'key', type: 'string', summary: 'The key.' }, collectionParameter],
      summary: 'Reads a value of a collection.',
      run: ({ key, collection }, routing): Awaitable<unknown> =>
        andThen(
          routing.host.store.ask({ kind: 'get', collection: collectionOf(routing, collection), key }),
          (value) => {
            if (value === null) throw new CommandError(404, `no value for the key "${key}"`);
            return { key, value: String(value) };
          },
        ),
    },
    {
      name: 'cachedb_local:fetch_chunk',
      aliases: ['cache_fetch_chunk'],
      parameters: [globParameter, collectionParameter],
      summary: `Reads all matching keys of a collection, at most ${mostFetched}.`,
      source: 'modules/cachedb_local',
      run: ({ glob, collection }, routing): Awaitable<unknown> =>
        andThen(
          routing.host.store.ask({
            kind: 'get-matching',
            collection: collectionOf(routing, collection),
            glob: bytesOf(glob),
            most: mostFetched,
          }),
          (found) => ({ keys: found.map(([key, value]) => ({ name: textOf(key), value: textOf(value) })) }),
        ),
    },
    {
      name: 'cachedb_local:remove_chunk',
      aliases: ['cache_remove_chunk'],
      parameters: [globParameter, collectionParameter],
      summary: 'Removes all matching keys of a collection.',
      source: 'modules/cachedb_local',
      run: ({ glob, collection }, routing) =>
        andThen(
          routing.host.store.ask({
            kind: 'delete-matching',
            collection: collectionOf(routing, collection),
            glob: bytesOf(glob),
          }),
          () => undefined,
        ),
    },
  ],
  validate: (values) => {
    layout(values);
    return [];
  },
  start: (routing, values) => {
    const stores = routing.states.get(cacheStores);
    const { store, clock } = routing.host;
    const collections = layout(values);
    for (const [id, collection] of collections) stores.set(id, new SharedCache(store, collection));
    const sweep = every(clock, values.cache_clean_period * 1000, () => {
      for (const collection of new Set(collections.values())) store.tell({ kind: 'sweep', collection });
    });
    routing.listeners.closed.add(() => sweep.stop());
  },
});
