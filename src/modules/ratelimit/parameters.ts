/** The parameters of ratelimit. Source: modules/ratelimit of the manual. */
import { defineParameters } from '../../script/index.ts';

const noCluster = 'siprest instances do not form a cluster';
const ownStore = 'the processes of the server share their counters by themselves';

const clustered = (name: string, type: 'int' | 'string', inert = noCluster) =>
  ({ name, type, default: null, summary: 'Shares counters with other servers.', inert }) as const;

export const algorithms = ['TAILDROP', 'RED', 'SBT', 'FEEDBACK', 'NETWORK'] as const;

export const parameters = defineParameters([
  {
    name: 'timer_interval',
    type: 'int',
    default: 10,
    minimum: 1,
    maximum: 1_000_000,
    unit: 's',
    summary: 'The interval in which requests are counted; limits are per second of it.',
  },
  {
    name: 'default_algorithm',
    type: 'string',
    default: 'TAILDROP',
    summary: 'The algorithm of pipes that name none: TAILDROP, RED, SBT, FEEDBACK or NETWORK.',
  },
  {
    name: 'expire_time',
    type: 'int',
    default: 3600,
    minimum: 1,
    maximum: 1_000_000,
    unit: 's',
    summary: 'How long a pipe is remembered after its last request.',
  },
  {
    name: 'hash_size',
    type: 'int',
    default: 1024,
    summary: 'The size of the table of pipes.',
    inert: 'the table grows as needed',
  },
  {
    name: 'window_size',
    type: 'int',
    default: 10,
    minimum: 1,
    maximum: 1_000_000,
    unit: 's',
    summary: 'The window of the algorithm SBT.',
  },
  {
    name: 'slot_period',
    type: 'int',
    default: 200,
    minimum: 1,
    unit: 'ms',
    summary: 'The slots of which that window consists.',
  },
  { ...clustered('db_url', 'string', ownStore), aliases: ['cachedb_url'] },
  clustered('db_prefix', 'string', ownStore),
  clustered('repl_buffer_threshold', 'int'),
  clustered('repl_timer_interval', 'int'),
  clustered('repl_timer_expire', 'int'),
  clustered('pipe_replication_cluster', 'int'),
  clustered('bridge_replication', 'int'),
  clustered('bridge_repl_timer_interval', 'int'),
  clustered('bridge_repl_timer_expire', 'int'),
]);
