/** Modules that scripts load and that have nothing to do here: accepted, with a word on what siprest has instead. */
import type { Module } from '../runtime/module.ts';

const udp = 'UDP is part of siprest';
const noUdpYet = 'siprest listens on UDP alone so far';
const management = 'siprest is managed by signals and the command line';

const reasons: Readonly<Record<string, string>> = {
  proto_udp: udp,
  proto_tcp: noUdpYet,
  proto_tls: noUdpYet,
  proto_ws: noUdpYet,
  proto_wss: noUdpYet,
  mi_fifo: management,
  mi_datagram: management,
  mi_http: management,
  mi_html: management,
  httpd: management,
  tls_openssl: "TLS is Node's own",
  tls_wolfssl: "TLS is Node's own",
};

export const inertModules: readonly Module[] = Object.entries(reasons).map(([name, inert]) => ({
  name,
  inert,
  summary: `Accepted without effect: ${inert}.`,
}));
