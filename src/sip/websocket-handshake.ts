/** The handshake of a WebSocket connection that carries SIP (RFC 6455, 4; RFC 7118, 4). */
import { createHash, randomBytes } from 'node:crypto';
import type { HttpHead } from './http-head.ts';

/** What a socket asks of handshakes. */
export interface WebSocketRules {
  /** Whether a client has to send an Origin, as browsers do. */
  readonly requireOrigin: boolean;
  /** The accepted values of Origin, in lower case; empty: all. */
  readonly origins: ReadonlySet<string>;
  /** What a client asks for: the path of its request. */
  readonly resource: string;
}

export const DEFAULT_WEBSOCKET_RULES: WebSocketRules = {
  requireOrigin: true,
  origins: new Set(),
  resource: '/',
};

const SUBPROTOCOL = 'sip';
const VERSION = '13';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = /^[A-Za-z0-9+/]{22}==$/;

const acceptOf = (key: string): string =>
  createHash('sha1')
    .update(key + GUID)
    .digest('base64');

/** The answer to a handshake; `refusal` says why it is not accepted. */
export interface HandshakeAnswer {
  readonly text: string;
  readonly refusal: string | null;
}

const PHRASES = {
  400: 'Bad Request',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
} as const;

export function refuseHandshake(
  status: keyof typeof PHRASES,
  refusal: string,
  fields: readonly string[] = [],
): HandshakeAnswer {
  const body = `${refusal}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${PHRASES[status]}`,
    ...fields,
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return { text: `${lines.join('\r\n')}\r\n\r\n${body}`, refusal };
}

/** Answers a client (RFC 6455, 4.2). */
export function answerHandshake(head: HttpHead, { requireOrigin, origins }: WebSocketRules): HandshakeAnswer {
  const [method, , version] = head.startLine.split(' ');
  if (method !== 'GET') return refuseHandshake(405, 'only GET begins a WebSocket', ['Allow: GET']);
  if (version !== 'HTTP/1.1' || head.field('host') === null)
    return refuseHandshake(400, 'a WebSocket needs HTTP/1.1 and a Host');
  if (!head.lists('upgrade', 'websocket') || !head.lists('connection', 'upgrade'))
    return refuseHandshake(426, 'this port speaks SIP over WebSocket', ['Upgrade: websocket']);
  if (head.field('sec-websocket-version') !== VERSION)
    return refuseHandshake(426, `use version ${VERSION} of WebSocket`, [
      'Upgrade: websocket',
      `Sec-WebSocket-Version: ${VERSION}`,
    ]);
  const key = head.field('sec-websocket-key') ?? '';
  if (!KEY.test(key)) return refuseHandshake(400, 'the Sec-WebSocket-Key is missing or invalid');
  if (!head.lists('sec-websocket-protocol', SUBPROTOCOL))
    return refuseHandshake(400, `offer the subprotocol ${SUBPROTOCOL} (RFC 7118)`);
  const origin = head.field('origin');
  if (origin === null && (requireOrigin || origins.size > 0))
    return refuseHandshake(403, 'the Origin is missing');
  if (origin !== null && origins.size > 0 && !origins.has(origin.toLowerCase()))
    return refuseHandshake(403, 'this Origin is not allowed');
  const text = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
  ].join('\r\n');
  return { text: `${text}\r\n\r\n`, refusal: null };
}

/** The handshake of a client. */
export class ClientHandshake {
  readonly text: string;
  readonly #accept: string;

  /**
   * @param host of the server, with its port
   * @param origin as a browser would send it
   */
  constructor(host: string, origin: string, resource: string) {
    const key = randomBytes(16).toString('base64');
    this.#accept = acceptOf(key);
    const lines = [
      `GET ${resource} HTTP/1.1`,
      `Host: ${host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      `Sec-WebSocket-Version: ${VERSION}`,
      `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
      `Origin: ${origin}`,
    ];
    this.text = `${lines.join('\r\n')}\r\n\r\n`;
  }

  /** What is wrong with the server's answer, or null (RFC 6455, 4.1). */
  defectOf(head: HttpHead): string | null {
    const [version = '', status = ''] = head.startLine.split(' ');
    if (!/^HTTP\/1\.\d$/.test(version)) return 'the server does not speak HTTP';
    if (status !== '101') return `the server refuses the WebSocket with ${status.slice(0, 3)}`;
    if (!head.lists('upgrade', 'websocket') || !head.lists('connection', 'upgrade'))
      return 'the server does not upgrade the connection';
    if (head.field('sec-websocket-accept') !== this.#accept)
      return 'the Sec-WebSocket-Accept of the server is wrong';
    if (head.field('sec-websocket-protocol') !== SUBPROTOCOL)
      return `the server does not choose the subprotocol ${SUBPROTOCOL}`;
    return head.field('sec-websocket-extensions') === null ? null : 'the server uses an extension';
  }
}
