/** The parameters of dialogs, which policies have at their defaults. Source: modules/dialog of the manual. */
import { type Routing, StateKey } from '../runtime/index.ts';
import { defineParameter, defineParameters } from '../script/index.ts';

const noDatabase = 'siprest needs no database: see the parameter file';
const noCluster = 'siprest instances do not form a cluster';

const without = (inert: string, type: 'int' | 'string', ...names: readonly string[]) =>
  names.map((name) =>
    defineParameter({ name, type, default: null, summary: 'Accepted without effect.', inert }),
  );

/** The longest a dialog may be told to last, in seconds. */
export const longestLifetime = 2_000_000_000;

const seconds = <const Name extends string, const Default extends number>(
  name: Name,
  standard: Default,
  minimum: number,
  summary: string,
) =>
  defineParameter({
    name,
    type: 'int',
    default: standard,
    minimum,
    maximum: longestLifetime,
    unit: 's',
    summary,
  });

const profiles = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({ name, type: 'string', default: '', summary });

export const dialogParameters = defineParameters([
  {
    name: 'rr_param',
    type: 'string',
    default: 'did',
    summary: 'The parameter of Record-Route that later requests of the dialog bring back.',
  },
  {
    name: 'dlg_match_mode',
    type: 'int',
    default: 1,
    minimum: 0,
    maximum: 2,
    summary:
      'How requests find their dialog: 0 by the parameter alone, 1 by it or else by Call-ID and tags, 2 by those alone.',
  },
  seconds('default_timeout', 43_200, 1, 'How long an answered call may last.'),
  seconds('delete_delay', 0, 0, 'How long an ended dialog still takes late requests.'),
  seconds('options_ping_interval', 30, 1, 'How often the sides are asked by OPTIONS.'),
  seconds('reinvite_ping_interval', 300, 1, 'How often the sides are asked by re-INVITE.'),
  seconds(
    'race_condition_timeout',
    5,
    0,
    'How long a call goes on that was answered although it was ended, with the flag end-on-race-condition.',
  ),
  seconds('auto_prack_fr_timeout', 3, 1, 'How long a PRACK of the flag auto-prack may stay unanswered.'),
  {
    name: 'auto_prack_hangup_on_failure',
    type: 'boolean',
    default: false,
    summary: 'Whether a PRACK of the flag auto-prack that fails ends the call with 502.',
  },
  {
    name: 'dlg_extra_hdrs',
    type: 'string',
    default: '',
    summary: 'Header lines of the requests that siprest sends within dialogs, each with `\\r\\n`.',
  },
  profiles(
    'profiles_with_value',
    'Names of profiles with values, separated by `;`; one with the suffix `/s` or `/b` is counted over all servers that share a store.',
  ),
  profiles('profiles_no_value', 'Names of profiles without values.'),
  defineParameter({
    name: 'file',
    type: 'string',
    default: null,
    summary:
      'The file that keeps answered calls over a restart, from the folder of the script; empty: none. Default, if db_mode is above 0: `dialogs` in the folder of the service, $STATE_DIRECTORY; otherwise the script’s own name with `.dialogs`.',
  }),
  defineParameter({
    name: 'db_mode',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 3,
    summary: 'Whether answered calls are kept over a restart, in the file: 0 no, others yes.',
  }),
  defineParameter({
    name: 'enable_stats',
    type: 'boolean',
    default: true,
    summary: 'Accepted without effect.',
    inert: 'dialogs are always counted',
  }),
  ...without(noDatabase, 'int', 'hash_size', 'log_profile_hash_size', 'db_update_period'),
  ...without(noDatabase, 'int', 'db_flush_vals_profiles', 'timer_bulk_del_no'),
  ...without(noDatabase, 'string', 'db_url', 'table_name', 'call_id_column', 'from_uri_column'),
  ...without(noDatabase, 'string', 'from_tag_column', 'to_uri_column', 'to_tag_column', 'from_cseq_column'),
  ...without(noDatabase, 'string', 'to_cseq_column', 'from_route_column', 'to_route_column'),
  ...without(noDatabase, 'string', 'from_contact_column', 'to_contact_column', 'from_sock_column'),
  ...without(noDatabase, 'string', 'to_sock_column', 'dlg_id_column', 'state_column', 'start_time_column'),
  ...without(noDatabase, 'string', 'timeout_column', 'profiles_column', 'vars_column', 'sflags_column'),
  ...without(noDatabase, 'string', 'mflags_column', 'flags_column'),
  ...without(noCluster, 'string', 'cachedb_url', 'profile_value_prefix', 'profile_no_value_prefix'),
  ...without(noCluster, 'string', 'profile_size_prefix'),
  ...without(noCluster, 'int', 'profile_timeout', 'dialog_replication_cluster'),
  ...without(noCluster, 'int', 'profile_replication_cluster', 'replicate_profiles_buffer'),
  ...without(noCluster, 'int', 'replicate_profiles_check', 'replicate_profiles_timer'),
  ...without(noCluster, 'int', 'replicate_profiles_expire', 'cluster_auto_sync'),
]);

const namesIn = (text: string): readonly string[] =>
  text
    .split(';')
    .map((name) => name.trim().replace(/\/[bs]$/, ''))
    .filter(Boolean);

export interface ProfileNames {
  readonly withValue: readonly string[];
  readonly withoutValue: readonly string[];
  /** Those that servers with a store in common count together. */
  readonly shared: ReadonlySet<string>;
}

/** The profiles that a policy declares. */
export const profileNames = new StateKey<Routing, ProfileNames>('profiles of dialogs', (routing) => {
  const { profiles_with_value, profiles_no_value } = routing.parameters(dialogParameters);
  const all = `${profiles_with_value};${profiles_no_value}`.split(';').map((name) => name.trim());
  return {
    withValue: namesIn(profiles_with_value),
    withoutValue: namesIn(profiles_no_value),
    shared: new Set(namesIn(all.filter((name) => /\/[bs]$/.test(name)).join(';'))),
  };
});
