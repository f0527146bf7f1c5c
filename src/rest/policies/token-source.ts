/**
 * Access tokens by OAuth 2 client credentials (RFC 6749, section 4.4). One renewal is under way at a time, and begins
 * before the token expires; a token endpoint that fails is not asked again for a while.
 */
import type { Clock } from '../../timers/index.ts';
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

export class TokenSource {
  readonly #clock: Clock;
  #token: string | null = null;
  #issuedAt = 0;
  #renewAt = 0;
  #expiresAt = 0;
  #asking: Promise<TokenAnswer> | null = null;
  #pausedUntil = 0;
  #pause = 0;
  #failure = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A token that is still good, at once if there is one; begins its renewal if that is due.
   * @param renewBefore it expires, in milliseconds
   * @param ask sends the request for one
   */
  get(renewBefore: number, ask: () => Promise<Outcome>): TokenAnswer | Promise<TokenAnswer> {
    const now = this.#clock.now();
    if (this.#token !== null && now < this.#expiresAt) {
      if (now >= this.#renewAt && now >= this.#pausedUntil) void this.#renew(renewBefore, ask);
      return { token: this.#token };
    }
    if (this.#asking === null && now < this.#pausedUntil) return { failure: this.#failure };
    return this.#renew(renewBefore, ask);
  }

  /** The server does not take this token any more. False: a new one would hardly be better. */
  reject(token: string): boolean {
    if (token !== this.#token) return true; // it was renewed meanwhile
    if (this.#clock.now() - this.#issuedAt < SHORTEST_LIFETIME) return false;
    this.#token = null;
    return true;
  }

  #renew(renewBefore: number, ask: () => Promise<Outcome>): Promise<TokenAnswer> {
    this.#asking ??= ask().then(
      (outcome) => this.#onAnswer(outcome, renewBefore),
      (error: unknown) => this.#onFailure(error instanceof Error ? error.message : String(error)),
    );
    return this.#asking;
  }

  #onAnswer(outcome: Outcome, renewBefore: number): TokenAnswer {
    if (outcome.kind !== 'response') return this.#onFailure(`${outcome.kind}, ${outcome.reason}`);
    if (!outcome.ok)
      return this.#onFailure(`the token endpoint answers ${outcome.status}${oauthError(outcome.text)}`);
    const read = readToken(outcome.text);
    if (typeof read === 'string') return this.#onFailure(`the token endpoint answers with ${read}`);
    const now = this.#clock.now();
    this.#asking = null;
    this.#pause = 0;
    this.#token = read.token;
    this.#issuedAt = now;
    this.#expiresAt = now + read.lifetime;
    this.#renewAt = now + Math.max(read.lifetime - renewBefore, read.lifetime / 2);
    return { token: read.token };
  }

  #onFailure(failure: string): TokenAnswer {
    this.#asking = null;
    this.#pause = Math.min(Math.max(this.#pause * 2, FIRST_PAUSE), LONGEST_PAUSE);
    this.#pausedUntil = this.#clock.now() + this.#pause;
    this.#failure = failure;
    return { failure };
  }
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
