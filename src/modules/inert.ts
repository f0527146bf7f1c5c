/** Modules that scripts load and that have nothing to do here: accepted, with a word on what siprest has instead. */
import type { Module } from '../runtime/module.ts';

const udp = 'UDP is part of siprest';
const tcp = 'TCP is part of siprest';
const noSuchSocket = 'siprest listens on UDP and TCP alone so far';
const noCluster = 'siprest instances do not talk to each other';
const management = 'siprest status and siprest reload manage a running server';

const reasons: Readonly<Record<string, string>> = {
  proto_udp: udp,
  proto_tcp: tcp,
  proto_tls: noSuchSocket,
  proto_ws: noSuchSocket,
  proto_wss: noSuchSocket,
  proto_sctp: noSuchSocket,
  proto_ipsec: noSuchSocket,
  proto_bin: noCluster,
  proto_bins: noCluster,
  event_route: 'an event runs its event_route without it',
  tcp_mgm: 'the tcp_ parameters hold for all connections',
  mi_fifo: management,
  mi_datagram: management,
  mi_http: management,
  mi_html: management,
  mi_xmlrpc: management,
  mi_xmlrpc_ng: management,
  mi_json: management,
  pi_http: management,
  httpd: management,
  snmpstats: 'siprest has no SNMP agent',
  dns_cache: 'siprest keeps what it has looked up by itself',
  tls_openssl: "TLS is Node's own",
  tls_wolfssl: "TLS is Node's own",
};

export const inertModules: readonly Module[] = Object.entries(reasons).map(([name, inert]) => ({
  name,
  inert,
  summary: `Accepted without effect: ${inert}.`,
}));
