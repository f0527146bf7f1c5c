import type { ErrorCode } from './failure.ts';
import { type Fields, firstField, valuesOf } from './header-fields.ts';
import {
  type CallFigures,
  type ConnectionInfo,
  clockOf,
  type Ended,
  type EndedWithAnswer,
  fieldsOf,
  NO_HEADERS,
  type PhaseClock,
  type PhaseTimes,
  type RawHeaders,
  UNSENT,
} from './transfer-end.ts';

/**
 * The result of a request, by `kind`. `rc` and `retcode` are a script's return codes:
 *
 * | kind | rc | | retcode |
 * | --- | --- | --- | --- |
 * | `response` | 1 | an answer arrived, whatever its status | its status |
 * | `refused` | -1 | connection refused, or no route to the host | 0 |
 * | `connect-timeout` | -2 | no connection in time: DNS, TCP and TLS | 0 |
 * | `timeout` | -3 | connected, but no complete answer in time | the status, 0 before it |
 * | `locked` | -4 | another client is connecting to this host name, under the connect lock | 0 |
 * | `blocked` | -5 | refused by a policy, which `policy` names | 0 |
 * | `error` | -10 | anything else, by `code` | the status, 0 before it |
 *
 * Only a response and a timeout have status, headers and body, a timeout the part that arrived. Only a failure has a
 * reason.
 *
 * @example
 * if (outcome.kind === 'response') console.log(outcome.status, outcome.text);
 * else console.error(outcome.kind, outcome.reason);
 */
export type Outcome = ResponseOutcome | FailureOutcome;

/** The result of a request without a complete answer. */
export type FailureOutcome =
  | RefusedOutcome
  | ConnectTimeoutOutcome
  | TimeoutOutcome
  | LockedOutcome
  | BlockedOutcome
  | ErrorOutcome;

/** The return code of `rest_get()` in a script. */
export type ReturnCode = Outcome['rc'];

/** Properties of every outcome: plain values that never change. (Assigned, not initialized: see `Deadline`.) */
abstract class BaseOutcome {
  /** The connection that was used, or null. */
  declare readonly connection: ConnectionInfo | null;
  /** Whether that connection had served a request before. */
  declare readonly reused: boolean;

  /** @internal */
  constructor({ info, reused }: Ended) {
    this.connection = info;
    this.reused = reused;
  }

  /** @internal */
  protected abstract get clock(): PhaseClock;

  /** When each phase ended. */
  get times(): PhaseTimes {
    return this.#timesFrom(this.clock.call?.started ?? this.clock.started);
  }

  /** When each phase of this attempt ended, after its own start. @internal */
  get attemptTimes(): PhaseTimes {
    return this.#timesFrom(this.clock.started);
  }

  #timesFrom(from: number): PhaseTimes {
    const { lookup, connect, tls, firstByte, ended } = this.clock;
    const since = (at: number): number => (at === 0 ? 0 : at - from);
    return {
      lookup: since(lookup),
      connect: since(connect),
      tls: since(tls),
      firstByte: since(firstByte),
      total: ended - from,
    };
  }

  /**
   * How many attempts the call took: more than one after retries, redirects, or requests to several replicas. 0 if none was
   * made: a policy refused the call, or a cache answered it.
   */
  get attempts(): number {
    const { clock } = this;
    return clock.call?.attempts ?? (clock === UNSENT.clock ? 0 : 1);
  }

  /** How long this attempt took, in milliseconds, without stalls of this process. @internal */
  get attemptTime(): number {
    const { started, ended, stalled } = this.clock;
    return Math.max(ended - started - stalled, 0);
  }

  /** Whether so much of the attempt's time was taken by stalls of this process that it says nothing of the service. @internal */
  get wasStalled(): boolean {
    const { started, ended, stalled } = this.clock;
    return stalled > 0 && stalled * 3 >= ended - started;
  }

  /** Whether a policy made the outcome, and no transfer. @internal */
  get isOfPolicy(): boolean {
    return this.clock === UNSENT.clock;
  }
}

/** Status, headers and body, or the part of them that arrived. */
abstract class AnswerOutcome extends BaseOutcome {
  /** HTTP status; 0 for a timeout before the status line. */
  declare readonly status: number;
  /** The received bytes, without chunked framing. */
  declare readonly body: Buffer;
  /** The last Content-Type as a byte string, or ''. */
  declare readonly contentType: string;
  readonly #rawHeaders: RawHeaders;
  readonly #clock: PhaseClock;

  /** @internal */
  constructor(ended: EndedWithAnswer) {
    super(ended);
    this.status = ended.status;
    this.body = ended.received;
    this.contentType = ended.contentType;
    this.#rawHeaders = ended.rawHeaders ?? NO_HEADERS;
    this.#clock = ended.clock;
  }

  /** @internal */
  protected override get clock(): PhaseClock {
    return this.#clock;
  }

  /** The status, as in a script. */
  get retcode(): number {
    return this.status;
  }

  /** The body as UTF-8 text. */
  get text(): string {
    return this.body.toString('utf8');
  }

  /** The body as JSON. @throws SyntaxError if it is not JSON */
  json(): unknown {
    return JSON.parse(this.text);
  }

  /** The received header fields in order: names and values as byte strings. */
  get headers(): readonly (readonly [name: string, value: string])[] {
    const fields = this.#fields;
    const out: [string, string][] = [];
    for (let i = 0; i + 1 < fields.length; i += 2) out.push([fields[i] ?? '', fields[i + 1] ?? '']);
    return out;
  }

  /** The first field of that name, in any case, or undefined. */
  header(name: string): string | undefined {
    return firstField(this.#fields, name.toLowerCase());
  }

  /** The header as it arrived. @internal */
  get rawHeaders(): RawHeaders {
    return this.#rawHeaders;
  }

  get #fields(): readonly string[] {
    return fieldsOf(this.#rawHeaders);
  }
}

/** A failure that has only a reason. */
abstract class EmptyOutcome extends BaseOutcome {
  /** What went wrong, for people and logs. Contains neither passwords nor the URL's query. */
  declare readonly reason: string;
  readonly #clock: PhaseClock;

  /** @internal */
  constructor(reason: string, ended: Ended = UNSENT) {
    super(ended);
    this.reason = reason;
    this.#clock = ended.clock;
  }

  /** @internal */
  protected override get clock(): PhaseClock {
    return this.#clock;
  }

  /** Only a response can be. */
  get ok(): false {
    return false;
  }

  /** 0: no answer has arrived. */
  get retcode(): number {
    return 0;
  }
}

/** Parts of a response that no server has sent. */
export interface ResponseParts {
  /** Default 200. */
  readonly status?: number | undefined;
  /** Names and values, byte strings. Default: none. */
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Text, encoded as UTF-8, or bytes. Default: empty. */
  readonly body?: string | Uint8Array | undefined;
  /** Default false. */
  readonly fromCache?: boolean | undefined;
}

/** An answer as a cache gives it. */
interface KeptAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Headers and body of an answer that was not read from a connection. */
const answerOf = (fields: Fields, received: Buffer) => ({
  rawHeaders: fields.flat(),
  contentType: valuesOf(fields, 'content-type').at(-1) ?? '',
  received,
});

/** An answer has arrived, whatever its status. */
export class ResponseOutcome extends AnswerOutcome {
  /** The kind of outcome. */
  declare readonly kind: 'response';
  /** Whether the answer came from a cache. */
  declare readonly fromCache: boolean;

  /** @internal */
  constructor(ended: EndedWithAnswer, fromCache = false) {
    super(ended);
    this.kind = 'response';
    this.fromCache = fromCache;
  }

  /** The same answer with other fields and another body. @internal */
  static changed(
    outcome: ResponseOutcome,
    { fields, body }: { readonly fields: Fields; readonly body: Buffer },
  ): ResponseOutcome {
    const { clock, connection: info, reused, status, fromCache } = outcome;
    return new ResponseOutcome({ clock, info, reused, status, ...answerOf(fields, body) }, fromCache);
  }

  /** What a cache has kept, with its fields as of `now`, for a call, and with a body of the caller's own. @internal */
  static kept(
    { status, contentType, body }: KeptAnswer,
    rawHeaders: readonly string[],
    call: CallFigures | null,
    now: number,
  ): ResponseOutcome {
    const clock = call === null ? UNSENT.clock : clockOf(call, now);
    const received = Buffer.from(body);
    return new ResponseOutcome(
      { clock, info: null, reused: false, status, contentType, rawHeaders, received },
      true,
    );
  }

  /** A response created by a policy, without sending the request. */
  static of({ status = 200, headers = [], body = '', fromCache }: ResponseParts = {}): ResponseOutcome {
    return new ResponseOutcome({ ...UNSENT, status, ...answerOf(headers, Buffer.from(body)) }, fromCache);
  }

  /** The return code, as in a script. */
  get rc(): 1 {
    return 1;
  }

  /** True for a 2xx status. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
}

/** Connected, but no complete answer in time. Contains the part that arrived. */
export class TimeoutOutcome extends AnswerOutcome {
  /** The kind of outcome. */
  declare readonly kind: 'timeout';
  /** What went wrong, for people and logs. */
  declare readonly reason: string;

  /** @internal */
  constructor(reason: string, ended: EndedWithAnswer = UNSENT) {
    super(ended);
    this.kind = 'timeout';
    this.reason = reason;
  }

  /** The return code, as in a script. */
  get rc(): -3 {
    return -3;
  }

  /** Only a response can be. */
  get ok(): false {
    return false;
  }
}

/** The connection was refused, or no route leads to the host. */
export class RefusedOutcome extends EmptyOutcome {
  /** The kind of outcome. */
  readonly kind = 'refused';

  /** The return code, as in a script. */
  get rc(): -1 {
    return -1;
  }
}

/** No connection in time: DNS, TCP and TLS together. */
export class ConnectTimeoutOutcome extends EmptyOutcome {
  /** The kind of outcome. */
  readonly kind = 'connect-timeout';

  /** The return code, as in a script. */
  get rc(): -2 {
    return -2;
  }
}

/** Another client is connecting to this host name, under the connect lock. */
export class LockedOutcome extends EmptyOutcome {
  /** The kind of outcome. */
  readonly kind = 'locked';

  /** The return code, as in a script. */
  get rc(): -4 {
    return -4;
  }
}

/** A policy refused the request. */
export class BlockedOutcome extends EmptyOutcome {
  /** The kind of outcome. */
  readonly kind = 'blocked';
  /** The policy that refused it, such as `breaker` or `limits`, or ''. */
  readonly policy: string;

  /**
   * Creates the outcome for a policy.
   * @param reason why, for people and logs
   * @param policy its name
   */
  constructor(reason: string, policy?: string);
  /** @internal */
  constructor(reason: string, policy: string, ended: Ended);
  constructor(reason: string, policy = '', ended: Ended = UNSENT) {
    super(reason, ended);
    this.policy = policy;
  }

  /** The return code, as in a script. */
  get rc(): -5 {
    return -5;
  }
}

/** Any other failure, by its code. */
export class ErrorOutcome extends EmptyOutcome {
  /** The kind of outcome. */
  readonly kind = 'error';
  /** The kind of error. */
  readonly code: ErrorCode;
  readonly #status: number;

  /** @internal */
  constructor(code: ErrorCode, reason: string, ended: Ended = UNSENT) {
    super(reason, ended);
    this.code = code;
    this.#status = ended.status;
  }

  /** The return code, as in a script. */
  get rc(): -10 {
    return -10;
  }

  /** The status of the answer that failed, as in a script; 0 if none had arrived. */
  override get retcode(): number {
    return this.#status;
  }
}
