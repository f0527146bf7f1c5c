/**
 * The parameters of the modules proto_ws and proto_wss, which describe the handshakes of their sockets. They are here
 * because sockets are opened before modules start. Source: modules/proto_ws and modules/proto_wss of the manual.
 */
import { defineParameter, defineParameters } from '../script/index.ts';
import { defaultPort, type WebSocketRules } from '../sip/index.ts';

const neverBlocks = 'sending never blocks; a peer that does not read is closed at a queue of 1 MiB';
const anyChunks = 'a message may arrive in any number of pieces and fragments within tcp_max_msg_time';
const noEvents = 'siprest traces messages, not connections; see the module tracer';
const withConnecting = 'tcp_connect_timeout limits handshakes too, and no worker waits for them';

const port = <const Name extends string>(name: Name, standard: number) =>
  defineParameter({
    name,
    type: 'int',
    default: standard,
    minimum: 1,
    maximum: 65_535,
    summary: 'The port of sockets that name none. URIs without a port keep the default.',
  });

const resource = <const Name extends string>(name: Name) =>
  defineParameter({
    name,
    type: 'string',
    default: '/',
    summary: 'The path that siprest asks for when it opens a connection.',
  });

const inert = <const Name extends string>(name: Name, standard: number | string | null, why: string) =>
  defineParameter({
    name,
    type: typeof standard === 'number' ? 'int' : 'string',
    default: standard,
    summary: 'Accepted without effect.',
    inert: why,
  });

const ofHandshakes = [
  defineParameter({
    name: 'require_origin',
    type: 'boolean',
    default: true,
    summary: 'Whether a client has to send an Origin, as every browser does.',
  }),
  defineParameter({
    name: 'allowed_origin',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'An Origin from which clients may connect, such as `https://phone.example.com`; default: any. An extension of siprest.',
  }),
  inert('trace_destination', null, noEvents),
  inert('trace_on', 0, noEvents),
  inert('trace_filter_route', null, noEvents),
] as const;

export const wsParameters = defineParameters([
  port('ws_port', defaultPort('ws')),
  resource('ws_resource'),
  ...ofHandshakes,
  inert('ws_send_timeout', 100, neverBlocks),
  inert('ws_max_msg_chunks', 4, anyChunks),
  inert('ws_handshake_timeout', 100, withConnecting),
]);

export const wssParameters = defineParameters([
  port('wss_port', defaultPort('wss')),
  resource('wss_resource'),
  ...ofHandshakes,
  inert('wss_send_timeout', 100, neverBlocks),
  inert('wss_max_msg_chunks', 4, anyChunks),
  inert('wss_handshake_timeout', 100, withConnecting),
  inert('wss_tls_handshake_timeout', 100, withConnecting),
  inert(
    'cert_check_on_conn_reusage',
    0,
    'a connection is used again only for the domain that its certificate is for',
  ),
]);

/** What both tables have in common. */
interface HandshakeValues {
  readonly require_origin: boolean;
  readonly allowed_origin: readonly string[];
}

export const webSocketRules = (
  { require_origin, allowed_origin }: HandshakeValues,
  path: string,
): WebSocketRules => ({
  requireOrigin: require_origin,
  origins: new Set(allowed_origin.map((origin) => origin.toLowerCase())),
  resource: path,
});
