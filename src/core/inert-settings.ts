/** Global parameters that are accepted without effect, by the reason why. */
import type { SettingSpec } from '../script/index.ts';

const beforeStart = 'the service manager (systemd, a container) sets it before siprest starts';
const noReset =
  'siprest does not keep a list of destinations to avoid: each request tries all addresses of its own';
const neverBlocks = 'connecting and sending never block here, so there is nothing to wait for';
const noScaling = 'the number of script workers does not change while siprest runs';
const oneHeap = 'V8 manages the memory: there are no pools to set up';
const noDump = 'V8 manages the memory; node --heapsnapshot-signal shows what is in it';
const noMemoryEvent =
  'siprest raises no event when memory runs low: at its bounds it answers 503, and counts that';
const notKept = 'nothing in memory outlives a restart';
const noFixedBuffer = 'texts here have no buffer of a fixed size';
const noCluster = 'siprest instances do not talk to each other';
const noMulticast = 'siprest joins no multicast groups';
const noDatabase = 'siprest has no database modules';
const noLogEvent = 'siprest raises no event for a line of the log';
const keptAlive = 'connections are kept alive by CRLF pings and ended by tcp_connection_lifetime';
const reused =
  'a request goes out by a connection that its peer has opened, if one is to that address and port';

const reasons: Readonly<Record<string, string>> = {
  ...each(beforeStart, 'chroot', 'wdir', 'user', 'uid', 'group', 'gid'),
  disable_core_dump: 'the service manager limits core files (LimitCORE= in systemd, ulimit -c)',
  open_files_limit: 'the service manager limits open files (LimitNOFILE= in systemd, ulimit -n)',
  debug_mode:
    'siprest stays in the foreground, with one process unless --processes says more; log_level=4 logs as much',
  log_stdout: 'the log goes to stderr or syslog',
  ...each(noFixedBuffer, 'pv_print_buf_size'),
  ...each(
    'lines of the log have no buffer of a fixed size',
    'xlog_buf_size',
    'log_msg_buf_size',
    'log_json_buf_size',
  ),

  ...each(reused, 'tcp_no_new_conn_bflag', 'tcp_no_new_conn_rplflag'),
  ...each(keptAlive, 'tcp_keepalive', 'tcp_keepcount', 'tcp_keepidle', 'tcp_keepinterval'),
  ...each(
    '1,024 connections may wait to be accepted by a socket',
    'tcp_socket_backlog',
    'tcp_listen_backlog',
  ),
  tcp_threshold: 'the time that an operation of TCP takes is not logged: none holds up anything else',
  tcp_parallel_read_on_workers: 'reading a connection does not occupy a worker',
  tcp_max_msg_chunks: 'a message may arrive in any number of pieces within tcp_max_msg_time',
  ...each('Node.js chooses how sockets are watched (epoll on Linux)', 'tcp_poll_method', 'poll_method'),
  ...each(
    neverBlocks,
    ...['tcp_send_timeout', 'tcp_async', 'tcp_async_local_connect_timeout', 'tcp_async_local_write_timeout'],
    'tcp_async_max_postponed_chunks',
  ),

  ...each(noReset, 'disable_dns_blacklist', 'dst_blacklist'),
  ...each('names of senders are not looked up', 'dns', 'rev_dns'),
  dns_servers_no: 'all name servers of /etc/resolv.conf are asked in turn',
  dns_try_ipv6: 'addresses of both families are looked up, and used where a socket is of that family',
  dns_try_naptr: 'NAPTR records are looked up as RFC 3263 says',
  check_via: 'the topmost Via of a reply is always compared with the sockets',
  sip_warning: 'siprest adds no Warning header to its replies',
  auto_aliases: 'siprest does not look up names of its own addresses: name them with alias=',
  reply_to_via: 'replies go where RFC 3261, 18.2.2 and RFC 3581 say',
  ...each(noCluster, 'bin_listen', 'bin_children'),
  tos: 'siprest sets no type of service in its packets',
  ...each(noMulticast, 'mcast_loopback', 'mcast_ttl'),

  timer_workers: 'timers do not occupy workers',
  ...each(
    noScaling,
    ...['auto_scaling_cycle', 'auto_scaling_profile', 'udp_auto_scaling_profile'],
    ...['tcp_auto_scaling_profile', 'timer_auto_scaling_profile'],
  ),
  worker_reactor_timeout: 'workers wait for events without a time limit',
  exec_dns_threshold: 'slow look-ups are not logged: none holds up another message',
  exec_msg_threshold: 'the time that a message takes is not logged',
  maxbuffer: 'a UDP socket asks the system for a receive buffer of 4 MiB',
  pi_framework: 'siprest has no web page for provisioning',

  ...each(
    oneHeap,
    'mem-group',
    'mem_group',
    'mem_warming',
    'mem_warming_percentage',
    'mem_warming_pattern_file',
  ),
  ...each(oneHeap, 'shm_hash_split_percentage', 'shm_secondary_hash_size', 'shm_memlog_size'),
  ...each(noDump, 'memdump', 'mem_dump', 'memlog', 'mem_log'),
  ...each(noMemoryEvent, 'event_pkg_threshold', 'event_shm_threshold'),
  ...each(
    notKept,
    'restart_persistency_cache_file',
    'restart_persistency_size',
    'restart_persistency_filename',
  ),
  ...each(noDatabase, 'db_version_table', 'db_default_url', 'db_max_async_connections'),
  ...each(noDatabase, 'query_buffer_size', 'query_flush_time'),
  ...each(noLogEvent, 'log_event_enabled', 'log_event_level_filter'),
};

export const inertSettings: readonly SettingSpec[] = [
  {
    name: 'abort_on_assert',
    type: 'boolean',
    default: false,
    summary: 'Whether a failed assert() ends the server.',
    inert: 'one message must not end the service for the others',
  },
  {
    name: 'fork',
    type: 'boolean',
    default: true,
    summary: 'Whether to start worker processes.',
    inert: 'siprest run --processes says how many processes serve',
  },
  {
    name: 'daemon_mode',
    type: 'boolean',
    default: false,
    summary: 'Whether to run in the background.',
    inert:
      'siprest stays in the foreground: a service manager (systemd, a container) keeps it in the background',
  },
  {
    name: 'disable_tls',
    type: 'boolean',
    default: true,
    summary: 'Whether TLS is off.',
    inert: 'siprest has no TLS sockets so far',
  },
  {
    name: 'tcp_children',
    type: 'int',
    default: null,
    summary: 'TCP workers.',
    aliases: ['tcp_workers', 'tcp_threads'],
    inert: 'all sockets share the workers, see udp_workers',
  },
  ...Object.entries(reasons).map(
    ([name, inert]): SettingSpec => ({
      name,
      type: 'any',
      default: null,
      repeated: true,
      summary: 'Accepted without effect.',
      inert,
    }),
  ),
];

function each(reason: string, ...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}
