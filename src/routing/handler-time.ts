/** A handler's time: what it waits for, how long it may take, and what ends its call before it has finished. */
import { type Log, type LogFields, type LogSubject, type Request, subjectOf } from '../runtime/index.ts';
import { Cancellation, Deadline, Timer } from '../timers/index.ts';
import type { PolicyRouting } from './policy-routing.ts';

/**
 * Why a call ended before its handler: the caller `cancelled` it, the handler reached its `limit`, or the caller is
 * `gone`: replies cannot be sent, or the ACK is missing.
 */
export type CallEnding = 'cancelled' | 'limit' | 'gone';

/** What REST requests that the end of the call has ended give as their reason. */
const endings: Readonly<Record<CallEnding, string>> = {
  cancelled: 'the caller has cancelled',
  limit: 'the handler has reached its limit',
  gone: 'the caller is gone',
};

export abstract class HandlerTime extends Deadline implements LogSubject {
  readonly routing: PolicyRouting;
  readonly request: Request;
  ended: CallEnding | null = null;
  /** Whether the handler has returned, and its promise has settled. */
  protected isOver = false;
  /** How many things it waits for that siprest provides. */
  #waits = 0;
  /** Whether it counts as waiting, with its deadline running. */
  #isCounted = false;
  /** How long it may still take, in ms. */
  #left: number;
  /** How long it has run and waited, and since when it does. */
  #spent = 0;
  #countedSince = 0;
  /** Wakes those that wait in sleep(). */
  #sleepers: Set<() => void> | null = null;
  #cancellation: Cancellation | null = null;

  constructor(routing: PolicyRouting, request: Request) {
    super();
    this.routing = routing;
    this.request = request;
    this.#left = routing.handlerTime;
  }

  /** The handler, for the log: `onInvite`. */
  abstract readonly name: string;
  /** As errors name it: `the handler of INVITE`. */
  abstract get title(): string;
  /** It has returned, or waits for the first time. */
  abstract ran(milliseconds: number): void;

  get callId(): string {
    return this.request.message?.callId ?? '';
  }

  get log(): Log {
    return this.routing.log;
  }

  get logLevel(): number {
    return this.log.levelFor(this.request.message, this.log.logLevel);
  }

  /** The members of a JSON line: the call and the handler. */
  get logFields(): LogFields {
    return { ...subjectOf(this.request.message)?.logFields, route: this.name };
  }

  get isUnderWay(): boolean {
    return !this.isOver;
  }

  get waitsElsewhere(): boolean {
    return !this.isOver && this.#waits === 0;
  }

  /** The handler waits for something that {@link continues} ends. */
  waits(): void {
    this.#waits++;
  }

  /** The handler goes on after waiting. */
  continues(): void {
    this.#waits--;
    if (!this.isOver) this.routing.watch.begins(this);
  }

  sleep(milliseconds: number): Promise<void> {
    this.waits();
    return new Promise((resolve) => {
      const { timers } = this.routing;
      const wake = () => {
        timers.stop(timer);
        this.#sleeping.delete(wake);
        this.continues();
        resolve();
      };
      const timer = new Timer(wake);
      this.#sleeping.add(wake);
      timers.start(timer, milliseconds);
      if (this.ended !== null) wake();
    });
  }

  get #sleeping(): Set<() => void> {
    this.#sleepers ??= new Set();
    return this.#sleepers;
  }

  /** Cancelled when the call ends before its handler. */
  get cancellation(): Cancellation {
    if (this.#cancellation === null) {
      this.#cancellation = new Cancellation();
      if (this.ended !== null) this.#cancellation.cancel(endings[this.ended]);
    }
    return this.#cancellation;
  }

  /** The call ends before its handler. */
  protected end(why: CallEnding): void {
    if (this.ended !== null || this.isOver) return;
    this.ended = why;
    this.#cancellation?.cancel(endings[why]);
    for (const wake of this.#sleepers ?? []) wake();
  }

  /** The handler waits without a worker. */
  protected count(): void {
    if (this.#isCounted || this.ended === 'limit') return;
    this.#isCounted = true;
    this.#countedSince = this.routing.timers.clock.now();
    this.routing.handlers.handlerBegan(this.#size);
    if (Number.isFinite(this.#left)) this.routing.timers.start(this, Math.max(this.#left, 0));
  }

  /** It has ended, or waits for others. */
  protected pause(): void {
    if (!this.#isCounted) return;
    this.#isCounted = false;
    this.routing.handlers.handlerEnded(this.#size);
    const { timers } = this.routing;
    const now = timers.clock.now();
    this.#spent += now - this.#countedSince;
    if (!this.running) return;
    this.#left = this.due - now;
    timers.stop(this);
  }

  /** How long it has run and waited after its first pause, without relay(), in ms. */
  protected get spent(): number {
    return this.#spent;
  }

  get #size(): number {
    return this.request.message?.raw.length ?? 0;
  }
}
