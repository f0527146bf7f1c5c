/** The cachedb_redis module: Redis as a storage of the cache functions. Source: modules/cachedb_redis of the manual. */
import type { ConnectionOptions } from 'node:tls';
import { cacheStores } from '../../core/index.ts';
import {
  newRedisCounts,
  parseRedisAddress,
  Redis,
  type RedisAddress,
  type RedisCounts,
  redisPackage,
} from '../../redis/index.ts';
import {
  defineModule,
  type FigureSpec,
  type Host,
  labelled,
  messageOf,
  type RunRouting,
  StateKey,
} from '../../runtime/index.ts';
import { InvalidUse, type RowValues } from '../../script/index.ts';
import { SharedCache } from '../shared-cache.ts';
import { scriptDomains } from '../tls-mgm/domains.ts';
import { parameters } from './parameters.ts';
import { RedisCache } from './redis-cache.ts';

const source = 'modules/cachedb_redis';

type Values = RowValues<typeof parameters>;

/** The servers of a process, by storage ID. Counts go on over reloads. */
class Servers {
  readonly counts = new Map<string, RedisCounts>();
  readonly open = new Map<string, Redis>();

  countsOf(id: string): RedisCounts {
    const known = this.counts.get(id) ?? newRedisCounts();
    this.counts.set(id, known);
    return known;
  }
}

const servers = new StateKey<Host, Servers>('Redis servers', () => new Servers());

/** @throws InvalidUse */
function addressesOf({ cachedb_url, use_tls }: Values): readonly RedisAddress[] {
  const known = new Set<string>();
  return cachedb_url.map((url) => {
    const address = parseRedisAddress(url);
    if (address.isSecure)
      throw new InvalidUse(
        'cachedb_url of cachedb_redis begins with redis:',
        'for TLS use use_tls and ?tls_domain=NAME',
      );
    if (known.has(address.id))
      throw new InvalidUse(
        `two servers have the storage ID "${address.id}"`,
        'name groups, as in redis:group1://HOST',
      );
    known.add(address.id);
    if (address.options.has('tls_domain') && !use_tls)
      throw new InvalidUse(
        `tls_domain of "${address.id}" needs use_tls`,
        'add modparam("cachedb_redis", "use_tls", 1)',
      );
    return address;
  });
}

/** By the client domain in force, read anew for each connection. */
function tlsOf({ states }: RunRouting, { hosts, options }: RedisAddress): ConnectionOptions | null {
  const name = options.get('tls_domain');
  if (name === undefined) return null;
  const [{ host, port } = { host: '', port: 0 }] = hosts;
  const domain = states
    .known(scriptDomains)
    ?.client({ address: host, port }, { tlsDomain: name, sipDomain: null });
  if (domain == null)
    throw new InvalidUse(`tls_mgm has no client_domain "${name}", or is loaded after cachedb_redis`);
  return {
    secureContext: domain.context,
    rejectUnauthorized: domain.verifiesPeer,
    ...(domain.verifiesName ? {} : { checkServerIdentity: () => undefined }),
  };
}

function open(routing: RunRouting, address: RedisAddress, values: Values): Redis {
  const { host, log } = routing;
  const { id, hosts, socket } = address;
  const name = `cachedb_redis: ${id} (${socket ?? hosts.map((one) => `${one.host}:${one.port}`).join(', ')})`;
  let wasDown = false;
  const redis = new Redis({
    address,
    connectTimeout: values.connect_timeout,
    queryTimeout: values.query_timeout,
    clock: host.clock,
    counts: host.states.get(servers).countsOf(id),
    ...(address.options.has('tls_domain') ? { tls: () => tlsOf(routing, address) } : {}),
    changed: (failure) => {
      if (failure !== null) log.warning(`${name} cannot be reached: ${failure}`);
      else if (wasDown) log.notice(`${name} can be reached again`);
      wasDown = failure !== null;
    },
  });
  routing.states.get(cacheStores).set(id, new RedisCache(redis));
  host.states.get(servers).open.set(id, redis);
  routing.listeners.closed.add(() => {
    redis.close();
    const { open: all } = host.states.get(servers);
    if (all.get(id) === redis) all.delete(id);
  });
  return redis;
}

const figures: readonly FigureSpec<Host>[] = [
  {
    name: 'redis_commands',
    kind: 'counter',
    unit: '',
    labels: ['outcome', 'storage'],
    summary:
      'Commands to Redis: `answered`, `refused` by the server with an error, `timeout`, `unreachable` (failed at once or with the connection), `overloaded`.',
    read: ({ states }) =>
      labelled(
        [...states.get(servers).counts].flatMap(([id, counts]) =>
          Object.entries(counts).map(
            ([outcome, count]: [string, number]) => [`${outcome} ${id}`, count] as const,
          ),
        ),
      ),
  },
  {
    name: 'redis_reachable',
    kind: 'gauge',
    unit: 'processes',
    labels: ['storage'],
    summary: 'Processes that are connected to a Redis server.',
    read: ({ states }) =>
      labelled([...states.get(servers).open].map(([id, { failure }]) => [id, failure === null ? 1 : 0])),
  },
];

export const cachedbRedis = defineModule({
  name: 'cachedb_redis',
  summary: 'Redis, or Valkey, for cache_store() and related functions. Needs the package `@redis/client`.',
  source,
  parameters,
  figures,
  validate: (values) => {
    addressesOf(values);
    return [];
  },
  start: async (routing, values) => {
    const addresses = addressesOf(values);
    const { host, states } = routing;
    if (host.isSimulated)
      for (const { id } of addresses) states.get(cacheStores).set(id, new SharedCache(host.store, id));
    if (host.isSimulated || addresses.length === 0) return;
    try {
      redisPackage();
    } catch (error) {
      throw new InvalidUse(messageOf(error));
    }
    for (const address of addresses) if (address.options.has('tls_domain')) tlsOf(routing, address);
    const opened = addresses.map((address) => open(routing, address, values));
    await Promise.all(opened.map(({ tried }) => tried));
    for (const [i, { failure }] of opened.entries())
      if (failure !== null && values.shutdown_on_error)
        throw new InvalidUse(`${addresses[i]?.id} cannot be reached (shutdown_on_error): ${failure}`);
  },
});
