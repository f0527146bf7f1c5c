/** A registration that is kept up (RFC 3261, 10.2). */
import { sendUacRequest, UacError } from '../../relay/index.ts';
import type { RunRouting } from '../../runtime/index.ts';
import { randomToken, type SipResponse } from '../../sip/index.ts';
import type { TimerHandle } from '../../timers/index.ts';
import { answerTo, challengesOf } from '../uac-auth/challenge.ts';
import { credentialFor } from '../uac-auth/credentials.ts';
import { parameters } from './parameters.ts';
import type { Registrant } from './registrant.ts';

/** With the numbers of the manual. */
export const states = {
  NOT_REGISTERED: 0,
  REGISTERING: 1,
  AUTHENTICATING: 2,
  REGISTERED: 3,
  REGISTER_TIMEOUT: 4,
  INTERNAL_ERROR: 5,
  WRONG_CREDENTIALS: 6,
  REGISTRAR_ERROR: 7,
  UNREGISTERING: 8,
  AUTHENTICATING_UNREGISTER: 9,
} as const;
export type RegistrationState = keyof typeof states;

/** A registration is renewed at the latest so long before it expires, in ms. */
const margin = 5000;
/** When one that failed is tried again at the latest, in ms, unless a parameter says when. */
const longestRetry = 60_000;

export interface RegistrationUser {
  readonly routing: RunRouting;
  changed(registration: Registration): void;
}

export class Registration {
  registrant: Registrant;
  state: RegistrationState = 'NOT_REGISTERED';
  /** In ms since 1970; null before. */
  lastSent: number | null = null;
  registeredUntil: number | null = null;
  /** Why the last attempt failed; null if it did not. */
  failure: string | null = null;
  readonly #user: RegistrationUser;
  readonly #callId = randomToken();
  readonly #tag = randomToken();
  #cseq = 0;
  #expiry: number;
  /** The proxy that answered last. */
  #proxy = 0;
  #timer: TimerHandle | null = null;
  /** Counts what was begun, so that an answer to something earlier has no effect. */
  #turn = 0;

  constructor(user: RegistrationUser, registrant: Registrant) {
    this.#user = user;
    this.registrant = registrant;
    this.#expiry = registrant.expiry;
  }

  /** Registers now, and keeps it up. */
  register(): void {
    this.#expiry = this.registrant.expiry;
    void this.#run('REGISTERING', 'AUTHENTICATING', () => this.#expiry);
  }

  /** Takes the registration back. */
  async unregister(): Promise<void> {
    if (this.registeredUntil === null) return this.stop();
    await this.#run('UNREGISTERING', 'AUTHENTICATING_UNREGISTER', () => 0);
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#turn++;
    this.#wait(null);
  }

  #wait(milliseconds: number | null): void {
    const { clock } = this.#user.routing.host;
    if (this.#timer !== null) clock.clearTimer(this.#timer);
    this.#timer = milliseconds === null ? null : clock.setTimer(milliseconds, () => this.register());
  }

  #become(state: RegistrationState): void {
    this.state = state;
    this.#user.changed(this);
  }

  async #run(first: RegistrationState, second: RegistrationState, expires: () => number): Promise<void> {
    this.#wait(null);
    this.#turn++;
    const turn = this.#turn;
    this.#become(first);
    try {
      let response = await this.#send(expires(), null);
      if (turn !== this.#turn) return;
      if (response.status === 423) {
        // RFC 3261, 10.2.8
        this.#expiry = Math.max(this.#expiry, Number(response.header('min-expires') ?? 0) || 0);
        response = await this.#send(expires(), null);
      }
      // a nonce that is too old is worth another try (RFC 7616, 3.3)
      for (let tries = 0; isChallenge(response) && tries < 2; tries++) {
        const answer = this.#answerTo(response);
        if (answer === null || turn !== this.#turn) break;
        this.#become(second);
        response = await this.#send(expires(), answer);
        if (!/stale\s*=\s*"?true/i.test(headersOf(response))) break;
      }
      if (turn === this.#turn) this.#ended(response, expires() === 0);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#failed(error instanceof UacError ? 'REGISTER_TIMEOUT' : 'INTERNAL_ERROR', String(error));
    }
  }

  #answerTo(response: SipResponse): string | null {
    const { routing } = this.#user;
    const { username, password, registrar } = this.registrant;
    const own = username === null || password === null ? null : { user: username, password };
    for (const challenge of challengesOf(response)) {
      const credential = own ?? credentialFor(routing, challenge.realm);
      if (credential !== null)
        return answerTo(challenge, credential, { method: 'REGISTER', uri: registrar, body: '' });
    }
    return null;
  }

  /** Tries the proxies in order, that which answered last first. */
  async #send(expires: number, answer: string | null): Promise<SipResponse> {
    const { aor, thirdParty, contact, params, registrar, proxies, socket } = this.registrant;
    const hops = proxies.length === 0 ? [registrar] : proxies;
    const { routing } = this.#user;
    this.lastSent = routing.host.clock.date();
    for (let tried = 0; ; tried++) {
      const place = (this.#proxy + tried) % hops.length;
      this.#cseq++;
      try {
        const response = await sendUacRequest(routing, {
          method: 'REGISTER',
          uri: registrar,
          nextHop: hops[place],
          cseq: this.#cseq,
          socket: socket ?? undefined,
          headers:
            [
              `From: <${thirdParty ?? aor}>;tag=${this.#tag}`,
              `To: <${aor}>`,
              `Call-ID: ${this.#callId}`,
              `Contact: <${contact}>${params}`,
              `Expires: ${expires}`,
              '',
            ].join('\r\n') + (answer ?? ''),
        });
        // a server that fails by itself is like one that does not answer (RFC 3263, 4.3)
        if (response.status !== 503 || tried >= hops.length - 1) {
          this.#proxy = place;
          return response;
        }
      } catch (error) {
        if (!(error instanceof UacError) || tried >= hops.length - 1) throw error;
      }
    }
  }

  #ended(response: SipResponse, isRemoval: boolean): void {
    const { status, reason } = response;
    if (status >= 300) {
      const state = isChallenge(response) ? 'WRONG_CREDENTIALS' : 'REGISTRAR_ERROR';
      this.#failed(state, `${status} ${reason}`);
      return;
    }
    this.failure = null;
    if (isRemoval) {
      this.registeredUntil = null;
      this.#become('NOT_REGISTERED');
      return;
    }
    const { clock } = this.#user.routing.host;
    const expires = 1000 * (expiresOf(response, this.registrant.contact) ?? this.#expiry);
    this.registeredUntil = clock.date() + expires;
    const { reregister_expiry_percentage: percentage } = this.#user.routing.parameters(parameters);
    this.#wait(
      Math.max(1000, Math.min((expires * percentage) / 100, expires - Math.min(margin, expires / 2))),
    );
    this.#become('REGISTERED');
  }

  #failed(state: RegistrationState, why: string): void {
    const { failure_retry_interval: interval } = this.#user.routing.parameters(parameters);
    this.failure = why;
    if ((this.registeredUntil ?? 0) <= this.#user.routing.host.clock.date()) this.registeredUntil = null;
    this.#wait(interval > 0 ? 1000 * interval : Math.min(1000 * this.#expiry, longestRetry));
    this.#become(state);
  }
}

const isChallenge = ({ status }: SipResponse) => status === 401 || status === 407;

const headersOf = (response: SipResponse) =>
  [...response.headerAll('www-authenticate'), ...response.headerAll('proxy-authenticate')].join('\n');

/** How long the registrar has registered the contact, in seconds; null if it does not say. */
function expiresOf(response: SipResponse, uri: string): number | null {
  const contacts = response.contacts ?? [];
  const own = contacts.find((one) => one.uri === uri) ?? (contacts.length === 1 ? contacts[0] : undefined);
  const text = own?.parameter('expires') ?? response.header('expires');
  const seconds = Number(text ?? Number.NaN);
  return Number.isInteger(seconds) && seconds > 0 && seconds < 2 ** 31 ? seconds : null;
}
