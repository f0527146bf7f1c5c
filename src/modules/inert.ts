/** OpenSIPS modules that siprest accepts without implementing them, each with its replacement or the reason. */
import type { Module } from '../runtime/index.ts';

const noSuchSocket = (protocol: string) => `siprest has no ${protocol} sockets yet`;
const noCluster = 'siprest instances do not form a cluster';
const management = (how: string) => `use siprest mi, mi_fifo or mi_http instead of ${how}`;
const noPages = 'siprest run --http ADDRESS:PORT opens the HTTP server';
const noEvents = 'use event_datagram, or rest_queue: subscribe_event(EVENT, "rest:URL")';
const noDatabase = (what: string) =>
  `siprest has no connection to ${what}; a REST service can answer what a table would`;

const reasons: Readonly<Record<string, string>> = {
  proto_udp: 'UDP is part of siprest',
  proto_tcp: 'TCP is part of siprest',
  proto_sctp: noSuchSocket('SCTP'),
  proto_ipsec: noSuchSocket('IPsec'),
  proto_bin: noCluster,
  proto_bins: noCluster,
  proto_msrp: noSuchSocket('MSRP'),
  proto_msrps: noSuchSocket('MSRPS'),
  proto_smpp: noSuchSocket('SMPP'),
  tcp_mgm: 'the tcp_* parameters apply to all connections, not per network',
  mi_html: management('a web page'),
  mi_xmlrpc: management('XML-RPC'),
  mi_xmlrpc_ng: management('XML-RPC'),
  mi_json: 'use mi_http instead of its older form',
  db_berkeley: noDatabase('Berkeley DB'),
  db_cachedb: noDatabase('a key-value store'),
  db_flatstore: 'siprest writes no records to files',
  db_http: noDatabase('a database over HTTP'),
  db_mysql: noDatabase('MySQL'),
  db_oracle: noDatabase('Oracle'),
  db_perlvdb: noDatabase('a database in Perl'),
  db_postgres: noDatabase('PostgreSQL'),
  db_sqlite: noDatabase('SQLite'),
  db_unixodbc: noDatabase('ODBC'),
  db_virtual: noDatabase('several databases'),
  event_flatstore: noEvents,
  event_jsonrpc: noEvents,
  event_kafka: noEvents,
  event_rabbitmq: noEvents,
  event_sqs: noEvents,
  event_stream: noEvents,
  event_virtual: noEvents,
  event_xmlrpc: noEvents,
  pi_http: 'siprest has no provisioning web interface',
  httpd: noPages,
  snmpstats: 'siprest has no SNMP agent; use siprest status --json for its metrics',
  dns_cache: 'siprest caches DNS answers in memory until they expire',
  tls_openssl: 'Node.js has OpenSSL built in',
  tls_wolfssl: 'Node.js has OpenSSL built in and supports no other TLS library',
};

export const inertModules: readonly Module[] = Object.entries(reasons).map(([name, inert]) => ({
  name,
  inert,
  summary: `Accepted without effect: ${inert}.`,
}));
