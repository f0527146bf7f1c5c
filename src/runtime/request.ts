/**
 * A SIP request being routed: what a script, or a handler in TypeScript, runs on. It keeps what routing
 * decides about the message, and outlives the worker that handles it when the script waits for an answer.
 */
import {
  type Advertised,
  buildReply,
  type HeaderText,
  headerText,
  NO_HEADERS,
  parseUri,
  type ReplyContent,
  type SendOptions,
  type ServerTransaction,
  type SipMessage,
  type SipRequest,
  sendReply,
  type Uri,
} from '../sip/index.ts';
import { Avps } from './avps.ts';
import type { Routing } from './routing.ts';
import { type StateKey, States } from './state.ts';
import { tmParameters } from './tm-parameters.ts';

/** What came of asking for a transaction. */
export type TransactionOutcome = 'created' | 'exists' | 'absorbed' | 'refused';

export class Request {
  readonly routing: Routing;
  /** As it was received; null in routes that no message triggers (timer, startup, event, a launch's report). */
  readonly message: SipRequest | null;
  readonly avps: Avps;
  /** Whether the Via of the forwarded request has rport (RFC 3581, 3). */
  addsLocalRport = false;
  /** What set_advertised_address() and set_advertised_port() have said. */
  advertised: Partial<Advertised> | null = null;
  readonly #states = new States<Request>(this);
  #flags: Set<string> | null = null;
  /** What this is a copy of, for a branch or a reply. */
  readonly #original: Request | null;
  #requestUri: string;
  #uri: Uri | null | undefined;
  #destinationUri: string | null = null;
  #transaction: ServerTransaction | null = null;
  /** For all replies that siprest makes to this request. */
  #replyHeaders: HeaderText = NO_HEADERS;
  #replyBody = '';
  #forceRport = false;
  #replied = false;
  /** Made here: nobody waits for an answer. */
  #isOwn = false;
  /** How a reply goes out where there is a transaction. */
  #sendReply: ((content: ReplyContent, options: SendOptions) => boolean) | null = null;

  constructor(routing: Routing, message: SipRequest | null, original?: Request, avps?: Avps) {
    this.routing = routing;
    this.message = message;
    this.#original = original ?? null;
    this.avps = avps ?? original?.avps ?? new Avps();
    this.#requestUri = original?.requestUri ?? message?.requestUri ?? '';
    this.#destinationUri = original?.destinationUri ?? null;
    this.#transaction = original?.transaction ?? null;
    if (original !== undefined) {
      this.#forceRport = original.#forceRport;
      this.addsLocalRport = original.addsLocalRport;
      this.advertised = original.advertised;
    }
  }

  /**
   * A copy for one branch, or for a response of one: AVPs, flags and the transaction are shared, what is changed in
   * the copy (URI, destination, headers) is its own.
   */
  fork(avps: Avps = this.avps): Request {
    return new Request(this.routing, this.message, this, avps);
  }

  /** A request that siprest has made itself, for a route that looks at it: it gets no transaction and no reply. */
  static own(routing: Routing, message: SipRequest): Request {
    const request = new Request(routing, message);
    request.#isOwn = true;
    return request;
  }

  /** What all copies are copies of. */
  get #root(): Request {
    return this.#original === null ? this : this.#original.#root;
  }

  /** Those that are set; shared with all copies. */
  get flags(): Set<string> {
    const root = this.#root;
    root.#flags ??= new Set();
    return root.#flags;
  }

  state<T>(key: StateKey<Request, T>): T {
    if (key.isShared && this.#original !== null) return this.#original.state(key);
    return this.#states.get(key);
  }

  /** {@link state} if it exists already; undefined before its first use. */
  knownState<T>(key: StateKey<Request, T>): T | undefined {
    if (key.isShared && this.#original !== null) return this.#original.knownState(key);
    return this.#states.known(key);
  }

  /** `$ru`: as received until the script changes it; '' if there is no message. */
  get requestUri(): string {
    return this.#requestUri;
  }

  set requestUri(text: string) {
    this.#requestUri = text;
    this.#uri = undefined;
  }

  /** False for what is no URI. */
  setRequestUri(text: string): boolean {
    if (parseUri(text) === null) return false;
    this.requestUri = text;
    return true;
  }

  /** The parts of the request URI; null for one that is neither SIP nor TEL. */
  get uri(): Uri | null {
    if (this.#uri === undefined) this.#uri = parseUri(this.#requestUri);
    return this.#uri;
  }

  /** `$du` */
  get destinationUri(): string | null {
    return this.#destinationUri;
  }

  /** False for what is no URI; null unsets it. */
  setDestinationUri(text: string | null): boolean {
    if (text !== null && parseUri(text) === null) return false;
    this.#destinationUri = text;
    return true;
  }

  /** From now on replies of the transaction go this way: relaying has to know of them. */
  replyBy(send: (content: ReplyContent, options: SendOptions) => boolean): void {
    this.#root.#sendReply = send;
  }

  get transaction(): ServerTransaction | null {
    return this.#transaction;
  }

  /** Whether any final reply was sent by {@link reply}. */
  get replied(): boolean {
    return this.#root.#replied;
  }

  /** Whether others are to answer it: t_relay() has sent it on. */
  get isRelayed(): boolean {
    return this.#root.#sendReply !== null;
  }

  /** Nobody is going to answer it, unless others do: its client gets no 100 by itself either. */
  leaveUnanswered(): void {
    if (this.#transaction !== null && !this.isRelayed) this.#transaction.trying = null;
  }

  /** The To tag of siprest's own replies; null if there is no message. */
  get localToTag(): string | null {
    if (this.message === null) return null;
    return this.message.toTag ?? this.#transaction?.toTag ?? this.routing.host.tags.tagFor(this.message);
  }

  /** Answers to where the request came from, whatever its Via says (RFC 3581, 4). */
  forceRport(): void {
    this.#forceRport = true;
  }

  get hasForcedRport(): boolean {
    return this.#forceRport;
  }

  /** Header lines for all replies of siprest's own. False for text that is none. */
  appendToReply(lines: string): boolean {
    const checked = headerText(lines);
    if (checked === null) return false;
    this.#replyHeaders = (this.#replyHeaders + checked) as HeaderText;
    return true;
  }

  /** The body of all replies of siprest's own; its Content-Type comes by {@link appendToReply}. */
  setReplyBody(body: string): void {
    this.#replyBody = body;
  }

  /**
   * Makes this request stateful. `absorbed`: it is a retransmission, or the ACK to an answer that a
   * transaction gave; the transaction has dealt with it and the script has to end.
   */
  createTransaction(): TransactionOutcome {
    if (this.#transaction !== null) return 'exists';
    if (this.message === null || this.#isOwn) return 'refused';
    const { transactions } = this.routing.host;
    const existing = transactions.find(this.message);
    if (existing !== null) {
      existing.receive(this.message);
      return 'absorbed';
    }
    if (this.message.method === 'ACK') return 'refused';
    this.#transaction = transactions.create(this.message, {
      owner: this.routing.owner,
      forceRport: this.#forceRport,
    });
    if (this.#transaction === null) return 'refused';
    if (this.routing.parameters(tmParameters).auto_100trying) {
      // the caller's retransmissions stop while the script waits (RFC 3261, 17.2.1); others get rarer (RFC 4320, 4.1)
      if (this.message.method === 'INVITE') this.sendTrying();
      else this.#transaction.trying = this;
    }
    return 'created';
  }

  /** The 100 that siprest sends by itself. */
  sendTrying(): void {
    this.#send({ ...this.#content(100, 'Giving it a try', ''), headers: NO_HEADERS });
  }

  /**
   * t_check_trans(): 0 when a transaction has absorbed the request, a retransmission; 1 for a CANCEL of one and
   * for the ACK to its negative reply; -2 for any other ACK, -1 for any other request.
   */
  checkTransaction(): 1 | 0 | -1 | -2 {
    if (this.message === null) return -1;
    if (this.#transaction !== null) return 1;
    const { transactions } = this.routing.host;
    if (this.message.method === 'CANCEL') return transactions.findCancelled(this.message) === null ? -1 : 1;
    const existing = transactions.find(this.message);
    if (this.message.method === 'ACK') return existing === null ? -2 : 1;
    if (existing === null) return -1;
    existing.receive(this.message);
    return 0;
  }

  /**
   * Sends a reply: by the transaction if any, else without state.
   * False when it was not sent: no message, an ACK, a final reply of the transaction gone before.
   */
  reply(status: number, reason: string, body?: string): boolean {
    return this.#send(this.#content(status, reason, body ?? this.#replyBody));
  }

  /** Sends a reply without state, also where there is a transaction. */
  replyStateless(status: number, reason: string): boolean {
    return this.#sendStateless(this.#content(status, reason, this.#replyBody));
  }

  #content(status: number, reason: string, body: string): ReplyContent {
    const type = body === '' ? null : contentTypeLine.exec(this.#replyHeaders);
    return {
      status,
      reason,
      headers: type === null ? this.#replyHeaders : (this.#replyHeaders.replace(type[0], '') as HeaderText),
      body,
      contentType: type?.[1],
      server: this.routing.replyDefaults.server,
      forceRport: this.#forceRport,
    };
  }

  #send(content: ReplyContent): boolean {
    if (this.#transaction === null) return this.#sendStateless(content);
    const root = this.#root;
    this.#debugReply(content);
    if (content.status >= 200) root.#replied = true;
    return root.#sendReply === null
      ? this.#transaction.reply(content, untilAck)
      : root.#sendReply(content, untilAck);
  }

  #sendStateless(content: ReplyContent): boolean {
    if (this.message === null || this.message.method === 'ACK' || this.#isOwn) return false;
    this.#debugReply(content);
    if (content.status >= 200) this.#root.#replied = true;
    const reply = buildReply(this.message, content, this.routing.host.tags.tagFor(this.message));
    this.routing.host.stateless.add(content.status);
    sendReply(this.message, reply, undefined, content.forceRport);
    return true;
  }

  #debugReply({ status, reason }: ReplyContent): void {
    const { log } = this.routing;
    if (log.debugs) log.debug(`replies ${status} ${reason}${ofMessage(this.message)}`);
  }
}

const untilAck: SendOptions = { untilAck: true };

/** A body has the Content-Type that the script has put among the header lines. */
const contentTypeLine = /^(?:Content-Type|c)[ \t]*:[ \t]*(.*)\r\n/im;

/** Which message it is about, for a line of the log. A malformed request may lack its CSeq. */
export function ofMessage(message: SipMessage | null): string {
  if (message === null) return '';
  const method = message.kind === 'request' ? message.method : message.cseq.method;
  return `, ${method}, Call-ID ${message.callId}`;
}
