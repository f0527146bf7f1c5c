/** The parameters of usrloc. Source: modules/usrloc of the manual. */
import { defineParameter, defineParameters, InvalidUse, type RowValues } from '../../script/index.ts';

const ownFile = 'contacts are kept in a file of siprest: see the parameter file';
const noCluster = 'siprest instances do not form a cluster';

const without = (inert: string, type: 'int' | 'string', ...names: readonly string[]) =>
  names.map((name) =>
    defineParameter({ name, type, default: null, summary: 'Accepted without effect.', inert }),
  );

const mode = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({ name, type: 'string', default: null, summary });

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
    summary: 'Within what time expired contacts are removed; they are never found meanwhile.',
  },
  { name: 'nat_bflag', type: 'string', default: null, summary: 'The branch flag of contacts behind a NAT.' },
  {
    name: 'file',
    type: 'string',
    default: null,
    summary:
      'The file that keeps contacts over a restart, from the folder of the script; empty: none. Default: `usrloc` in the folder of the service, $STATE_DIRECTORY; otherwise the script’s own name with `.usrloc`.',
  },
  {
    name: 'file_sync',
    type: 'boolean',
    default: false,
    summary:
      'Whether a contact is on the disk before its registration is answered, so that it survives a loss of power; otherwise it survives the end of the server.',
  },
  mode(
    'working_mode_preset',
    'Whether contacts are kept in the file: `single-instance-no-db` means no, any other mode yes.',
  ),
  mode(
    'restart_persistency',
    'Without working_mode_preset, whether contacts are kept in the file: `none` means no, `load-from-sql` and `sync-from-cluster` yes.',
  ),
  {
    name: 'db_mode',
    type: 'int',
    default: null,
    minimum: 0,
    maximum: 4,
    summary:
      'The mode of older versions: 0 keeps contacts in memory only; 1, 2 and 3 in the file too, before the answer.',
  },
  ...without(
    ownFile,
    'string',
    ...['db_url', 'cachedb_url', 'sql_write_mode', 'contact_id_column'],
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
    'the table grows as needed',
    'int',
    ...['hash_size', 'max_contact_delete', 'regen_broken_contactid'],
  ),
  ...without('contacts are listed by q', 'int', 'desc_time_order'),
  ...without('siprest does not measure the latency of contacts', 'int', 'latency_event_min_us'),
  ...without(
    'siprest does not measure the latency of contacts',
    'int',
    ...['latency_event_min_us_delta', 'mi_dump_kv_store', 'contact_refresh_timer'],
  ),
  ...without(noCluster, 'int', 'location_cluster', 'ha_cluster', 'skip_replicated_db_ops'),
  ...without(noCluster, 'string', 'cluster_mode', 'ha_shtag', 'pinging_mode'),
]);

type Values = RowValues<typeof usrlocParameters>;

const presets: Readonly<Record<string, boolean>> = {
  'single-instance-no-db': false,
  'single-instance-sql-write-through': true,
  'single-instance-sql-write-back': true,
  'sql-only': true,
  'federation-cachedb-cluster': true,
  'full-sharing-cluster': true,
  'full-sharing-cachedb-cluster': true,
};

const persistency: Readonly<Record<string, boolean>> = {
  none: false,
  'load-from-sql': true,
  'sync-from-cluster': true,
};

/** Null without a name. */
function looked(table: Readonly<Record<string, boolean>>, parameter: string, name: string | null) {
  if (name === null) return null;
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found === undefined)
    throw new InvalidUse(`unknown ${parameter} "${name}"`, `use one of ${Object.keys(table).join(', ')}`);
  return found;
}

/** Whether the modes of OpenSIPS keep contacts over a restart; true if the script sets none of them. */
export function keepsContacts({ working_mode_preset, restart_persistency, db_mode }: Values): boolean {
  return (
    looked(presets, 'working_mode_preset', working_mode_preset) ??
    looked(persistency, 'restart_persistency', restart_persistency) ??
    db_mode !== 0
  );
}
