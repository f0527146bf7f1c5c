/**
 * Names that siprest accepts but OpenSIPS 4.0 rejects, with replacements that both accept: siprest's extensions, and
 * names from earlier or later versions. Global parameters are listed as `name=`, modules as `module.so`, their
 * parameters as `module:name`, functions that cannot be called by async() as `async(name)`.
 */
import type { Module } from '../runtime/index.ts';

const ownSetting = 'only siprest has it: keep it in a file that OpenSIPS does not load';
const gone = 'remove it';
const ofTheProtocol = 'use the parameter of the module proto_tcp instead';
const ofTheService =
  'set it in the service manager that starts OpenSIPS, or on the command line of opensips (-u, -g, -F)';
const asBranch = 'use the function of the same name with msg_branch in it, such as append_msg_branch()';

export const notPortable: Readonly<Record<string, string>> = {
  // older spellings
  'debug=': 'use log_level instead',
  'xlog_default_level=': 'use xlog_level instead',
  'log_stderror=': 'use stderror_enabled instead',
  'log_facility=': 'use syslog_facility instead',
  'log_name=': 'use syslog_name instead',
  'listen=': 'use socket instead',
  'port=': 'write the port in each socket, for example socket=udp:127.0.0.1:5060',
  'children=': 'use udp_workers instead',
  'tcp_children=': 'use tcp_workers instead',
  'fork=': gone,
  'daemon_mode=': ofTheService,
  'disable_tcp=': 'remove it: only the sockets set by socket= use TCP',
  'disable_tls=': gone,
  'reply_to_via=': gone,
  'bin_listen=': 'use socket=bin:... instead',
  'bin_children=': gone,
  'pi_framework=': gone,
  'worker_reactor_timeout=': gone,
  'mem_group=': 'use mem-group instead',
  'restart_persistency_filename=': 'use restart_persistency_cache_file instead',
  'udp_auto_scaling_profile=': 'use udp_workers = N use_auto_scaling_profile NAME instead',
  'tcp_auto_scaling_profile=': 'use tcp_workers = N use_auto_scaling_profile NAME instead',
  'timer_auto_scaling_profile=': 'use timer_workers = N use_auto_scaling_profile NAME instead',
  'tcp_poll_method=': gone,
  'tcp_parallel_read_on_workers=': gone,
  'tcp_async_local_connect_timeout=': gone,
  'tcp_listen_backlog=': 'use tcp_socket_backlog instead',
  ...each(
    ofTheProtocol,
    ...['tcp_send_timeout=', 'tcp_async=', 'tcp_max_msg_chunks='],
    ...['tcp_async_local_write_timeout=', 'tcp_async_max_postponed_chunks='],
  ),
  ...each(ofTheService, 'user=', 'uid=', 'group=', 'gid='),
  'tm:fr_timer': 'use fr_timeout instead',
  'tm:fr_inv_timer': 'use fr_inv_timeout instead',
  'tls_mgm:cipher_list_col': 'use ciphers_list_col instead',
  // siprest's own
  'rest_policy.so': ownSetting,
  'rest_queue.so': ownSetting,
  'acc:rest_url': ownSetting,
  'acc_rest_request()': ownSetting,
  'rest_client:use_proxy': ownSetting,
  'permissions:address': ownSetting,
  'permissions:address_url': ownSetting,
  'permissions:address_ttl': ownSetting,
  'permissions:address_timeout': ownSetting,
  ...each(
    ownSetting,
    ...['alias_db', 'dialplan', 'drouting'].flatMap((name) => [`${name}:db_refresh`, `${name}:db_timeout`]),
  ),
  'usrloc:file': ownSetting,
  'auth:max_failures': ownSetting,
  'auth:failure_pause': ownSetting,
  'auth_db:credentials_url': ownSetting,
  'auth_db:credentials_ttl': ownSetting,
  'auth_db:credentials_timeout': ownSetting,
  ...each(
    ownSetting,
    'dispatcher:destination',
    'dispatcher:state_file',
    'dispatcher:db_refresh',
    'dispatcher:db_timeout',
    'load_balancer:destination',
    'load_balancer:db_refresh',
    'load_balancer:db_timeout',
  ),
  ...each(gone, 'dispatcher:flags', 'dispatcher:use_default', 'dispatcher:force_dst'),
  'domain:domain': ownSetting,
  'domain:domains_url': ownSetting,
  'domain:domains_ttl': ownSetting,
  'domain:domains_timeout': ownSetting,
  'usrloc:file_sync': ownSetting,
  'uac_registrant:registrant': ownSetting,
  'proto_hep:hep_auth_key': ownSetting,
  'tls_mgm:verify_domain': ownSetting,
  'proto_ws:allowed_origin': ownSetting,
  'proto_wss:allowed_origin': ownSetting,
  'proxy_protocol_from=': ownSetting,
  'script_time_limit=': ownSetting,
  'dns_blacklist_time=': ownSetting,
  'dns_blacklist_probe=': ownSetting,
  'tm:failover_timeout': ownSetting,
  'store=': ownSetting,
  ...each(
    'call it without async() or launch(), which only siprest has for it',
    ...['store', 'fetch', 'remove', 'add', 'sub', 'counter_fetch', 'raw_query'].map(
      (name) => `async(cache_${name})`,
    ),
  ),
  // names of other versions
  ...each(asBranch, 'append_branch()', 'remove_branch()', 'move_branch()', 'swap_branches()'),
  'next_routing()': 'use use_next_gw() instead',
  'fetch_event_params()': 'use $param(name) instead',
  $fs: 'use $socket_out instead',
  $Ri: 'use $socket_in(ip) instead',
  $Rp: 'use $socket_in(port) instead',
  $pr: 'use $socket_in(proto) instead',
  $proto: 'use $socket_in(proto) instead',
  $af: 'use $socket_in(af) instead',
  $rT: 'it is not in OpenSIPS 4.0',
  '$challenge.algorithm': 'it is not in OpenSIPS 4.0',
  '{ip.resolve4}': 'use {ip.resolve} instead',
  '{ip.resolve6}': 'use {ip.resolve} instead',
};

function each(help: string, ...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, help]));
}

/** All names in modules that only siprest has: `f()`, `$v`, `{t}`, `event_route[E_X]`. */
export function namesOfOwnModules(modules: readonly Module[]): Readonly<Record<string, string>> {
  const own = modules.filter(({ name }) => Object.hasOwn(notPortable, `${name}.so`));
  return each(
    ownSetting,
    ...own.flatMap(({ functions = [], variables = [], transformations = [], events = [] }) => [
      ...functions.map(({ name }) => `${name}()`),
      ...variables.map(({ name }) => `$${name}`),
      ...transformations.map(({ name }) => `{${name}}`),
      ...events.map(({ name }) => `event_route[${name}]`),
    ]),
  );
}
