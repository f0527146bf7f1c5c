/** Administration commands of the core that run in the serving processes. Source: the manual's Interface-CoreMI. */
import { cacheStores } from '../core/index.ts';
import {
  CommandError,
  type CommandSpec,
  defineCommands,
  type Module,
  type Routing,
} from '../runtime/index.ts';
import { type Awaitable, andThen } from '../timers/index.ts';
import { blacklistCommands } from './blacklist-commands.ts';
import { eventCommands } from './event-commands.ts';
import { logCommands } from './log-commands.ts';
import { statisticsCommands } from './statistics/commands.ts';
import { traceCommands } from './trace-commands.ts';

const source = 'Interface-CoreMI';

const system = {
  name: 'system',
  type: 'string',
  summary: 'The storage: `local`, or `local:group`.',
} as const;
const attr = { name: 'attr', type: 'string', summary: 'The key.' } as const;

function storage(routing: Routing, id: string) {
  const store = routing.states.get(cacheStores).get(id);
  if (store === undefined)
    throw new CommandError(404, `unknown cache "${id}": see cachedb_url of cachedb_local and cachedb_redis`);
  return store;
}

const endpoint = (address: string, port: number) =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

const ownCommands = defineCommands([
  {
    name: 'list_tcp_conns',
    aliases: ['tcp:list'],
    parameters: [],
    processes: 'every',
    summary: 'Lists the open connections of SIP over TCP and TLS.',
    source,
    run: (_, { host }) => ({
      Connections: host.sockets.flatMap(({ transport }) =>
        [...(transport.connections ?? [])].map(({ local, source: peer, isAccepted }, i) => ({
          ID: `${host.number}-${i}`,
          Type: transport.protocol,
          State: 0,
          Source: endpoint(peer.address, peer.port),
          Destination: endpoint(local.address, local.port),
          'Opened by': isAccepted ? 'peer' : 'siprest',
        })),
      ),
    }),
  },
  {
    name: 'cachedb:store',
    aliases: ['cache:store', 'cache_store'],
    parameters: [
      system,
      attr,
      { name: 'value', type: 'string', summary: 'The value.' },
      { name: 'expire', type: 'int', optional: true, minimum: 0, summary: 'Seconds; default 0, forever.' },
    ],
    summary: 'Stores a value.',
    source,
    run: ({ system, attr, value, expire }, routing) =>
      andThen(storage(routing, system).store(attr, value, expire ?? 0), (stored) => {
        if (stored === 'full') throw new CommandError(500, `the cache "${system}" is full`);
      }),
  },
  {
    name: 'cachedb:fetch',
    aliases: ['cache:fetch', 'cache_fetch'],
    parameters: [system, attr],
    summary: 'Reads a value.',
    source,
    run: ({ system, attr }, routing): Awaitable<unknown> =>
      andThen(storage(routing, system).fetch(attr), (value) => {
        if (value === null) throw new CommandError(404, `no value for the key "${attr}"`);
        return { key: attr, value: String(value) };
      }),
  },
  {
    name: 'cachedb:remove',
    aliases: ['cache:remove', 'cache_remove'],
    parameters: [system, attr],
    summary: 'Removes a value.',
    source,
    run: ({ system, attr }, routing) => andThen(storage(routing, system).remove(attr), () => undefined),
  },
]);

const always: readonly CommandSpec[] = [
  ...ownCommands,
  ...eventCommands,
  ...logCommands,
  ...blacklistCommands,
  ...traceCommands,
  ...statisticsCommands,
];

/** The commands of a policy with these modules that run in its processes. */
export const commandsOf = (modules: readonly Module[]): readonly CommandSpec[] => [
  ...always,
  ...modules.flatMap(({ commands = [] }) => commands),
];
