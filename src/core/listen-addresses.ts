/** The sockets to open, from the `socket` lines of a script. Source: the manual's Script-CoreParameters, `socket`. */

import { isIPv6 } from 'node:net';
import {
  type ListenAddress,
  type Module,
  protoTlsParameters,
  webSocketRules,
  wsParameters,
  wssParameters,
} from '../runtime/index.ts';
import type {
  Diagnostic,
  ParameterValues,
  RowValues,
  SettingNode,
  SocketOptionNode,
  TableValues,
} from '../script/index.ts';
import {
  type Advertised,
  bareHost,
  canListen,
  DEFAULT_PROTOCOL,
  defaultPort,
  isProtocol,
  type Protocol,
  parseHostPort,
  proxyNetworks,
  spokenTransports,
  TRANSPORTS,
  type WebSocketRules,
} from '../sip/index.ts';
import type { settingSpecs } from './settings.ts';

type GlobalSettings = RowValues<typeof settingSpecs>;

const socketSyntax =
  /^(?:([a-z][a-z0-9_]*):)?(\*|\[[0-9a-f:.%]+\]|[a-z0-9_.-]+)(?::(\*|\d{1,5})?(?:-\d+)?)?$/i;

/** What transport modules say about sockets. */
export interface TransportSettings {
  /** The ports of sockets that name none, if it is not the transport's default. */
  readonly ports: Partial<Record<Protocol, number>>;
  /** Whether the script has certificates for TLS sockets. */
  readonly hasServerDomain: boolean;
  /** What WebSockets ask of handshakes. */
  readonly webSocket: Partial<Record<Protocol, WebSocketRules>>;
}

/** The settings in the parameters of these loaded modules. */
export function transportSettings(
  values: TableValues,
  modules: readonly Pick<Module, 'name' | 'parameters'>[],
): TransportSettings {
  const tls = modules.find(({ name }) => name === 'tls_mgm')?.parameters ?? [];
  const { server_domain: domains }: ParameterValues = values.get(tls);
  const ws = values.get(wsParameters);
  const wss = values.get(wssParameters);
  return {
    ports: { tls: values.get(protoTlsParameters).tls_port, ws: ws.ws_port, wss: wss.wss_port },
    hasServerDomain: Array.isArray(domains) && domains.length > 0,
    webSocket: { ws: webSocketRules(ws, ws.ws_resource), wss: webSocketRules(wss, wss.wss_resource) },
  };
}

/** Whether `port` applies to sockets of the transport. */
const isOlder = (protocol: Protocol): boolean => protocol === 'udp' || protocol === 'tcp';

/**
 * The sockets that siprest can open. Other kinds are reported: as errors, or with `allowMissing` as warnings. Without any `socket`
 * line, siprest listens on all addresses at port 5060, as OpenSIPS does; if it can open none of the listed sockets, the
 * script has an error.
 */
export function listenAddresses(
  nodes: readonly SettingNode[],
  settings: GlobalSettings,
  { ports, hasServerDomain, webSocket }: TransportSettings,
  allowMissing = false,
): { sockets: ListenAddress[]; diagnostics: Diagnostic[] } {
  const sockets: ListenAddress[] = [];
  const diagnostics: Diagnostic[] = [];
  let isValid = true;
  const usual = globalAdvertised(settings);
  const usualPort = (protocol: Protocol) =>
    (isOlder(protocol) ? settings.port : null) ?? ports[protocol] ?? defaultPort(protocol);
  const inert = (span: Diagnostic['span'], message: string): void => {
    diagnostics.push({ code: 'inert', severity: 'warning', span, message });
  };
  for (const { value, options } of nodes) {
    const match = socketSyntax.exec(bracketed(String(value.value)));
    if (match === null) {
      isValid = false; // already reported by the checker
      continue;
    }
    const [text, protocol = DEFAULT_PROTOCOL, host = '*', port = '*'] = match;
    const transport = protocol.toLowerCase();
    if (transport === 'bond') {
      inert(value.span, `${text} has no effect: siprest sends each request from one socket, $socket_out`);
      continue;
    }
    if (transport === 'hep_udp' || transport === 'hep_tcp') {
      inert(value.span, `${text} is not opened: siprest sends HEP and does not receive it`);
      continue;
    }
    if (!isProtocol(transport) || !canListen(transport)) {
      diagnostics.push({
        code: 'not-available',
        severity: allowMissing ? 'warning' : 'error',
        span: value.span,
        message: `siprest cannot open ${text}: it listens on ${spokenTransports}`,
        absent: { kind: 'socket', name: text, module: 'core' },
      });
      continue;
    }
    if (transport === 'tcp' && settings.disable_tcp) {
      inert(value.span, `${text} is not opened because of disable_tcp`);
      continue;
    }
    if (TRANSPORTS[transport].secure && settings.disable_tls) {
      inert(value.span, `${text} is not opened because of disable_tls`);
      continue;
    }
    if (TRANSPORTS[transport].secure && !hasServerDomain) {
      if (!allowMissing) isValid = false;
      diagnostics.push({
        code: 'module-not-loaded',
        severity: allowMissing ? 'warning' : 'error',
        span: value.span,
        message: `${text} is not opened without a certificate: the script defines no server_domain of tls_mgm`,
        help: 'add loadmodule "tls_mgm.so" and modparam("tls_mgm", "server_domain", "NAME"), with its certificate and private_key',
      });
      continue;
    }
    if (port !== '*' && Number(port) > 65_535) {
      isValid = false;
      diagnostics.push({
        code: 'setting-value',
        severity: 'error',
        span: value.span,
        message: `invalid port ${port}`,
        help: 'use a port from 0 to 65535; 0 selects any free port',
      });
      continue;
    }
    let advertised: Advertised | null = null;
    let tag: string | null = null;
    let proxies: ListenAddress['proxies'] = null;
    for (const option of options) {
      const { name, span } = option;
      if (name.text === 'as') {
        advertised = advertisedBy(option);
        if (advertised === null)
          diagnostics.push({
            code: 'setting-value',
            severity: 'error',
            span,
            message: '`as` needs the advertised host',
            help: 'use as HOST or as HOST:PORT',
          });
      } else if (name.text === 'tag') tag = option.value?.text ?? null;
      else if (acceptsProxies.has(name.text) && TRANSPORTS[transport].reliable) {
        const found = proxiesOf(settings);
        if ('help' in found) diagnostics.push({ code: 'setting-value', severity: 'error', span, ...found });
        else ({ proxies } = found);
      } else
        inert(
          span,
          `${name.text} has no effect: ${inertOptions[name.text] ?? 'siprest does not support this option yet'}`,
        );
    }
    sockets.push({
      transport,
      host,
      port: port === '*' ? usualPort(transport) : Number(port),
      advertised: advertised ?? usual,
      tag,
      webSocket: webSocket[transport],
      proxies,
    });
  }
  const [first] = nodes;
  if (first !== undefined && sockets.length === 0 && isValid)
    diagnostics.push({
      code: 'no-socket',
      severity: 'error',
      span: first.value.span,
      message: 'siprest cannot open any of the sockets in the script',
      help: 'add a socket that it can open, for example: socket = udp:127.0.0.1:5060',
    });
  const usualSocket: ListenAddress = {
    transport: DEFAULT_PROTOCOL,
    host: '*',
    port: usualPort(DEFAULT_PROTOCOL),
    advertised: usual,
  };
  return { sockets: nodes.length === 0 ? [usualSocket] : sockets, diagnostics };
}

/** `udp:HOST:PORT` or `udp:HOST:PORT as HOST:PORT`; null if it is invalid or of a transport without sockets. */
export function listenAddress(text: string): ListenAddress | null {
  const [, socket = '', as] = /^\s*(\S+)(?:\s+as\s+(\S+))?\s*$/.exec(text) ?? [];
  const match = socketSyntax.exec(bracketed(socket));
  if (match === null) return null;
  const [, protocol = DEFAULT_PROTOCOL, host = '*', port = '*'] = match;
  const transport = protocol.toLowerCase();
  if (!isProtocol(transport) || !canListen(transport) || (port !== '*' && Number(port) > 65_535)) return null;
  const known = as === undefined ? null : parseHostPort(as);
  if (as !== undefined && known === null) return null;
  return {
    transport,
    host,
    port: port === '*' ? defaultPort(transport) : Number(port),
    advertised: known === null ? null : advertisedAs(known.host, known.port),
  };
}

/**
 * Adds the brackets to an IPv6 address: `udp:2001:db8::1` becomes `udp:[2001:db8::1]`. A last group that makes the text
 * too long for an address is the port.
 */
function bracketed(text: string): string {
  const [, protocol = '', rest = ''] = /^([a-z][a-z0-9_]*:(?=.*:.*:))?([0-9a-f:.]*)$/i.exec(text) ?? [];
  if (isIPv6(rest)) return `${protocol}[${rest}]`;
  const [, address = '', port = ''] = /^(.*)(:\d{1,5})$/.exec(rest) ?? [];
  return isIPv6(address) ? `${protocol}[${address}]${port}` : text;
}

const acceptsProxies: ReadonlySet<string> = new Set(['allow_proxy_protocol', 'proxy_protocol']);

/** The proxies whose PROXY headers are believed, or what is wrong. */
function proxiesOf({
  proxy_protocol_from: from,
}: GlobalSettings):
  | Required<Pick<ListenAddress, 'proxies'>>
  | { readonly message: string; readonly help: string } {
  const help = 'list each proxy or network: proxy_protocol_from = "192.0.2.10"';
  if (from.length === 0) return { message: 'allow_proxy_protocol needs the addresses of the proxies', help };
  const proxies = proxyNetworks(from.map(String));
  return 'invalid' in proxies
    ? { message: `invalid address "${proxies.invalid}" in proxy_protocol_from`, help }
    : { proxies };
}

/** Why an option has no effect. */
const inertOptions: Readonly<Record<string, string>> = {
  use_workers: 'all sockets share the same workers; see udp_workers',
  allow_proxy_protocol: 'PROXY headers are read from connections, not from datagrams',
  proxy_protocol: 'PROXY headers are read from connections, not from datagrams',
  send_proxy_protocol: 'siprest sends no PROXY headers',
};

function advertisedBy({ value }: SocketOptionNode): Advertised | null {
  const parsed = value === null ? null : parseHostPort(value.text);
  return parsed === null ? null : advertisedAs(parsed.host, parsed.port);
}

function globalAdvertised(settings: GlobalSettings): Advertised | null {
  const { advertised_address: address, advertised_port: port } = settings;
  return address ? advertisedAs(address, port) : null;
}

const advertisedAs = (host: string, port: number | null): Advertised => ({
  host: bareHost(host),
  ...(port === null ? {} : { port }),
});
