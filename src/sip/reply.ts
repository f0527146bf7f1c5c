/** Replies to a request (RFC 3261, 8.2.6 and 18.2.2; RFC 3581), as bytes. */
import { type HeaderText, NO_HEADERS, oneLine } from './header-text.ts';
import type { Replyable } from './message.ts';
import { reasonPhrase } from './reason-phrases.ts';
import { unfold } from './scan.ts';
import { TRANSPORTS } from './transports.ts';

/** The parts of a reply. */
export interface ReplyContent {
  /** 100 to 699. */
  readonly status: number;
  /** '' or absent: the default for the status. */
  readonly reason?: string | undefined;
  /** Added to the To header if the request has no tag there, except in a 100 (8.2.6.2). */
  readonly toTag?: string | null | undefined;
  /** Further header lines. */
  readonly headers?: HeaderText | undefined;
  /** A byte string. */
  readonly body?: string | undefined;
  /** Absent: already in `headers`, or the reply has no body. */
  readonly contentType?: string | undefined;
  /** The value of the Server header; none if absent. */
  readonly server?: string | undefined;
  /** Adds `rport` to the Via even if the client did not ask for it. */
  readonly forceRport?: boolean | undefined;
}

/** Throws a RangeError for an invalid status. */
export function buildReply(
  request: Replyable,
  content: ReplyContent,
  toTag = content.toTag ?? null,
  forceRport = content.forceRport === true,
): Buffer {
  const { status } = content;
  if (!isStatus(status)) throw new RangeError(`no SIP status: ${status}`);
  const reason = oneLine(content.reason ?? reasonPhrase(status));
  let text = `SIP/2.0 ${status} ${reason}\r\n`;
  let isTopVia = true;
  for (const { name, value, key } of request.headers) {
    switch (key) {
      case 'via':
        text += `${name}: ${isTopVia ? stampTop(request, value, forceRport) : value}\r\n`;
        isTopVia = false;
        break;
      case 'to':
        text += `${name}: ${value}${
          toTag !== null && request.toTag === null && status > 100 ? `;tag=${toTag}` : ''
        }\r\n`;
        break;
      case 'from':
      case 'call-id':
      case 'cseq':
        text += `${name}: ${value}\r\n`;
        break;
      case 'record-route': // 12.1.1
        if (status > 100 && status < 300) text += `${name}: ${value}\r\n`;
        break;
      case 'timestamp': // 8.2.6.1
        if (status === 100) text += `${name}: ${value}\r\n`;
        break;
    }
  }
  text += content.headers ?? NO_HEADERS;
  if (content.server !== undefined) text += `Server: ${oneLine(content.server)}\r\n`;
  const body = content.body ?? '';
  if (content.contentType !== undefined) text += `Content-Type: ${oneLine(content.contentType)}\r\n`;
  text += `Content-Length: ${body.length}\r\n\r\n${body}`;
  return Buffer.from(text, 'latin1');
}

/** The topmost Via line, its first value stamped and the others unchanged. */
function stampTop({ via, source }: Replyable, written: string, force: boolean): string {
  const value = unfold(written);
  const rest = value.slice(value.indexOf(via.text) + via.text.length);
  return via.stamped(source.address, source.port, force) + rest;
}

export function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 100 && status <= 699;
}

export interface Destination {
  readonly address: string;
  readonly port: number;
}

/**
 * The destination of a reply over an unreliable transport (18.2.2, RFC 3581, 4). On a reliable transport the reply
 * uses the request's connection; if that is closed, a new one to this destination, never to the source port. `maddr`
 * is ignored: the request arrived by unicast, and its sender could choose who receives the replies.
 */
export function replyDestination(request: Replyable, forceRport = false): Destination {
  const { via, source } = request;
  const { address } = source;
  const { reliable, defaultPort } = TRANSPORTS[source.transport];
  if (!reliable && (forceRport || via.rport !== null)) return source;
  return { address, port: via.port || defaultPort };
}

/** Sends a reply to the source of the request, on the socket that received it. */
export function sendReply(
  request: Replyable,
  reply: Uint8Array,
  done?: (error: Error | null) => void,
  forceRport = false,
): void {
  const { address, port } = replyDestination(request, forceRport);
  if (request.socket === null) done?.(new Error('the request came in by no socket'));
  else request.socket.send(reply, address, port, done);
}
