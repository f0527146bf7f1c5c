/** Finds the handler that has blocked the event loop. */
import { type Host, StateKey } from '../runtime/index.ts';

/** What the watch knows of a handler. */
export interface WatchedHandler {
  readonly name: string;
  readonly callId: string;
  /** As errors name it: `the handler of INVITE`. */
  readonly title: string;
  /** Whether it has not ended. */
  readonly isUnderWay: boolean;
  /** Whether it is running and waits for something other than what siprest provides: replies, REST answers, sleep(), routes. */
  readonly waitsElsewhere: boolean;
  /** It has returned, or waits for the first time. */
  ran(milliseconds: number): void;
}

/** Shorter stretches are not of interest, in ms. */
const longStretch = 100;

export class HandlerWatch {
  #running: WatchedHandler | null = null;
  #since = 0;
  #longest = 0;
  #worst: WatchedHandler | null = null;

  /** Calls a handler. */
  run<A, R>(handler: WatchedHandler, body: (argument: A) => R, argument: A): R {
    this.begins(handler);
    const began = this.#since;
    try {
      return body(argument);
    } finally {
      this.ends();
      handler.ran(performance.now() - began);
    }
  }

  /** A handler runs from now on: it was called, or what it waited for has ended. */
  begins(handler: WatchedHandler): void {
    const now = performance.now(); // CPU time, so always the real clock
    this.#close(now);
    this.#running = handler;
    this.#since = now;
  }

  /** Other code runs: it has returned, or the event loop continues. */
  ends(): void {
    if (this.#running === null) return;
    this.#close(performance.now());
    this.#running = null;
  }

  #close(now: number): void {
    const took = now - this.#since;
    if (this.#running === null || took < longStretch || took <= this.#longest) return;
    this.#longest = took;
    this.#worst = this.#running;
  }

  /** The longest stretch since the last call, for the log; '' if there was none. */
  take(): string {
    const worst = this.#worst;
    if (worst === null) return '';
    const text = `${worst.name}() ran for ${Math.round(this.#longest)} ms without a pause, Call-ID ${worst.callId}`;
    this.#worst = null;
    this.#longest = 0;
    return text;
  }
}

export const handlerWatch = new StateKey<Host, HandlerWatch>('handler watch', () => new HandlerWatch());
