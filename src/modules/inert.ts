/** Modules that scripts load and that have nothing to do here: accepted, with a word on what siprest has instead. */
import type { Module } from '../runtime/index.ts';
import { canListen, PROTOCOLS, TRANSPORTS } from '../sip/index.ts';

const noSuchSocket = (protocol: string) => `siprest has no ${protocol} sockets so far`;
const noCluster = 'siprest instances do not talk to each other';
const management = (how: string) =>
  `siprest status and siprest reload manage a running server, instead of ${how}`;
const noPages = 'siprest serves no HTTP itself';

const transportModules = PROTOCOLS.map((name) => {
  const { label } = TRANSPORTS[name];
  return [`proto_${name}`, canListen(name) ? `${label} is part of siprest` : noSuchSocket(label)];
});

const reasons: Readonly<Record<string, string>> = {
  ...Object.fromEntries(transportModules),
  proto_sctp: noSuchSocket('SCTP'),
  proto_ipsec: noSuchSocket('IPsec'),
  proto_bin: noCluster,
  proto_bins: noCluster,
  event_route: 'an event runs its event_route without it',
  tcp_mgm: 'the tcp_ parameters hold for all connections, not for those of one network',
  mi_fifo: management('a FIFO'),
  mi_datagram: management('datagrams'),
  mi_http: management('HTTP'),
  mi_html: management('a web page'),
  mi_xmlrpc: management('XML-RPC'),
  mi_xmlrpc_ng: management('XML-RPC'),
  mi_json: management('HTTP'),
  pi_http: 'siprest has no web page for provisioning',
  httpd: noPages,
  snmpstats: 'siprest has no SNMP agent: siprest status --json has its figures',
  dns_cache: 'answers of name servers are kept in memory for as long as they are valid',
  tls_openssl: 'Node.js has OpenSSL built in',
  tls_wolfssl: 'Node.js has OpenSSL built in, and takes no other TLS library',
};

export const inertModules: readonly Module[] = Object.entries(reasons).map(([name, inert]) => ({
  name,
  inert,
  summary: `Accepted without effect: ${inert}.`,
}));
