/** The usrloc module: where users are. Source: modules/usrloc of the manual; scenarios registrar-*. */
import { defineModule, type Run, type RunRouting } from '../../runtime/index.ts';
import { defineArgument, defineParameter, defineParameters } from '../../script/index.ts';
import { every } from '../../timers/index.ts';
import { events, raiseAor, raiseContact } from './events.ts';
import { locations } from './locations.ts';

const source = 'modules/usrloc';
const inMemory = 'contacts are kept in memory, and shared by the processes of the server';
const noCluster = 'siprest instances do not form a cluster';

const without = (inert: string, type: 'int' | 'string', ...names: readonly string[]) =>
  names.map((name) =>
    defineParameter({ name, type, default: null, summary: 'Accepted without effect.', inert }),
  );

export const usrlocParameters = defineParameters([
  {
    name: 'use_domain',
    type: 'boolean',
    default: true,
    summary: 'Whether the host belongs to the address of record; otherwise the user alone is registered.',
  },
  {
    name: 'matching_mode',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 1,
    summary: 'What makes two contacts the same: 0 the URI, 1 the URI and the Call-ID.',
  },
  {
    name: 'cseq_delay',
    type: 'int',
    default: 20,
    minimum: 0,
    unit: 's',
    summary: 'How long a registration with a lower CSeq is taken for one that was late, and changes nothing.',
  },
  {
    name: 'timer_interval',
    type: 'int',
    default: 60,
    minimum: 1,
    maximum: 1_000_000,
    unit: 's',
    summary: 'How often expired contacts are removed; they are never found meanwhile.',
  },
  { name: 'nat_bflag', type: 'string', default: null, summary: 'The branch flag of contacts behind a NAT.' },
  ...without(
    inMemory,
    'string',
    ...[
      'db_url',
      'cachedb_url',
      'restart_persistency',
      'sql_write_mode',
      'working_mode_preset',
      'contact_id_column',
    ],
    ...['user_column', 'domain_column', 'contact_column', 'expires_column', 'q_column', 'callid_column'],
    ...[
      'cseq_column',
      'methods_column',
      'flags_column',
      'cflags_column',
      'user_agent_column',
      'received_column',
    ],
    ...['socket_column', 'path_column', 'sip_instance_column', 'kv_store_column', 'attr_column'],
  ),
  ...without(
    inMemory,
    'int',
    'db_mode',
    'hash_size',
    'max_contact_delete',
    'regen_broken_contactid',
    'desc_time_order',
  ),
  ...without(
    inMemory,
    'int',
    'latency_event_min_us',
    'latency_event_min_us_delta',
    'mi_dump_kv_store',
    'contact_refresh_timer',
  ),
  ...without(noCluster, 'int', 'location_cluster', 'ha_cluster', 'skip_replicated_db_ops'),
  ...without(noCluster, 'string', 'cluster_mode', 'ha_shtag', 'pinging_mode'),
]);

/** Removes expired contacts while the routing is in force; one of the processes does it. */
function expireContacts(routing: RunRouting): void {
  const { host } = routing;
  if (host.number !== 0) return;
  const { timer_interval } = routing.parameters(usrlocParameters);
  const timer = every(host.clock, 1000 * timer_interval, () =>
    host.states.get(locations).expire((aor, contact, isLast) => {
      raiseContact(routing, 'DELETE', aor, contact);
      if (isLast) raiseAor(routing, 'DELETE', aor);
    }),
  );
  routing.listeners.closed.add(() => timer.stop());
}

export const table = defineArgument({
  name: 'domain',
  type: 'static',
  summary: 'The table, such as `location`.',
});
const aor = defineArgument({
  name: 'aor',
  type: 'string',
  summary: 'The address of record, as user@domain.',
});
const key = defineArgument({ name: 'key_name', type: 'string', summary: 'The name of the value.' });

const find = (run: Run, domain: string, name: string) =>
  run.routing.host.states.get(locations).find(domain, name);

export const usrloc = defineModule({
  name: 'usrloc',
  summary: 'Where registered users are.',
  source,
  parameters: usrlocParameters,
  events,
  start: (routing) => routing.listeners.inForce.add(() => expireContacts(routing)) && undefined,
  functions: [
    {
      name: 'ul_add_key',
      arguments: [
        table,
        aor,
        key,
        { name: 'key_value', type: 'string', optional: true, summary: 'The value; default empty.' },
      ],
      summary: 'Stores a value with an address of record; -1 for an unknown one.',
      source: 'modules/usrloc; scenario registrar-ul-keys',
      run: (run, domain, name, keyName, value = '') => {
        const location = find(run, domain, name);
        if (location === null) return -1;
        const keys = { ...location.keys, [keyName]: value };
        return run.routing.host.states.get(locations).put(domain, name, { ...location, keys }) ? 1 : -1;
      },
    },
    {
      name: 'ul_get_key',
      arguments: [
        table,
        aor,
        key,
        { name: 'destination', type: 'variable', gives: 'text', summary: 'Gets the value.' },
      ],
      summary: 'Reads a value of an address of record; -1 if there is none.',
      source: 'modules/usrloc; scenario registrar-ul-keys',
      run: (run, domain, name, keyName, variable) => {
        const { keys = {} } = find(run, domain, name) ?? {};
        if (!Object.hasOwn(keys, keyName)) return -1;
        return variable.set(run, keys[keyName] ?? null) ? 1 : -1;
      },
    },
    {
      name: 'ul_del_key',
      arguments: [table, aor, key],
      summary: 'Removes a value of an address of record; -1 for an unknown one.',
      source: 'modules/usrloc; scenario registrar-ul-keys',
      run: (run, domain, name, keyName) => {
        const location = find(run, domain, name);
        if (location === null) return -1;
        const { [keyName]: _, ...keys } = location.keys;
        return run.routing.host.states.get(locations).put(domain, name, { ...location, keys }) ? 1 : -1;
      },
    },
  ],
});
