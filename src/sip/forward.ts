/** Forwarded messages (RFC 3261, 16.6 and 16.7): unchanged parts are copied byte by byte. */
import type { HeaderText } from './header-text.ts';
import type { CSeq } from './message.ts';
import { parseMessage, type SipMessage, SipRequest, type SipResponse } from './message.ts';
import type { MessageEdits, RequestEdits, ResponseEdits } from './proxy-types.ts';
import { reasonPhrase } from './reason-phrases.ts';
import type { SentRequest } from './request.ts';
import { type Header, unfold } from './scan.ts';
import type { Via } from './via.ts';

const NO_EDITS: MessageEdits = {};
const DEFAULT_MAX_FORWARDS = 70;

/** A forwarded request. It is parsed again only to build an ACK or a CANCEL. */
export class ForwardedRequest implements SentRequest {
  readonly method: string;
  readonly requestUri: string;
  readonly via: Pick<Via, 'branch' | 'text'>;
  readonly data: Buffer;
  #message: SipRequest | null = null;

  constructor(method: string, requestUri: string, via: Pick<Via, 'branch' | 'text'>, data: Buffer) {
    this.method = method;
    this.requestUri = requestUri;
    this.via = via;
    this.data = data;
  }

  /** As parsed by the next hop. */
  get message(): SipRequest {
    if (this.#message === null) {
      const message = parseMessage(this.data);
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

/** The Via that this element adds to a forwarded request. */
export interface OwnVia {
  /** `UDP`, `TCP` */
  readonly transport: string;
  readonly host: string;
  readonly port: number;
  readonly branch: string;
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
  const uri = edits.uri ?? request.requestUri;
  const flag = edits.addRport === true ? ';rport' : '';
  const via = `SIP/2.0/${own.transport} ${own.host}:${own.port};branch=${own.branch}${flag}`;
  const { address, port } = request.source;
  const below = request.via.stamped(address, port, edits.forceRport === true);
  const head = `${request.method} ${uri} SIP/2.0\r\nVia: ${via}\r\n`;
  const copier = new Copier(request, edits, withLength);
  copier.topVia = (header) => `${header.name}: ${below}${behindTopVia(request, header)}\r\n`;
  copier.maxForwards = edits.maxForwards ?? null;
  copier.maxBreadth = edits.maxBreadth ?? null;
  if (request.header('max-forwards') === null) copier.defaultMaxForwards = DEFAULT_MAX_FORWARDS;
  const data = Buffer.from(head + copier.copy(), 'latin1');
  return new ForwardedRequest(request.method, uri, { branch: own.branch, text: via }, data);
}

/**
 * The response without its top Via (16.7, 3), with the edits; null if there is no other Via, since then this element
 * is the destination.
 */
export function forwardResponse(
  response: SipResponse,
  edits: ResponseEdits = NO_EDITS,
  withLength = false,
): Buffer | null {
  if (!hasNextVia(response)) return null;
  const status = edits.status ?? response.status;
  const reason = edits.reason || (status === response.status ? response.reason : reasonPhrase(status));
  const copier = new Copier(response, edits, withLength);
  copier.topVia = (header) => {
    const rest = behindTopVia(response, header).replace(/^\s*,\s*/, '');
    return rest === '' ? '' : `${header.name}: ${rest}\r\n`;
  };
  return Buffer.from(`SIP/2.0 ${status} ${reason}\r\n${copier.copy()}`, 'latin1');
}

/** The message with only the edits applied, for one that siprest generated. */
export function editedMessage(request: SipRequest, edits: RequestEdits): Buffer {
  const copier = new Copier(request, edits, true);
  copier.maxForwards = edits.maxForwards ?? null;
  return Buffer.from(
    `${request.method} ${edits.uri ?? request.requestUri} SIP/2.0\r\n${copier.copy()}`,
    'latin1',
  );
}

/** Does not scan the other headers: there may be thousands. */
function hasNextVia(message: SipMessage): boolean {
  let first: Header | null = null;
  for (const header of message.headers) {
    if (header.key !== 'via') continue;
    if (first !== null) return true;
    first = header;
  }
  return first !== null && /[^\s,]/.test(behindTopVia(message, first));
}

/** The rest of the first Via header after its first value: '' or `, SIP/2.0/UDP ...`. */
function behindTopVia(message: SipMessage, header: Header): string {
  const value = unfold(header.value);
  const { text } = message.via;
  return value.slice(value.indexOf(text) + text.length);
}

/** Copies header and body with edits, whole runs of unchanged lines at once. */
class Copier {
  topVia: ((header: Header) => string) | null = null;
  maxForwards: number | null = null;
  maxBreadth: number | null = null;
  defaultMaxForwards: number | null = null;
  readonly #message: SipMessage;
  readonly #edits: MessageEdits;
  readonly #withLength: boolean;
  #out = '';
  #runStart = -1;
  #runEnd = -1;

  constructor(message: SipMessage, edits: MessageEdits, withLength: boolean) {
    this.#message = message;
    this.#edits = edits;
    this.#withLength = withLength;
  }

  copy(): string {
    const { headers } = this.#message;
    const { removed, replaced, inserted, appended } = this.#edits;
    const body = this.#edits.body ?? this.#message.body;
    const bodyChanged = this.#edits.body !== undefined;
    let hasLength = false;
    let { topVia } = this;
    for (let place = 0; place < headers.length; place++) {
      const header = headers[place];
      if (header === undefined) break;
      const { key } = header;
      const above = inserted?.get(place);
      if (above !== undefined) this.#put(above);
      if (key === 'via' && topVia !== null) {
        this.#put(topVia(header));
        topVia = null;
      } else if (key === 'content-length') {
        if (bodyChanged && !hasLength) this.#put(`${header.name}: ${body.length}\r\n`);
        else if (!bodyChanged) this.#keep(header);
        else this.#flush();
        hasLength = true;
      } else if (replaced?.has(place)) this.#put(replaced.get(place) ?? '');
      else if (removed?.has(place)) this.#flush();
      else if (key === 'max-forwards' && this.maxForwards !== null)
        this.#put(`${header.name}: ${this.maxForwards}\r\n`);
      else if (key === 'max-breadth' && this.maxBreadth !== null)
        this.#put(`${header.name}: ${this.maxBreadth}\r\n`);
      else this.#keep(header);
    }
    this.#put(inserted?.get(headers.length) ?? '');
    if (this.defaultMaxForwards !== null)
      this.#out += `Max-Forwards: ${this.maxForwards ?? this.defaultMaxForwards}\r\n`;
    if (appended !== undefined) for (const lines of appended) this.#out += lines;
    if (!hasLength && (this.#withLength || bodyChanged)) this.#out += `Content-Length: ${body.length}\r\n`;
    return `${withCrLf(this.#out)}\r\n${body}`;
  }

  #keep(header: Header): void {
    if (this.#runEnd !== header.start) {
      this.#flush();
      this.#runStart = header.start;
    }
    this.#runEnd = header.end;
  }

  #put(lines: string): void {
    this.#flush();
    this.#out += lines;
  }

  #flush(): void {
    if (this.#runStart >= 0) this.#out += this.#message.raw.slice(this.#runStart, this.#runEnd);
    this.#runStart = -1;
    this.#runEnd = -1;
  }
}

/** Lines that end with a bare LF are accepted, but not forwarded: the next element could parse them differently. */
function withCrLf(head: string): string {
  return /(?:^|[^\r])\n/.test(head) ? head.replace(/\r?\n/g, '\r\n') : head;
}

/** The lines of all headers with a name, as in the message. */
export function headerLines(message: SipMessage, key: string): HeaderText {
  let lines = '';
  for (const header of message.headers)
    if (header.key === key) lines += message.raw.slice(header.start, header.end);
  return withCrLf(lines) as HeaderText;
}
