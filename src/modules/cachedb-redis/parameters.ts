/** The parameters of cachedb_redis. */
import { defineParameters } from '../../script/index.ts';

const source = 'modules/cachedb_redis';
const noSearch = 'siprest does not keep registrations in a search index of Redis';

const search = <const Name extends string>(name: Name, summary: string) =>
  ({ name, type: 'string', default: null, summary, inert: noSearch }) as const;

export const parameters = defineParameters([
  {
    name: 'cachedb_url',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'A server, whose scheme and group are the storage ID: `redis:GROUP://USER:PASSWORD@HOST:PORT/DATABASE`. Several hosts, separated by commas, are tried in turn; `?tls_domain=NAME` chooses a client domain of `tls_mgm`, `?socket=PATH` a UNIX socket.',
    source,
  },
  {
    name: 'connect_timeout',
    type: 'int',
    default: 5000,
    minimum: 1,
    maximum: 600_000,
    unit: 'ms',
    summary: 'For a connection, with TLS and authentication. The start waits for the first one.',
    source,
  },
  {
    name: 'query_timeout',
    type: 'int',
    default: 500,
    minimum: 1,
    maximum: 600_000,
    unit: 'ms',
    summary: 'For the answer to a command; then the function returns -1. The default of OpenSIPS is 5000.',
    source,
  },
  {
    name: 'shutdown_on_error',
    type: 'boolean',
    default: false,
    summary: 'Whether the start fails if a server cannot be reached.',
    source,
  },
  {
    name: 'use_tls',
    type: 'boolean',
    default: false,
    summary: 'Whether `tls_domain` in a URL is used.',
    source,
  },
  search('ftsearch_index_name', 'The index of registrations.'),
  search('ftsearch_json_prefix', 'The prefix of registrations.'),
  { ...search('ftsearch_max_results', 'The longest answer.'), type: 'int', default: 10_000 },
  {
    ...search('ftsearch_json_mset_expire', 'The expiry of registrations.'),
    type: 'int',
    default: 3600,
    unit: 's',
  },
]);
