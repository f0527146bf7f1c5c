/** Requests that an administrator sends through the server. Source: modules/tm of the manual, tm:uac_dlg. */
import { findSocket, type Routing } from '../runtime/index.ts';
import {
  buildRequest,
  findParameter,
  formatHostPort,
  type HeaderText,
  headerText,
  headerTextKeys,
  isToken,
  NO_HEADERS,
  newBranch,
  parseMessage,
  parseUri,
  randomToken,
  type SendingSocket,
  type SipResponse,
  type Target,
  TRANSPORTS,
} from '../sip/index.ts';
import { sendOwnRequest } from './own-request.ts';

export interface UacRequest {
  readonly method: string;
  readonly uri: string;
  /** Header lines, From and To among them. */
  readonly headers: string;
  /** The URI of the next hop. Default: the request URI. */
  readonly nextHop?: string | undefined;
  readonly body?: string | undefined;
  /** Its CSeq number. Default 1. */
  readonly cseq?: number | undefined;
  /** The socket that sends it: `udp:192.0.2.1:5060`. Default: one that reaches the next hop. */
  readonly socket?: string | undefined;
  /** The longest time for an answer of one address, in ms. Default: timer F. */
  readonly timeout?: number | undefined;
}

/** The request cannot be sent, or gets no answer. */
export class UacError extends Error {}

const inCalls: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'CANCEL', 'BYE', 'PRACK']);

/**
 * Sends a request in a transaction of its own; resolves to the final response. Rejects with a {@link UacError} that says
 * which part is invalid, or that no response came.
 */
export async function sendUacRequest(routing: Routing, wanted: UacRequest): Promise<SipResponse> {
  const { method, uri, nextHop = uri, body = '' } = wanted;
  const { host, settings, replyDefaults } = routing;
  if (!isToken(method)) throw new UacError(`invalid method "${method}"`);
  if (inCalls.has(method)) throw new UacError(`${method} belongs to a call, which siprest cannot make`);
  if (parseUri(uri) === null) throw new UacError(`invalid request URI "${uri}"`);
  const hop = parseUri(nextHop);
  if (hop === null) throw new UacError(`invalid next hop "${nextHop}": use a SIP URI`);
  const { from, to, callId, others } = readHeaders(wanted.headers);
  const { targets } = await host.destinations(hop);
  const tag = findParameter(from, 'tag') === null ? `;tag=${randomToken()}` : '';
  let failure = new UacError(`no route to ${nextHop}`);
  // the next address of the name is tried if one does not answer (RFC 3263, 4.3)
  for (const target of targets) {
    const socket = sendingSocket(routing, target, wanted.socket);
    if (socket === null) continue;
    const data = buildRequest({
      method,
      uri,
      via: `SIP/2.0/${TRANSPORTS[socket.transport.protocol].via} ${socket.host}:${socket.port};branch=${newBranch(host.number)};rport`,
      from: `${from}${tag}`,
      to,
      callId: callId ?? `${randomToken()}@${formatHostPort(socket.transport.local.address, null)}`,
      cseq: wanted.cseq ?? 1,
      defaults: {
        'Max-Forwards': '70',
        'User-Agent': settings.userAgent ?? replyDefaults.server ?? 'siprest',
      },
      headers: others,
      body,
    });
    try {
      return await sendTo(routing, target, socket, data, wanted.timeout);
    } catch (error) {
      if (!(error instanceof UacError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

function sendingSocket(routing: Routing, target: Target, name: string | undefined): SendingSocket | null {
  const { sockets, proxy } = routing.host;
  if (name === undefined) return proxy.sockets.choose(target);
  const found = findSocket(sockets, name);
  return found === null ? null : proxy.sockets.of(found, target.address);
}

function sendTo(
  routing: Routing,
  target: Target,
  socket: SendingSocket,
  data: Buffer,
  timeout: number | undefined,
): Promise<SipResponse> {
  const request = parseMessage(data);
  if (request.kind !== 'request') throw new UacError('the headers do not make a valid SIP request');
  return new Promise((resolve, reject) => {
    sendOwnRequest(routing, socket, {
      request,
      data,
      destination: target,
      ...(timeout === undefined ? {} : { timeout }),
      user: {
        onResponse: (response) => {
          if (response.status >= 200) resolve(response);
        },
        // over TCP a transaction ends before its response is passed on
        onEnd: (ending, error) =>
          ending !== 'done' &&
          reject(new UacError(error?.message ?? (ending === 'timeout' ? 'no response came' : ending))),
      },
    });
  });
}

interface ReadHeaders {
  readonly from: string;
  readonly to: string;
  readonly callId: string | null;
  readonly others: HeaderText;
}

/**
 * Takes line ends as CRLF, LF, or the characters `\r\n`, which a shell leaves; a Content-Length is left out, since
 * siprest counts the body itself. @throws UacError
 */
export function readHeaderLines(text: string): HeaderText {
  const written = text
    .replaceAll('\\r\\n', '\r\n')
    .replaceAll('\\n', '\n')
    .replace(/^(?:content-length|l)[ \t]*:.*(?:\r?\n|$)/gim, '');
  const lines = written === '' ? NO_HEADERS : headerText(written);
  if (lines === null) throw new UacError('headers must be lines "Name: value"');
  return lines;
}

function readHeaders(text: string): ReadHeaders {
  const lines = readHeaderLines(text);
  const keys = headerTextKeys(lines);
  if (keys.has('via') || keys.has('cseq')) throw new UacError('Via and CSeq are set by siprest itself');
  const own = new Map<string, string>();
  const others = lines.replace(
    /^(from|f|to|t|call-id|i)[ \t]*:[ \t]*(.*)\r\n/gim,
    (_, name: string, value: string) => {
      own.set(name[0] === 'c' || name[0] === 'C' ? 'i' : (name[0] ?? '').toLowerCase(), value);
      return '';
    },
  );
  const from = own.get('f');
  const to = own.get('t');
  if (from === undefined || to === undefined) throw new UacError('headers must contain From and To');
  return { from, to, callId: own.get('i') ?? null, others: headerText(others) ?? NO_HEADERS };
}
