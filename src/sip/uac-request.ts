/** Turns the options of a small user agent client into a request and a destination (RFC 3261, 8.1.1). */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, isIPv6 } from '../net/index.ts';
import { newBranch, randomToken } from './branch.ts';
import { isToken } from './header-names.ts';
import { headerText, headerTextKeys } from './header-text.ts';
import { canListen, spokenTransports } from './listen.ts';
import { parseNameAddr } from './name-addr.ts';
import { buildRequest } from './request.ts';
import type { TimerValues } from './timers.ts';
import {
  DEFAULT_PROTOCOL,
  defaultPort,
  isProtocol,
  type Protocol,
  secureProtocol,
  splitProtocol,
  TRANSPORTS,
  transportParameter,
} from './transports.ts';
import {
  bareHost,
  formatUri,
  type HostPort,
  parseHostPort,
  parseUri,
  type Uri,
  uriKind,
  uriTransport,
} from './uri.ts';

/** The options of a request. All texts are byte strings. */
export interface SipRequestOptions {
  /** `OPTIONS`, `INVITE`, ... */
  readonly method: string;
  /** A SIP URI, or a TEL URI with `proxy`. With `;transport=tcp` it is sent over TCP. */
  readonly uri: string;
  /**
   * Where to send it: `[udp:|tcp:]host[:port]`. Default: the URI's destination. Requests of the dialog go there too.
   */
  readonly proxy?: string;
  /** A URI or a name-addr. Default: the URI. */
  readonly to?: string;
  /** A URI or a name-addr; a tag is added. Default: `<sip:siprest@` the local address `>`. */
  readonly from?: string;
  /** Header lines; Call-ID, Contact, Max-Forwards, User-Agent and Content-Type replace the defaults. */
  readonly headers?: string;
  /** The body; Content-Length is added. */
  readonly body?: string;
  /** Default: text/plain for a body. */
  readonly contentType?: string;
  /** In ms, from the first datagram to the final response. Default: 32,000 (64 T1). */
  readonly timeout?: number;
  /** How long an answered call lasts before it is ended by BYE, in ms. Default: it stays open. */
  readonly talk?: number;
  /** @internal */
  readonly timers?: TimerValues;
  /** Ends an open call by BYE and a ringing one by CANCEL. */
  readonly signal?: AbortSignal;
}

/** An option is not valid SIP, or the host cannot be resolved. The message is meant for people. */
export class RequestError extends Error {
  /** @internal */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestError';
  }
}

/** Set by siprest: a second one would make the request ambiguous. */
const RESERVED = ['via', 'from', 'to', 'cseq'];
/** Methods that do not need a Contact. */
const WITHOUT_CONTACT = new Set(['ACK', 'BYE', 'CANCEL', 'MESSAGE', 'PRACK', 'INFO']);

export interface RequestTarget extends HostPort {
  readonly transport: Protocol;
}

/** The destination host and port of validated options. */
export function targetOf(options: SipRequestOptions): RequestTarget {
  const { method, uri, proxy } = options;
  if (!isToken(method)) throw new RequestError(`no SIP method: ${method}`);
  const parts = parseUri(uri);
  if (parts === null) throw new RequestError(`no SIP or TEL URI: ${uri}`);
  const wanted = uriTransport(parts).toLowerCase();
  if (proxy !== undefined) {
    const { protocol, rest } = splitProtocol(proxy);
    const target = parseHostPort(rest);
    if (target === null)
      throw new RequestError(`invalid proxy, use host, host:port or tcp:host:port: ${proxy}`);
    return { ...target, transport: transportOf(parts, protocol ?? wanted) };
  }
  if (parts.host === null) throw new RequestError(`a TEL URI has no destination; use a proxy: ${uri}`);
  return { host: parts.host, port: parts.port, transport: transportOf(parts, wanted) };
}

function transportOf(uri: Uri, name: string): Protocol {
  const protocol = uriKind(uri) === 'sips' ? secureProtocol(name) : isProtocol(name) ? name : null;
  if (protocol === null || !canListen(protocol))
    throw new RequestError(`only ${spokenTransports} are supported so far: ${formatUri(uri)}`);
  return protocol;
}

export async function resolveHost(host: string): Promise<string> {
  const bare = bareHost(host);
  if (isIP(bare) !== 0) return bare;
  try {
    return (await lookup(bare)).address;
  } catch (cause) {
    throw new RequestError(`no address found for ${host}`, { cause });
  }
}

/** The local address from which the system would send; sends nothing. */
export async function localAddressTowards(address: string, port: number): Promise<string> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    const connected = once(socket, 'connect');
    socket.connect(port === 0 ? defaultPort(DEFAULT_PROTOCOL) : port, address);
    await connected;
    return socket.address().address;
  } catch (cause) {
    throw new RequestError(`${address} cannot be reached from here`, { cause });
  } finally {
    socket.close();
  }
}

/** The Via of a new transaction. `local` is host and port. */
export const viaValue = (transport: Protocol, local: string): string =>
  `SIP/2.0/${TRANSPORTS[transport].via} ${local};branch=${newBranch()};rport`;

export function composeRequest(options: SipRequestOptions, transport: Protocol, local: string): Buffer {
  const { method, uri, body = '' } = options;
  const extra = headerText(options.headers ?? '');
  if (extra === null) throw new RequestError('expected header lines ("Name: value\\r\\n") as extra headers');
  const given = headerTextKeys(extra);
  const reserved = RESERVED.find((key) => given.has(key));
  if (reserved !== undefined) throw new RequestError(`the header ${reserved} is set by siprest itself`);
  const callId = /^(?:call-id|i)[ \t]*:\s*(.*)$/im.exec(extra)?.[1];
  const withoutCallId =
    callId === undefined ? extra : headerText(extra.replace(/^(?:call-id|i)[ \t]*:.*\r\n/im, ''));
  const parts = parseUri(uri);
  const self = `<sip:siprest@${local}${transportParameter(transport)}>`;
  const from = address(options.from ?? `<sip:siprest@${local}>`, 'From');
  const contact = WITHOUT_CONTACT.has(method) ? {} : { Contact: self };
  return buildRequest({
    method,
    uri: parts === null ? uri : formatUri({ ...parts, headers: null }), // 19.1.5: no headers in a Request-URI
    via: viaValue(transport, local),
    from: parseNameAddr(from)?.tag == null ? `${from};tag=${randomToken()}` : from,
    to: address(options.to ?? (parts === null ? uri : formatUri({ ...parts, headers: null })), 'To'),
    callId: callId ?? randomToken(),
    cseq: 1,
    defaults: {
      'Max-Forwards': '70',
      ...contact,
      'User-Agent': 'siprest',
      ...(body === '' ? {} : { 'Content-Type': options.contentType ?? 'text/plain' }),
    },
    ...(withoutCallId === null ? {} : { headers: withoutCallId }),
    body,
  });
}

/** Puts a URI into angle brackets, which keep its parameters in the URI (20.10); leaves a name-addr unchanged. */
function address(text: string, what: string): string {
  if (parseUri(text) !== null) return `<${text}>`;
  const parsed = parseNameAddr(text);
  if (parsed === null || parsed.text !== text || parsed.uri === '*')
    throw new RequestError(`no SIP address in ${what}: ${text}`);
  return text;
}
