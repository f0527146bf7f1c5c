/**
 * Access tokens by OAuth 2 client credentials (RFC 6749, section 4.4). One renewal is under way at a time, over all processes, and
 * begins before the token expires; a token endpoint that fails is not asked again for a while.
 */
import type { Awaitable, Clock } from '../../timers/index.ts';
import type { Outcome } from '../outcome.ts';

/** A token without expires_in is used as long as this, in milliseconds. */
const DEFAULT_LIFETIME = 300_000;
/** One that expires at once is used for a moment, so that not every request asks for a new one. */
const SHORTEST_LIFETIME = 1_000;
const LONGEST_LIFETIME = 30 * 24 * 3_600_000;
const MAX_TOKEN = 16_384;
/** After a failure the endpoint is left alone: at first for so long, then twice as long each time. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** RFC 6750, section 2.1. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** A token, or why there is none. */
export type TokenAnswer = { readonly token: string } | { readonly failure: string };

/** What all processes know of a token, so that one of them asks for it. */
export interface SharedToken {
  /** What the process that asked last has written. */
  read(): string | undefined;
  write(text: string): void;
  /** Waits until no other process asks; false: one did all the time. */
  lock(): Awaitable<boolean>;
  unlock(): void;
}

/** An answer of the token endpoint, by the date. */
type Known =
  | { readonly token: string; readonly issued: number; readonly expires: number }
  | { readonly failure: string; readonly pausedUntil: number; readonly pause: number };

export class TokenSource {
  readonly #clock: Clock;
  readonly #shared: SharedToken | null;
  #known: Known | null = null;
  /** What the known answer was read from. */
  #text: string | undefined = undefined;
  /** Refused by the server, whoever still has it. */
  #rejected = '';
  /** While the endpoint fails, the last token is used until it expires. */
  #last: { readonly token: string; readonly expires: number } | null = null;
  #asking: Promise<TokenAnswer> | null = null;

  constructor(clock: Clock, shared: SharedToken | null = null) {
    this.#clock = clock;
    this.#shared = shared;
  }

  /**
   * A token that is still good, at once if there is one; begins its renewal if that is due.
   * @param renewBefore it expires, in milliseconds
   * @param ask sends the request for one
   */
  get(renewBefore: number, ask: () => Promise<Outcome>): TokenAnswer | Promise<TokenAnswer> {
    this.#hear();
    const due = this.#isDue(renewBefore);
    const token = this.#usable;
    if (token !== null) {
      if (due) void this.#renew(renewBefore, ask);
      return { token };
    }
    const known = this.#known;
    if (this.#asking === null && !due && known !== null && 'failure' in known)
      return { failure: known.failure };
    return this.#renew(renewBefore, ask);
  }

  /** The server does not take this token any more. False: a new one would hardly be better. */
  reject(token: string): boolean {
    const known = this.#known;
    if (token !== this.#usable) return true; // it was renewed meanwhile
    if (known !== null && 'issued' in known && this.#clock.date() - known.issued < SHORTEST_LIFETIME)
      return false;
    this.#rejected = token;
    return true;
  }

  get #usable(): string | null {
    const last = this.#last;
    return last !== null && last.token !== this.#rejected && this.#clock.date() < last.expires
      ? last.token
      : null;
  }

  /** Whether the endpoint should be asked now. */
  #isDue(renewBefore: number): boolean {
    const [known, now] = [this.#known, this.#clock.date()];
    if (known === null) return true;
    // a clock that was set back delays nothing
    if ('failure' in known) return now >= known.pausedUntil || known.pausedUntil > now + LONGEST_PAUSE;
    if (known.token === this.#rejected || now < known.issued) return true;
    const lifetime = known.expires - known.issued;
    return now >= known.issued + Math.max(lifetime - renewBefore, lifetime / 2);
  }

  /** Takes what another process has got. */
  #hear(): void {
    const text = this.#shared?.read();
    if (text === undefined || text === this.#text) return;
    this.#text = text;
    const known = readKnown(text, this.#clock.date());
    if (known !== null) this.#learn(known);
  }

  #learn(known: Known): void {
    this.#known = known;
    if ('token' in known) this.#last = known;
  }

  #renew(renewBefore: number, ask: () => Promise<Outcome>): Promise<TokenAnswer> {
    this.#asking ??= this.#askOnce(renewBefore, ask).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** Asks, unless another process has done so meanwhile. */
  async #askOnce(renewBefore: number, ask: () => Promise<Outcome>): Promise<TokenAnswer> {
    const shared = this.#shared;
    let locked = false;
    try {
      locked = shared !== null && (await shared.lock());
    } catch {
      // nobody keeps the lock: this process asks for itself
    }
    try {
      this.#hear();
      const known = this.#known;
      if (known !== null && !this.#isDue(renewBefore)) return answerOf(known);
      const answered = this.#judge(await ask().catch((error: unknown) => String(error)));
      this.#learn(answered);
      this.#text = JSON.stringify(answered);
      shared?.write(this.#text);
      return answerOf(answered);
    } finally {
      if (locked) shared?.unlock();
    }
  }

  #judge(outcome: Outcome | string): Known {
    if (typeof outcome === 'string') return this.#failed(outcome);
    if (outcome.kind !== 'response') return this.#failed(`${outcome.kind}, ${outcome.reason}`);
    if (!outcome.ok)
      return this.#failed(`the token endpoint answers ${outcome.status}${oauthError(outcome.text)}`);
    const read = readToken(outcome.text);
    if (typeof read === 'string') return this.#failed(`the token endpoint answers with ${read}`);
    const now = this.#clock.date();
    return { token: read.token, issued: now, expires: now + read.lifetime };
  }

  #failed(failure: string): Known {
    const before = this.#known !== null && 'pause' in this.#known ? this.#known.pause : 0;
    const pause = Math.min(Math.max(before * 2, FIRST_PAUSE), LONGEST_PAUSE);
    return { failure, pause, pausedUntil: this.#clock.date() + pause };
  }
}

const answerOf = (known: Known): TokenAnswer =>
  'token' in known ? { token: known.token } : { failure: known.failure };

/** What another process has written, for no longer than it could be true however its clock was set. */
function readKnown(text: string, now: number): Known | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object') return null;
  const { token, issued, expires, failure, pause, pausedUntil } = value as Readonly<Record<string, unknown>>;
  if (typeof token === 'string' && typeof issued === 'number' && typeof expires === 'number')
    return { token, issued, expires: Math.min(expires, now + LONGEST_LIFETIME) };
  if (typeof failure === 'string' && typeof pause === 'number' && typeof pausedUntil === 'number')
    return { failure, pause, pausedUntil: Math.min(pausedUntil, now + LONGEST_PAUSE) };
  return null;
}

/** The token and its lifetime, or what is wrong; never a part of what was sent, which may be secret. */
function readToken(text: string): { readonly token: string; readonly lifetime: number } | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'something that is not JSON';
  }
  if (value === null || typeof value !== 'object') return 'JSON that is not an object';
  const fields = new Map<string, unknown>(Object.entries(value));
  const token = fields.get('access_token');
  const type = fields.get('token_type') ?? 'bearer';
  const expires = Number(fields.get('expires_in') ?? Number.NaN);
  if (typeof token !== 'string' || token === '') return 'no access_token';
  if (token.length > MAX_TOKEN || !TOKEN.test(token)) return 'an access_token that cannot be sent';
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') return 'a token_type other than Bearer';
  const lifetime = Number.isNaN(expires) ? DEFAULT_LIFETIME : expires * 1_000;
  return { token, lifetime: Math.min(Math.max(lifetime, SHORTEST_LIFETIME), LONGEST_LIFETIME) };
}

/** The error code of RFC 6749, section 5.2, which is not secret. */
function oauthError(text: string): string {
  const code = /"error"\s*:\s*"([a-z_]{1,40})"/.exec(text)?.[1];
  return code === undefined ? '' : `, ${code}`;
}
