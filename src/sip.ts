/**
 * `siprest/sip`: SIP messages, URIs and addresses, and a client that sends one request.
 *
 * Texts of messages are byte strings: each character is one byte.
 * @module sip
 */
import {
  type ParsedMessage,
  parseMessage as parse,
  type ReplyContent,
  buildReply as reply,
  type SipRequest,
  type Source,
} from './sip/index.ts';

export {
  buildRequest,
  type CSeq,
  type EndedEvent,
  formatUri,
  type Header,
  type HeaderText,
  headerText,
  type IncomingEvent,
  type MalformedMessage,
  type NameAddr,
  type Parameter,
  type ParsedMessage,
  type Protocol,
  parseNameAddr,
  parseNameAddrs,
  parseParameters,
  parseUri,
  parseVia,
  type ReplyContent,
  type RequestContent,
  RequestError,
  type RequestEvent,
  type ResponseEvent,
  reasonPhrase,
  type SentEvent,
  type SipMessage,
  type SipRequest,
  type SipRequestOptions,
  type SipResponse,
  type Source,
  sendRequest,
  type Uri,
  type Via,
} from './sip/index.ts';

/**
 * Reads one message: a datagram, or what a connection's framing cut out. Never throws: what is not SIP, or must not be
 * processed, has the kind `malformed`.
 * @param source where it came from, for `received` and `rport` of a reply
 */
export function parseMessage(data: Uint8Array, source?: Source): ParsedMessage {
  return parse(data, source);
}

/**
 * A reply to a request, as bytes.
 * @throws RangeError for an invalid status
 */
export function buildReply(request: SipRequest, content: ReplyContent): Buffer {
  return reply(request, content);
}
