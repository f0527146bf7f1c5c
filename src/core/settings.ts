/**
 * The global parameters of a script. Source: the manual's Script-CoreParameters page, and older names that
 * scripts in the field still use. One without a meaning here is accepted and says why.
 */

import { facilityNames } from '../runtime/index.ts';
import { defineSettings } from '../script/index.ts';
import { DEFAULT_ASKING, DEFAULT_LIMITS, parseBlacklist } from '../sip/index.ts';
import { inertSettings } from './inert-settings.ts';

const logFormats = ['plain_text', 'json', 'json_cee'] as const;

export const settingSpecs = defineSettings([
  // --- what siprest does ---
  {
    name: 'log_level',
    type: 'int',
    default: 2,
    minimum: -3,
    maximum: 9,
    summary:
      'Which messages are logged: -3 alert, -2 critical, -1 error, 1 warning, 2 notice, 3 info, 4 debug; more is 4.',
    aliases: ['debug'],
  },
  {
    name: 'xlog_level',
    type: 'int',
    default: 2,
    minimum: -3,
    maximum: 4,
    summary: 'Which messages of xlog() are printed.',
  },
  {
    name: 'xlog_print_level',
    type: 'int',
    default: 2,
    minimum: -3,
    maximum: 4,
    summary: 'The level of an xlog() that names none.',
    aliases: ['xlog_default_level'],
  },
  {
    name: 'xlog_force_color',
    type: 'boolean',
    default: false,
    summary: 'Whether $C(xy) prints colours when stderr is not a terminal.',
  },
  { name: 'log_prefix', type: 'string', default: '', summary: 'Text before each log line.' },
  {
    name: 'stderror_enabled',
    type: 'boolean',
    default: true,
    summary: 'Whether logs are written to stderr.',
    aliases: ['log_stderror'],
  },
  {
    name: 'stderror_level_filter',
    type: 'int',
    default: null,
    minimum: -3,
    maximum: 9,
    summary: 'Which messages are written to stderr, among those that log_level and xlog_level allow.',
  },
  {
    name: 'stderror_log_format',
    type: 'string',
    values: logFormats,
    default: 'plain_text',
    summary: 'The form of lines on stderr; --log-format json makes all of them JSON.',
  },
  {
    name: 'syslog_enabled',
    type: 'boolean',
    default: false,
    summary: 'Whether logs go to syslog, through `logger` of the system.',
  },
  {
    name: 'syslog_facility',
    type: 'string',
    values: facilityNames,
    default: 'LOG_DAEMON',
    summary: 'The facility of syslog: LOG_DAEMON, LOG_LOCAL0 to LOG_LOCAL7, ...',
    aliases: ['log_facility'],
  },
  {
    name: 'syslog_name',
    type: 'string',
    default: 'siprest',
    summary: 'The program name in syslog.',
    aliases: ['log_name'],
  },
  {
    name: 'syslog_level_filter',
    type: 'int',
    default: null,
    minimum: -3,
    maximum: 9,
    summary: 'Which messages go to syslog, among those that log_level and xlog_level allow.',
  },
  {
    name: 'syslog_log_format',
    type: 'string',
    values: logFormats,
    default: 'plain_text',
    summary: 'The form of lines of syslog.',
  },
  {
    name: 'port',
    type: 'int',
    default: null,
    minimum: 1,
    maximum: 65_535,
    summary: 'The port of sockets that name none, in older scripts.',
  },
  {
    name: 'socket',
    type: 'socket',
    repeated: true,
    default: null,
    summary:
      'Where to listen: `udp:HOST:PORT`, with `tcp`, `tls`, `ws` or `wss` alike; `as HOST:PORT` is the advertised address.',
    aliases: ['listen'],
  },
  {
    name: 'udp_workers',
    type: 'int',
    default: 8,
    minimum: 1,
    maximum: 65_536,
    summary: 'The number of script workers; each handles one message at a time.',
    aliases: ['children'],
  },
  {
    name: 'alias',
    type: 'any',
    repeated: true,
    default: null,
    summary: 'A name by which the server is known, for is_myself().',
  },
  {
    name: 'mpath',
    type: 'string',
    repeated: true,
    default: '',
    summary: 'Where modules lie; they are part of siprest, so only the name of a module counts.',
  },
  {
    name: 'disable_503_translation',
    type: 'boolean',
    default: false,
    summary: 'Whether a 503 of a callee is forwarded as it is, instead of as 500 (RFC 3261, 16.7).',
  },
  {
    name: 'max_while_loops',
    type: 'int',
    default: 10_000,
    minimum: 1,
    summary: 'The maximum number of iterations of a while.',
  },
  {
    name: 'store',
    type: 'string',
    default: null,
    summary:
      'Redis, where several servers keep what they share: `redis://HOST:PORT`, as with `run --store`. Read at the start only.',
  },
  {
    name: 'script_time_limit',
    type: 'int',
    default: 1000,
    minimum: 0,
    maximum: 3_600_000,
    zero: Number.POSITIVE_INFINITY,
    summary:
      'How long a script may run for one message, in ms, not counting waits; then it is ended, and a request without a reply gets 500. An extension of siprest.',
  },
  { name: 'enable_asserts', type: 'boolean', default: false, summary: 'Whether assert() checks anything.' },
  {
    name: 'server_header',
    type: 'string',
    default: null,
    summary: 'The Server header of replies, as a whole line.',
  },
  {
    name: 'user_agent_header',
    type: 'string',
    default: null,
    summary: 'The User-Agent header of requests that siprest generates, as a whole line.',
  },
  {
    name: 'server_signature',
    type: 'boolean',
    default: true,
    summary: 'Whether replies carry a Server header.',
  },

  {
    name: 'advertised_address',
    type: 'string',
    default: null,
    summary: 'The host of every Via and Record-Route of a socket without `as`.',
  },
  {
    name: 'advertised_port',
    type: 'int',
    default: null,
    minimum: 1,
    maximum: 65_535,
    summary: 'Its port.',
  },
  {
    name: 'disable_tcp',
    type: 'boolean',
    default: false,
    summary: 'With `yes` the TCP sockets that the script names are not opened.',
  },
  {
    name: 'disable_tls',
    type: 'boolean',
    default: false,
    summary: 'With `yes` the TLS sockets that the script names are not opened.',
  },
  {
    name: 'tcp_accept_aliases',
    type: 'boolean',
    default: false,
    summary:
      'Whether `;alias` in a Via does what force_tcp_alias() does (RFC 5923). Only for neighbouring proxies: see there.',
  },
  {
    name: 'tcp_connect_timeout',
    type: 'int',
    default: DEFAULT_LIMITS.connectTimeout,
    minimum: 1,
    summary: 'How long connecting may take, in ms; no worker waits for it.',
  },
  {
    name: 'tcp_connection_lifetime',
    type: 'int',
    default: DEFAULT_LIMITS.idleTimeout / 1000,
    minimum: 0,
    maximum: 2_000_000,
    zero: 1,
    summary: 'How long a connection stays open without a byte in either direction, in s.',
  },
  {
    name: 'tcp_max_connections',
    type: 'int',
    default: DEFAULT_LIMITS.accepted,
    minimum: 1,
    summary:
      'How many connections others may open to all sockets of a process, over TCP, TLS and WebSocket together. One address may open a quarter of them, or all below 512.',
  },
  {
    name: 'tcp_keepalive',
    type: 'boolean',
    default: DEFAULT_LIMITS.keepAlive !== null,
    summary:
      'Whether the system asks the peer of a silent connection whether it still exists, so that half-open ones end.',
  },
  {
    name: 'tcp_keepidle',
    type: 'int',
    default: (DEFAULT_LIMITS.keepAlive ?? 0) / 1000,
    minimum: 1,
    maximum: 86_400,
    summary: 'After how long without a byte it asks, in s.',
  },
  {
    name: 'tcp_no_new_conn_bflag',
    type: 'string',
    default: null,
    summary:
      'The branch flag of branches that may use open connections only: without one the branch ends with 503.',
  },
  {
    name: 'proxy_protocol_from',
    type: 'string',
    repeated: true,
    default: null,
    summary:
      'An address or network of load balancers: their connections to sockets with `allow_proxy_protocol` begin with a PROXY header of version 2, and no others may. An extension of siprest.',
  },
  {
    name: 'tcp_max_msg_time',
    type: 'int',
    default: 4,
    minimum: 1,
    maximum: 86_400,
    summary: 'How long a message may take from its first byte to its last, in s.',
  },
  {
    name: 'dns_retr_time',
    type: 'int',
    default: DEFAULT_ASKING.timeout / 1000,
    minimum: 0,
    maximum: 60,
    zero: DEFAULT_ASKING.timeout / 1000,
    summary: 'The timeout of a DNS query before the next attempt, in s.',
  },
  {
    name: 'dns_retr_no',
    type: 'int',
    default: DEFAULT_ASKING.tries,
    minimum: 0,
    maximum: 10,
    zero: DEFAULT_ASKING.tries,
    summary:
      'The number of attempts of a DNS query. A lookup fails after dns_retr_time times dns_retr_no seconds.',
  },
  {
    name: 'disable_dns_failover',
    type: 'boolean',
    default: false,
    summary: 'Whether a request is tried only at the first address of its destination.',
  },
  {
    name: 'dns_try_naptr',
    type: 'boolean',
    default: DEFAULT_ASKING.pointers,
    summary:
      'Whether NAPTR records say by which transport a domain is reached, unless the URI or a socket chosen by the script does (RFC 3263, 4.1).',
  },
  {
    name: 'disable_dns_blacklist',
    type: 'boolean',
    default: null,
    summary:
      'What becomes of targets that failed. Default: other targets of a destination are tried first. `no`: they get no request either way, as the rules of the list `dns`. `yes`: nothing is remembered.',
  },
  {
    name: 'dst_blacklist',
    type: 'any',
    repeated: true,
    default: null,
    invalid: (text) => {
      const list = parseBlacklist(text);
      return 'invalid' in list ? list.invalid : null;
    },
    summary:
      'A list of destinations for `use_blacklist()`: `name[/flags][:rules]` with rules such as `{(tcp, 192.0.2.0/24, 5060, "INVITE*"), !(any, 198.51.100.7)}`, and the flags `default` (all requests use it), `expire` (rules may end) and `readonly`, which is the default.',
  },
  {
    name: 'dns_blacklist_time',
    type: 'int',
    default: 30,
    minimum: 1,
    maximum: 86_400,
    summary:
      'How long a target that failed is avoided, in s, unless the Retry-After of its 503 says otherwise; doubled with each further failure, up to 8 times. An extension of siprest.',
  },
  {
    name: 'dns_blacklist_probe',
    type: 'boolean',
    default: false,
    summary:
      'Whether OPTIONS requests try avoided targets; else one request does when the time is over. An extension of siprest.',
  },
  {
    name: 'mhomed',
    type: 'boolean',
    default: false,
    summary:
      'Whether a request leaves by the socket on the address selected by the routing of the system, not by the socket that received it. force_send_socket() takes precedence.',
  },
  {
    name: 'dns_use_search_list',
    type: 'boolean',
    default: DEFAULT_ASKING.search,
    summary: 'Whether the search domains of /etc/resolv.conf apply.',
  },

  {
    name: 'disable_stateless_fwd',
    type: 'boolean',
    default: null,
    summary:
      'Whether replies that belong to no transaction are dropped. Default: dropped unless the script calls forward().',
  },
  ...inertSettings,
]);

/** Global parameters up to OpenSIPS 2.4 that have moved (Script-CoreParameters of 1.8 to 2.4). */
export const formerSettings: Readonly<Record<string, string>> = {
  tls_port_no: 'socket=tls:127.0.0.1:5061',
  ...ofTlsModule({
    tls_ca_list: 'ca_list',
    tls_certificate: 'certificate',
    tls_private_key: 'private_key',
    tls_ciphers_list: 'ciphers_list',
    tls_method: 'tls_method',
    tls_verify: 'verify_cert',
    tls_verify_client: 'verify_cert',
    tls_verify_server: 'verify_cert',
    tls_require_certificate: 'require_cert',
    tls_require_client_certificate: 'require_cert',
  }),
};

function ofTlsModule(names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(names).map(([name, now]) => [name, `modparam("tls_mgm", "${now}", "[domain]...")`]),
  );
}
