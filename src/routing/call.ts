import { dialogOf } from '../dialog/index.ts';
import { recordRoute } from '../relay/index.ts';
import type { RestClient } from '../rest/index.ts';
import { type Draft, type Request, requestDraft } from '../runtime/index.ts';
import {
  type CSeq,
  headerText,
  isStatus,
  parseNameAddrs,
  reasonPhrase,
  type SipRequest,
  type Source,
  transportName,
  type Via,
} from '../sip/index.ts';
import { type AccountingOptions, account } from './accounting.ts';
import { Address, type SipUri, uriOf } from './address.ts';
import { CallDialog, dialogFor, stateOf } from './call-dialog.ts';
import { CallLog } from './call-log.ts';
import { CallRest } from './call-rest.ts';
import type { CallEnding } from './handler-time.ts';
import type { Handling } from './handling.ts';
import { type HeaderValues, headerLines, MessageView } from './message-view.ts';
import type { RelayOptions, RelayResult } from './relay-options.ts';
import { checkedUri } from './targets.ts';
import { decode, encode } from './text.ts';

/** The state of a call without `state` in the definition. */
export type CallState = Record<string, unknown>;

/** How a script's route has ended. */
export interface RouteResult {
  /** Its return code, `$rc`. */
  readonly code: number;
  /** Whether it ended the script: by `exit`, `drop`, or `async()`. */
  readonly exited: boolean;
}

/** The parts of a reply other than status and reason. */
export interface ReplyOptions {
  /** Header lines. */
  readonly headers?: HeaderValues | undefined;
  /** The body; it needs a `contentType`. */
  readonly body?: string | Uint8Array | undefined;
  /** The Content-Type of the body. */
  readonly contentType?: string | undefined;
}

/** A request being handled, from its arrival to the end of its transaction. */
export class Call<State extends object = CallState> extends MessageView {
  readonly #handling: Handling;
  readonly #request: Request;
  readonly #message: SipRequest;
  #state: State | null = null;
  #dialog: CallDialog<State> | null = null;
  #rest: CallRest | null = null;

  /** @internal */
  constructor(handling: Handling, message: SipRequest) {
    super();
    this.#handling = handling;
    this.#request = handling.request;
    this.#message = message;
  }

  /** @internal */
  protected get draft(): Draft {
    return this.#request.state(requestDraft);
  }

  // --- the request ---

  /** The request as received, a byte string; see `siprest/sip`. */
  get message(): SipRequest {
    return this.#message;
  }

  /** `INVITE`, `REGISTER`, ... */
  get method(): string {
    return this.#message.method;
  }

  /** The Request-URI: as received until it is changed. */
  get uri(): SipUri {
    return uriOf(this.#request.requestUri);
  }

  /** Changes the Request-URI, for a `relay()` without targets and for script routes. Throws a TypeError for an invalid URI. */
  set uri(uri: SipUri | string) {
    this.#request.requestUri = checkedUri(String(uri));
  }

  /** The From header. */
  get from(): Address {
    return new Address(this.#message.from);
  }

  /** The To header. */
  get to(): Address {
    return new Address(this.#message.to);
  }

  /** The Contact headers, without `*`; empty if one is invalid. */
  get contacts(): readonly Address[] {
    return (this.#message.contacts ?? []).filter(({ uri }) => uri !== '*').map((one) => new Address(one));
  }

  /** The Via headers, topmost first. */
  get vias(): readonly Via[] {
    return this.#message.vias;
  }

  /** The Route headers as received, topmost first. */
  get routes(): readonly Address[] {
    return this.#message
      .headerAll('route')
      .flatMap((value) => parseNameAddrs(value) ?? [])
      .map((one) => new Address(one));
  }

  /** The Call-ID. */
  get callId(): string {
    return decode(this.#message.callId);
  }

  /** The CSeq header. */
  get cseq(): CSeq {
    return this.#message.cseq;
  }

  /** Whether it belongs to a dialog: its To header has a tag. */
  get isInDialog(): boolean {
    return this.#message.toTag !== null;
  }

  /** The sender. */
  get source(): Source {
    return this.#message.source;
  }

  /** The socket that received it: `udp:192.0.2.1:5060`. */
  get socket(): string {
    const { socket } = this.#message;
    return socket === null ? '' : transportName(socket);
  }

  // --- the call ---

  /** The policy's data for this call, created by its `state`; requests within a call with a `dialog` share it. */
  get state(): State {
    if (this.#state === null) {
      const { routing } = this.#handling;
      const dialog = dialogOf(this.#request);
      // its `state` creates it, with the type that handlers see
      this.#state = (dialog === null ? routing.newState() : stateOf(routing, dialog)) as State;
    }
    return this.#state;
  }

  /**
   * The call as a whole, which is followed from the first use on an INVITE, before it is relayed, to its end. Undefined for
   * requests outside of calls, and within calls that are not followed.
   */
  get dialog(): CallDialog<State> | undefined {
    if (this.#dialog === null) {
      const { routing } = this.#handling;
      const dialog = dialogFor(routing, this.#request, this.#state);
      if (dialog === null) return undefined;
      this.#dialog = new CallDialog<State>(routing, dialog);
    }
    return this.#dialog;
  }

  /** The time in ms since 1970, by the server's clock, which tests simulate. */
  get now(): number {
    return this.#handling.routing.host.clock.date();
  }

  /** Resolves after this many ms of the server's clock, or when the call has ended. */
  sleep(milliseconds: number): Promise<void> {
    return this.#handling.sleep(milliseconds);
  }

  /** Logs lines with the Call-ID. */
  get log(): CallLog {
    return new CallLog(this.#handling);
  }

  /** HTTP requests, with the options of the policy's `rest`. They end when the call does. */
  get rest(): CallRest {
    this.#rest ??= new CallRest(this.#client, this.#handling);
    return this.#rest;
  }

  get #client(): RestClient {
    return this.#handling.routing.rest;
  }

  /** Fires when the call ends before the handler, by {@link Call.ended}. */
  get cancelled(): AbortSignal {
    return this.#handling.cancellation.signal;
  }

  /** Why the call has ended before the handler; undefined if it has not. Replies then have no effect. */
  get ended(): CallEnding | undefined {
    return this.#handling.ended ?? undefined;
  }

  /** Whether the request has its final reply. */
  get isAnswered(): boolean {
    return this.#handling.isAnswered;
  }

  /**
   * Sends a reply; a final one ends a `relay()` under way. Nothing is sent if the call has ended, or has its final reply.
   * @throws RangeError for an invalid status
   * @throws TypeError for invalid headers, or a body without a Content-Type
   */
  reply(status: number, reason?: string, { headers, body, contentType }: ReplyOptions = {}): void {
    if (!isStatus(status)) throw new RangeError(`invalid status ${status}`);
    if (body !== undefined && contentType === undefined) throw new TypeError('a body needs a contentType');
    this.#handling.send({
      status,
      reason: reason === undefined || reason === '' ? reasonPhrase(status) : encode(reason),
      headers: headers === undefined ? undefined : (headerText(headerLines(headers)) ?? undefined),
      body: typeof body === 'object' ? Buffer.from(body).toString('latin1') : body && encode(body),
      contentType,
    });
  }

  /**
   * Relays the request, and resolves once a target has answered or all have failed. After a failure the handler may relay
   * again, or reply; if it just ends, the best reply goes to the caller. Never rejects because of the network.
   * @throws TypeError for invalid targets
   */
  relay(options: RelayOptions = {}): Promise<RelayResult> {
    if (options.recordRoute === true)
      recordRoute(this.#request, { params: '', fromTag: true, double: true, user: null });
    return this.#handling.relay(options);
  }

  /**
   * Runs a route of the policy's script, with its `$param(1)` and so on, to its end: past each `async()` and its resume routes.
   * What it has replied or relayed is done when it returns, while targets may still ring.
   * @throws TypeError if the script has no such route
   */
  async run(route: string, ...parameters: readonly (string | number)[]): Promise<RouteResult> {
    const { status, stopped } = await this.#handling.runRoute(
      route,
      parameters.map((one) => (typeof one === 'string' ? encode(one) : one)),
    );
    return { code: status, exited: stopped };
  }

  /** The value of a script's `$avp(name)`, which its routes share with the handler: the last one set; null if there is none. */
  getAvp(name: string): string | number | null {
    const value = this.#request.avps.get(name);
    return typeof value === 'string' ? decode(value) : value;
  }

  /** Sets `$avp(name)` for the script's routes; null removes it. */
  setAvp(name: string, value: string | number | null): void {
    this.#request.avps.replace(name, typeof value === 'string' ? encode(value) : value);
  }

  /**
   * Accounts the call, as do_accounting() of a script does. Calling it again adds to what is accounted.
   * @throws TypeError if the policy's script does not load `acc`, and for names that it does not know
   */
  account(options: AccountingOptions = {}): void {
    account(this.#request, options);
  }

  /** Leaves the request without an answer, for senders that deserve none. */
  drop(): void {
    this.#handling.isDropped = true;
    this.#request.leaveUnanswered();
  }
}
