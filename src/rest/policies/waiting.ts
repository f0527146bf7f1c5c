/** Waiting within a policy: the call's own time limit and its signal count there too. */
import type { Clock, TimerHandle } from '../../timers/index.ts';
import { abortReason, unwatchSignal, watchSignal } from '../abort-signals.ts';
import { ErrorOutcome } from '../outcome.ts';
import type { HttpRequest } from '../request.ts';

/** What is left of a request's time limit, in milliseconds, since a policy was given it. */
export const timeLeft = ({ timeout }: HttpRequest, started: number, clock: Clock): number =>
  timeout - (clock.now() - started);

/** The request with this many milliseconds left: itself, if none has passed. */
export function withTimeLeft(request: HttpRequest, left: number): HttpRequest {
  if (left === request.timeout) return request;
  return { ...request, timeout: left, connectTimeout: Math.min(request.connectTimeout, left) };
}

/** Why a wait ended: its event happened, its time passed, or the signal of the request fired. */
export type WaitEnd = 'event' | 'time' | 'aborted';

/** A wait for an event, for a time, or for the signal of a request, whichever is first. */
export class Wait {
  readonly ended: Promise<WaitEnd>;
  #end: (how: WaitEnd) => void = () => {};
  readonly #clock: Clock;
  readonly #timer: TimerHandle;
  readonly #signal: AbortSignal | null;
  readonly #abortable = { abort: (): void => this.end('aborted') };

  constructor(clock: Clock, milliseconds: number, signal: AbortSignal | null) {
    this.#clock = clock;
    this.#signal = signal;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#timer = clock.setTimer(milliseconds, () => this.end('time'));
    this.#timer.ref(); // nothing else keeps the process alive for the request
    if (signal?.aborted === true) this.end('aborted');
    else if (signal !== null) watchSignal(signal, this.#abortable);
  }

  end(how: WaitEnd): void {
    this.#clock.clearTimer(this.#timer);
    if (this.#signal !== null) unwatchSignal(this.#signal, this.#abortable);
    this.#end(how);
  }
}

/** The outcome of a request whose signal fired while a policy held it. */
export function abortedOutcome({ signal }: HttpRequest): ErrorOutcome {
  return new ErrorOutcome('aborted', signal === null ? 'aborted' : abortReason(signal));
}
