import type { Outcome } from './outcome.ts';
import { Pending } from './pending.ts';
import type { HttpRequest } from './request.ts';

/** Sends a request. The promise always resolves to an outcome, whatever happens on the network. */
export type Send = (request: HttpRequest) => Promise<Outcome>;

/**
 * Sits between the calls of a client and its connections: retry, circuit breaker, limits, cache, authentication. It
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

/** A handler as a sender. */
export class HandlerSender implements Sender {
  readonly send: Send;
  readonly #inner: Sender | null;
  readonly #pending = new Pending();

  /** @param inner where the handler sends requests, perhaps without waiting for their outcomes; null: nowhere */
  constructor(send: Send, inner: Sender | null = null) {
    this.#inner = inner;
    this.send = async (request) => {
      this.#pending.begin();
      try {
        return await send(request);
      } finally {
        this.#pending.end();
      }
    };
  }

  get active(): number {
    return this.#pending.count;
  }

  async whenIdle(): Promise<void> {
    await this.#pending.whenIdle();
    await this.#inner?.whenIdle();
  }
}

/** Puts policies in front of a handler; the first policy is outermost. */
export const chainOf = (policies: readonly Policy[], inner: Send): Send =>
  policies.reduceRight<Send>((next, policy) => policy(next), inner);
