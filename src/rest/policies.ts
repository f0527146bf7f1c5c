import type { Outcome } from './outcome.ts';
import type { HttpRequest } from './request.ts';

/** Sends a request. The promise always resolves to an outcome, whatever happens on the network. */
export type Send = (request: HttpRequest) => Promise<Outcome>;

/**
 * Sits between the calls of a client and its connections: retry, circuit breaker, limits, cache, authentication. It
 * is called once, when the client is created, with the next handler, and returns a handler in its place, which may
 * is called once, when the client is created, with the next handler, and returns its own, which may inspect a request,
 * change it, send it several times, answer without sending it, or inspect the outcome.
 * State in the policy's closure belongs to one client, state outside of it is shared. A policy that throws rejects the
 * call: like an invalid option, that is an error in the program.
 *
 * @example
 * const withinOneSecond: Policy = (next) => (request) =>
 *   next({ ...request, timeout: Math.min(request.timeout, 1000) });
 */
export type Policy = (next: Send) => Send;

/** Sends a client's requests. */
export interface Sender {
  readonly send: Send;
  /** Pending requests. */
  readonly active: number;
  /** Resolves as soon as none are pending. */
  whenIdle(): Promise<void>;
}

/** Takes requests in place of connections. */
export class Substitute implements Sender {
  readonly send: Send;
  #active = 0;
  #onIdle: (() => void) | null = null;

  constructor(send: Send) {
    this.send = async (request) => {
      this.#active++;
      try {
        return await send(request);
      } finally {
        this.#active--;
        if (this.#active === 0) this.#onIdle?.();
      }
    };
  }

  get active(): number {
    return this.#active;
  }

  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#active === 0) resolve();
    });
  }
}

/** Puts a client's policies in front of its sender; the first policy is outermost. */
export class PolicyChain implements Sender {
  readonly send: Send;
  readonly #inner: Sender;
  #active = 0;
  #onIdle: (() => void) | null = null;

  constructor(policies: readonly Policy[], inner: Sender) {
    this.#inner = inner;
    const chain = policies.reduceRight<Send>((next, policy) => policy(next), inner.send);
    this.send = async (request) => {
      this.#active++;
      try {
        return await chain(request);
      } finally {
        this.#active--;
        if (this.#active === 0) this.#onIdle?.();
      }
    };
  }

  get active(): number {
    return this.#active;
  }

  async whenIdle(): Promise<void> {
    if (this.#active > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    // a policy may have sent requests without waiting for their outcomes
    await this.#inner.whenIdle();
  }
}
