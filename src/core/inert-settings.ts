/** Global parameters that are accepted without effect, each with the reason. */
import type { SettingSpec } from '../script/index.ts';

const beforeStart = 'the service manager (systemd, a container) sets it before siprest starts';
const neverBlocks = 'connecting and sending never block, so they need no time limit';
const noScaling = 'the number of script workers does not change while siprest runs';
const oneHeap = 'V8 manages memory: there are no pools to configure';
const noDump = 'V8 manages memory; use node --heapsnapshot-signal to inspect it';
const noMemoryEvent =
  'siprest raises no event when memory runs low: at its limits it answers 503 and counts those replies';
const notKept = 'no memory survives a restart';
const noFixedBuffer = 'strings have no fixed-size buffer';
const noCluster = 'siprest instances do not form a cluster';
const noMulticast = 'siprest joins no multicast groups';
const noDatabase = 'siprest has no database modules';
const noLogEvent = 'siprest raises no event for log lines';
const keptAlive = 'the system chooses how often it asks a silent peer, 10 times a second apart';
const reused =
  'a reply leaves by the connection of its request; only if that is closed, a new one to the port of the Via is opened';

const reasons: Readonly<Record<string, string>> = {
  ...each(beforeStart, 'chroot', 'wdir', 'user', 'uid', 'group', 'gid'),
  disable_core_dump: 'the service manager limits core files (LimitCORE= in systemd, ulimit -c)',
  open_files_limit: 'the service manager limits open files (LimitNOFILE= in systemd, ulimit -n)',
  debug_mode:
    'siprest always runs in the foreground, with one process by default; for the same logs, set log_level=4',
  log_stdout: 'the log goes to stderr or syslog',
  ...each(noFixedBuffer, 'pv_print_buf_size'),
  ...each('log lines have no fixed-size buffer', 'xlog_buf_size', 'log_msg_buf_size', 'log_json_buf_size'),

  tcp_no_new_conn_rplflag: reused,
  ...each(keptAlive, 'tcp_keepcount', 'tcp_keepinterval'),
  ...each(
    'each socket queues up to 1,024 connections that wait to be accepted',
    'tcp_socket_backlog',
    'tcp_listen_backlog',
  ),
  tcp_threshold: 'siprest does not log slow TCP operations: none of them blocks a worker',
  tcp_parallel_read_on_workers: 'reading from a connection does not occupy a worker',
  tcp_max_msg_chunks: 'a message may arrive in any number of chunks within tcp_max_msg_time',
  ...each('Node.js chooses the polling method (epoll on Linux)', 'tcp_poll_method', 'poll_method'),
  ...each(
    neverBlocks,
    ...['tcp_send_timeout', 'tcp_async', 'tcp_async_local_connect_timeout', 'tcp_async_local_write_timeout'],
    'tcp_async_max_postponed_chunks',
  ),

  ...each('siprest does no reverse DNS lookups of senders', 'dns', 'rev_dns'),
  dns_servers_no: 'siprest queries all name servers in /etc/resolv.conf in turn',
  dns_try_ipv6: 'siprest looks up both address families and uses those for which it has a socket',
  check_via: 'siprest always checks the top Via of a reply against its sockets',
  sip_warning: 'siprest adds no Warning header to its replies',
  auto_aliases: 'siprest does not look up the names of its addresses: set them with alias=',
  reply_to_via: 'replies are routed as RFC 3261, 18.2.2 and RFC 3581 require',
  ...each(noCluster, 'bin_listen', 'bin_children'),
  tos: 'siprest does not set the type of service of its packets',
  ...each(noMulticast, 'mcast_loopback', 'mcast_ttl'),

  timer_workers: 'timers do not occupy workers',
  ...each(
    noScaling,
    ...['auto_scaling_cycle', 'auto_scaling_profile', 'udp_auto_scaling_profile'],
    ...['tcp_auto_scaling_profile', 'timer_auto_scaling_profile'],
  ),
  worker_reactor_timeout: 'workers wait for events without a time limit',
  exec_dns_threshold: 'siprest does not log slow lookups: none of them delays another message',
  exec_msg_threshold: 'siprest does not log slow messages',
  maxbuffer: 'each UDP socket requests a receive buffer of 4 MiB',
  pi_framework: 'siprest has no provisioning web interface',

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
    inert: 'a single message must not stop the server',
  },
  {
    name: 'fork',
    type: 'boolean',
    default: true,
    summary: 'Whether to start worker processes.',
    inert: 'use siprest run --processes to set the number of processes',
  },
  {
    name: 'daemon_mode',
    type: 'boolean',
    default: false,
    summary: 'Whether to run in the background.',
    inert:
      'siprest stays in the foreground: use a service manager (systemd, a container) to run it in the background',
  },
  {
    name: 'tcp_children',
    type: 'int',
    default: null,
    summary: 'TCP workers.',
    aliases: ['tcp_workers', 'tcp_threads'],
    inert: 'all sockets share the same workers; see udp_workers',
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
