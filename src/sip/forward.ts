/** Forwarded messages (RFC 3261, 16.6 and 16.7): unchanged parts are copied byte by byte. */
import { copiedParts, hasNextVia, withCrLf } from './copy-message.ts';
import type { HeaderText } from './header-text.ts';
import { type CSeq, type SipMessage, SipRequest, type SipResponse } from './message.ts';
import { parseMessage } from './parse-message.ts';
import type { MessageEdits, RequestEdits, ResponseEdits } from './proxy-types.ts';
import { reasonPhrase } from './reason-phrases.ts';
import type { SentRequest } from './request.ts';
import type { Via } from './via.ts';

const NO_EDITS: MessageEdits = {};
const DEFAULT_MAX_FORWARDS = 70;

/** The Via that this element adds to a forwarded request. */
export interface OwnVia {
  /** `UDP`, `TCP` */
  readonly transport: string;
  readonly host: string;
  readonly port: number;
  readonly branch: string;
}

/**
 * A forwarded request. Its bytes are made for each copy that is sent, and parsed only for an ACK or a CANCEL: few calls
 * need either, and there may be tens of thousands that wait.
 */
export class ForwardedRequest implements SentRequest {
  readonly requestUri: string;
  // the parts of its Via, without an object for them
  readonly #transport: string;
  readonly #host: string;
  readonly #port: number;
  readonly #branch: string;
  readonly #received: SipRequest;
  readonly #edits: RequestEdits;
  readonly #withLength: boolean;
  #message: SipRequest | null = null;

  constructor(received: SipRequest, own: OwnVia, edits: RequestEdits, withLength: boolean) {
    this.requestUri = edits.uri ?? received.requestUri;
    this.#transport = own.transport;
    this.#host = own.host;
    this.#port = own.port;
    this.#branch = own.branch;
    this.#received = received;
    this.#edits = edits;
    this.#withLength = withLength;
  }

  get method(): string {
    return this.#received.method;
  }

  get via(): Pick<Via, 'branch' | 'text'> {
    return { branch: this.#branch, text: this.#via };
  }

  get #via(): string {
    const flag = this.#edits.addRport === true ? ';rport' : '';
    return `SIP/2.0/${this.#transport} ${this.#host}:${this.#port};branch=${this.#branch}${flag}`;
  }

  bytes(): Buffer {
    const request = this.#received;
    const edits = this.#edits;
    const { address, port } = request.source;
    const text = copiedParts(request, edits, {
      topVia: request.via.stamped(address, port, edits.forceRport === true),
      maxForwards: edits.maxForwards,
      maxBreadth: edits.maxBreadth,
      defaultMaxForwards: DEFAULT_MAX_FORWARDS,
      withLength: this.#withLength,
    });
    return Buffer.from(
      `${request.method} ${this.requestUri} SIP/2.0\r\nVia: ${this.#via}\r\n${text}`,
      'latin1',
    );
  }

  /** As parsed by the next hop. */
  get message(): SipRequest {
    if (this.#message === null) {
      const message = parseMessage(this.bytes());
      if (!(message instanceof SipRequest)) throw new TypeError('the forwarded request is invalid');
      this.#message = message;
    }
    return this.#message;
  }

  get callId(): string {
    return this.message.callId;
  }

  get cseq(): CSeq {
    return this.message.cseq;
  }

  header(name: string): string | null {
    return this.message.header(name);
  }

  headerList(name: string): string[] {
    return this.message.headerList(name);
  }
}

/**
 * The request with this element's Via on top (16.6, 8), `received` and `rport` in the one below (18.2.1), and the
 * edits. Max-Forwards is not decremented here; that is up to the script. `withLength`: adds a missing Content-Length,
 * which a stream needs (16.6, 11).
 */
export function forwardRequest(
  request: SipRequest,
  own: OwnVia,
  edits: RequestEdits,
  withLength: boolean,
): ForwardedRequest {
  return new ForwardedRequest(request, own, edits, withLength);
}

/**
 * The response without its top Via (16.7, 3), with the edits; null without another Via, in it or in the edits, since
 * then this element is the destination.
 */
export function forwardResponse(
  response: SipResponse,
  edits: ResponseEdits = NO_EDITS,
  withLength = false,
): Buffer | null {
  if (edits.vias === undefined && !hasNextVia(response)) return null;
  const status = edits.status ?? response.status;
  const reason = edits.reason || (status === response.status ? response.reason : reasonPhrase(status));
  const text = copiedParts(response, edits, { topVia: null, withLength });
  return Buffer.from(`SIP/2.0 ${status} ${reason}\r\n${text}`, 'latin1');
}

/** The message with only the edits applied, for one that siprest generated. */
export function editedMessage(request: SipRequest, edits: RequestEdits): Buffer {
  const { maxForwards, uri = request.requestUri } = edits;
  const text = copiedParts(request, edits, { maxForwards, withLength: true });
  return Buffer.from(`${request.method} ${uri} SIP/2.0\r\n${text}`, 'latin1');
}

/** The lines of all headers with a name, as in the message. */
export function headerLines(message: SipMessage, key: string): HeaderText {
  let lines = '';
  for (const header of message.headers)
    if (header.key === key) lines += message.raw.slice(header.start, header.end);
  return withCrLf(lines) as HeaderText;
}
