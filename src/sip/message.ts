/**
 * SIP messages (RFC 3261, 7) as found in the field: the received text, and its parts, each parsed on first use. Text is
 * latin1: one char code is one byte of the message.
 */
import { headerKey } from './header-names.ts';
import { type NameAddr, parseNameAddr, parseNameAddrs } from './name-addr.ts';
import { splitList } from './parameters.ts';
import { type Header, type Scan, scanMessage, unfold } from './scan.ts';
import type { Source, Transport } from './transport.ts';
import { parseUri, type Uri } from './uri.ts';
import { parseVia, type Via } from './via.ts';

/** Maximum size of a message in bytes: that of a UDP datagram (18.1.1). */
export const MAX_MESSAGE_BYTES = 65_535;

/**
 * Maximum size of a Via, From, To or Request-URI, in bytes. Their parameters are searched in every message, sometimes
 * repeatedly, and real messages stay far below the limit.
 */
export const MAX_VALUE_BYTES = 4096;

/** The value of a CSeq header. */
export interface CSeq {
  /** Counts the requests of a dialog. */
  readonly number: number;
  /** The method of the request, or of the request that a response answers. */
  readonly method: string;
}

/** The parts of a request needed to answer it (8.2.6); even a malformed request may have them. */
export interface Replyable {
  readonly method: string;
  readonly headers: readonly Header[];
  readonly via: Via;
  readonly toTag: string | null;
  readonly source: Source;
  readonly socket: Transport | null;
}

/** Bytes that are not a valid SIP message, or a message that must not be processed. */
export interface MalformedMessage {
  /** What kind of message this is. */
  readonly kind: 'malformed';
  /** The error, for people. */
  readonly reason: string;
  /** Whether it is CRLFs or NULs that keep a NAT binding open, or an empty datagram, rather than an error. @internal */
  readonly keepAlive: boolean;
  /** The start of the first line, at most 200 bytes, for the log. */
  readonly startLine: string;
  /** The status to answer with. */
  readonly status: number;
  /** The parsed parts of a request, some of which may be missing; null if the first line is not a request line. */
  readonly request: SipRequest | null;
  /** The request to answer; null if no answer is due or possible: a response, an ACK, no valid Via. @internal */
  readonly answerable: Replyable | null;
  /** The sender. */
  readonly source: Source;
}

/** A well-formed message. */
export type SipMessage = SipRequest | SipResponse;
/** The result of parsing. */
export type ParsedMessage = SipMessage | MalformedMessage;

abstract class Message {
  /** Which kind of message this is. */
  abstract readonly kind: 'request' | 'response';
  /** The whole message. */
  readonly raw: string;
  /** The sender. */
  readonly source: Source;
  /** The socket or connection that received it. @internal */
  readonly socket: Transport | null;
  /** Whether some header line ends with a bare LF. @internal */
  readonly bareLf: boolean;
  /** Where the start line begins. */
  readonly #start: number;
  readonly #bodyStart: number;
  readonly #bodyEnd: number;
  #headers: readonly Header[] | null;
  #via: Via | null | undefined;
  #from: NameAddr | null | undefined;
  #to: NameAddr | null | undefined;
  #cseq: CSeq | null | undefined;
  #vias: readonly Via[] | undefined;
  #contacts: readonly NameAddr[] | null | undefined;
  #body: string | undefined;

  /** @internal */
  constructor(scan: Scan, source: Source, socket: Transport | null) {
    this.raw = scan.raw;
    this.bareLf = scan.bareLf;
    this.#start = scan.start;
    this.#headers = scan.headers;
    this.source = source;
    this.socket = socket;
    this.#bodyStart = scan.bodyStart;
    this.#bodyEnd = scan.bodyEnd;
  }

  /** In message order. */
  get headers(): readonly Header[] {
    this.#headers ??= scanMessage(this.raw, this.#start).headers;
    return this.#headers;
  }

  /**
   * Drops parsed parts, which are parsed again on use. Saves memory in messages that wait among tens of thousands.
   * @internal
   */
  forget(): void {
    this.#headers = null;
    this.#via = undefined;
    this.#from = undefined;
    this.#to = undefined;
    this.#cseq = undefined;
    this.#vias = undefined;
    this.#contacts = undefined;
    this.#body = undefined;
  }

  /** The first header of this name, in its full or compact form, or null. */
  header(name: string): string | null {
    return this.#first(headerKey(name));
  }

  #first(key: string): string | null {
    for (const header of this.headers) if (header.key === key) return header.value;
    return null;
  }

  /** The values of all headers of this name, one for each line. */
  headerAll(name: string): string[] {
    const key = headerKey(name);
    const values: string[] = [];
    for (const header of this.headers) if (header.key === key) values.push(header.value);
    return values;
  }

  /** The values of all headers of this name split at commas and unfolded. */
  headerList(name: string): string[] {
    return this.headerAll(name).flatMap((value) => splitList(unfold(value)));
  }

  /** The top Via. */
  get via(): Via {
    return present(this.findVia());
  }

  /** All Vias, topmost first. */
  get vias(): readonly Via[] {
    this.#vias ??= this.headerList('via').flatMap((value) => parseVia(value) ?? []);
    return this.#vias;
  }

  /** The From header. */
  get from(): NameAddr {
    return present(this.findFrom());
  }

  /** The To header. */
  get to(): NameAddr {
    return present(this.findTo());
  }

  /** The tag of From, or null. */
  get fromTag(): string | null {
    return this.findFrom()?.tag ?? null;
  }

  /** The tag of To, or null. */
  get toTag(): string | null {
    return this.findTo()?.tag ?? null;
  }

  /** The CSeq header. */
  get cseq(): CSeq {
    return present(this.findCSeq());
  }

  /** The Call-ID header. */
  get callId(): string {
    return this.#first('call-id') ?? '';
  }

  /** All Contacts, `*` included; null if any is invalid, empty without Contacts. */
  get contacts(): readonly NameAddr[] | null {
    if (this.#contacts === undefined) this.#contacts = parseAll(this.headerAll('contact'));
    return this.#contacts;
  }

  /** The Content-Type header, or null. */
  get contentType(): string | null {
    return this.header('content-type');
  }

  /** A byte string, '' without a body. */
  get body(): string {
    this.#body ??= this.raw.slice(this.#bodyStart, this.#bodyEnd);
    return this.#body;
  }

  // The four below may be null only before the message has been validated.

  /** @internal */
  findVia(): Via | null {
    if (this.#via === undefined) {
      const value = this.#first('via');
      this.#via = value === null || isTooLong(value) ? null : parseVia(unfold(value));
    }
    return this.#via;
  }

  /** @internal */
  findFrom(): NameAddr | null {
    if (this.#from === undefined) this.#from = parseSingle(this.#first('from'));
    return this.#from;
  }

  /** @internal */
  findTo(): NameAddr | null {
    if (this.#to === undefined) this.#to = parseSingle(this.#first('to'));
    return this.#to;
  }

  /** @internal */
  findCSeq(): CSeq | null {
    if (this.#cseq === undefined) this.#cseq = parseCSeq(this.#first('cseq'));
    return this.#cseq;
  }
}

function present<T>(value: T | null): T {
  if (value === null) throw new TypeError('this message was not checked');
  return value;
}

/** Whether the first Via of a list is too long. */
function isTooLong(value: string): boolean {
  if (value.length <= MAX_VALUE_BYTES) return false;
  const comma = value.indexOf(',');
  return comma < 0 || comma > MAX_VALUE_BYTES;
}

function parseSingle(value: string | null): NameAddr | null {
  if (value === null) return null;
  if (value.length > MAX_VALUE_BYTES) return null;
  const text = unfold(value);
  const address = parseNameAddr(text);
  return address !== null && address.text.length === text.length && address.uri !== '*' ? address : null;
}

function parseAll(values: readonly string[]): readonly NameAddr[] | null {
  const list: NameAddr[] = [];
  for (const value of values) {
    const some = parseNameAddrs(unfold(value));
    if (some === null) return null;
    list.push(...some);
  }
  return list;
}

const CSEQ = /^(\d{1,10})[ \t\r\n]+([\w.!%*+`'~-]+)$/;

function parseCSeq(value: string | null): CSeq | null {
  const match = value === null ? null : CSEQ.exec(value);
  if (match === null) return null;
  const number = Number(match[1]);
  return number < 2 ** 31 ? { number, method: match[2] ?? '' } : null; // 8.1.1.5
}

/** A request; optional headers are parsed on demand. */
export class SipRequest extends Message {
  /** Which kind of message this is. */
  readonly kind = 'request' as const;
  /** `INVITE`, `OPTIONS`, ... */
  readonly method: string;
  /** The Request-URI as written. */
  readonly requestUri: string;
  /** A cache of `loopDigest()`. @internal */
  digest: string | null = null;
  #uriParts: Uri | null | undefined;

  /** @internal */
  constructor(method: string, requestUri: string, scan: Scan, source: Source, socket: Transport | null) {
    super(scan, source, socket);
    this.method = method;
    this.requestUri = requestUri;
  }

  /** The Request-URI's parts; null if it is not a SIP, SIPS or TEL URI. */
  get requestUriParts(): Uri | null {
    if (this.#uriParts === undefined) this.#uriParts = parseUri(this.requestUri);
    return this.#uriParts;
  }

  /** @internal */
  override forget(): void {
    super.forget();
    this.#uriParts = undefined;
  }
}

/** A response; optional headers are parsed on demand. */
export class SipResponse extends Message {
  /** Which kind of message this is. */
  readonly kind = 'response' as const;
  /** 100 to 699. */
  readonly status: number;
  /** The reason phrase. */
  readonly reason: string;

  /** @internal */
  constructor(status: number, reason: string, scan: Scan, source: Source, socket: Transport | null) {
    super(scan, source, socket);
    this.status = status;
    this.reason = reason;
  }

  /** The method of the request that it answers (8.2.6.2). */
  get method(): string {
    return this.cseq.method;
  }
}
