/** Requests that siprest generates (RFC 3261, 8.1.1, 9.1, 13.2.2.4, 17.1.1.3), as bytes. */
import { type HeaderText, headerTextKeys, NO_HEADERS, oneLine } from './header-text.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { unfold } from './scan.ts';
import type { Via } from './via.ts';

/** The parts of a request, as byte strings. */
export interface RequestContent {
  /** `OPTIONS`, `MESSAGE`, ... */
  readonly method: string;
  /** The Request-URI. */
  readonly uri: string;
  /** The value of its only Via. */
  readonly via: string;
  /** Includes the tag. */
  readonly from: string;
  /** Within a dialog, includes the tag. */
  readonly to: string;
  /** Identifies the dialog, together with both tags. */
  readonly callId: string;
  /** The number of CSeq. */
  readonly cseq: number;
  /** Default header values by name, each omitted if `headers` contains its name. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Further header lines. */
  readonly headers?: HeaderText;
  /** The body; Content-Length is added. */
  readonly body?: string;
}

/** The parts of a sent request that its ACK or CANCEL repeats, such as a {@link SipRequest}. */
export type SentRequest = Pick<
  SipRequest,
  'method' | 'requestUri' | 'callId' | 'cseq' | 'header' | 'headerList'
> & {
  readonly via: Pick<Via, 'branch' | 'text'>;
  /** Makes the sent bytes once more; without it they are kept for retransmissions. */
  readonly bytes?: () => Buffer;
};

/** A request as bytes. */
export function buildRequest(content: RequestContent): Buffer {
  const { method, uri, via, from, to, callId, cseq, headers = NO_HEADERS, body = '' } = content;
  let text = `${method} ${uri} SIP/2.0\r\nVia: ${via}\r\n`;
  const given = headerTextKeys(headers);
  for (const [name, value] of Object.entries(content.defaults ?? {}))
    if (!given.has(name.toLowerCase())) text += `${name}: ${oneLine(value)}\r\n`;
  text += `From: ${oneLine(from)}\r\nTo: ${oneLine(to)}\r\nCall-ID: ${oneLine(callId)}\r\nCSeq: ${cseq} ${method}\r\n`;
  text += `${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
  return Buffer.from(text, 'latin1');
}

/** The ACK to a non-2xx final response, which belongs to the INVITE's transaction (17.1.1.3). */
export function buildAck(
  invite: SentRequest,
  response: SipResponse,
  headers: HeaderText = NO_HEADERS,
): Buffer {
  return withinTransaction(invite, 'ACK', unfold(response.header('to') ?? ''), headers);
}

/** The CANCEL of a request after a provisional response (9.1). */
export function buildCancel(invite: SentRequest, headers: HeaderText = NO_HEADERS): Buffer {
  return withinTransaction(invite, 'CANCEL', unfold(invite.header('to') ?? ''), headers);
}

function withinTransaction(
  invite: SentRequest,
  method: string,
  to: string,
  headers: HeaderText = NO_HEADERS,
): Buffer {
  return buildRequest({
    method,
    uri: invite.requestUri,
    via: invite.via.text,
    from: unfold(invite.header('from') ?? ''),
    to,
    callId: invite.callId,
    cseq: invite.cseq.number,
    defaults: { 'Max-Forwards': '70' },
    headers: (routeLines(invite.headerList('route')) + headers) as HeaderText,
  });
}

/**
 * A request in the dialog opened by a 2xx to an INVITE: its ACK, with the INVITE's number, or the next request
 * (13.2.2.4, 12.2.1.1). `via` is a new Via.
 */
export function buildDialogRequest(
  method: 'ACK' | 'BYE',
  invite: SipRequest,
  response: SipResponse,
  via: string,
): Buffer {
  return buildRequest({
    method,
    uri: response.contacts?.[0]?.uri ?? invite.requestUri,
    via,
    from: unfold(invite.header('from') ?? ''),
    to: unfold(response.header('to') ?? ''),
    callId: invite.callId,
    cseq: invite.cseq.number + (method === 'ACK' ? 0 : 1),
    defaults: { 'Max-Forwards': '70' },
    headers: routeLines(response.headerList('record-route').reverse()),
  });
}

function routeLines(values: readonly string[]): HeaderText {
  return values.map((value) => `Route: ${oneLine(value)}\r\n`).join('') as HeaderText;
}
