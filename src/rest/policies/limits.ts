/**
 * Limits of a host: requests at a time, per second, and bytes of bodies. A request beyond them waits for its turn, in
 * the order of asking, or is refused; neither touches the network.
 */
import { ByteBudget } from '../../timers/index.ts';
import type { Outcome } from '../outcome.ts';
import type { Policy } from '../policies.ts';
import type { HttpRequest } from '../request.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import type { HostContext } from './context.ts';
import type { SectionValues } from './host-options.ts';
import { RateWindow } from './rate-window.ts';
import { abortedOutcome, Wait, withTimeLeft } from './waiting.ts';

type LimitSettings = SectionValues<'limits'>;

const MOST_ADAPTIVE = 1_000;
/** Answers that say that the service has too much to do. */
const OVERLOADED: ReadonlySet<number> = new Set([429, 503, 504]);

interface Waiting {
  readonly bytes: number;
  readonly wait: Wait;
}

/** What is under way to one host. */
export class LimitState {
  /** Bodies of requests and answers under way. */
  readonly bodies: ByteBudget | null;
  #active = 0;
  readonly #queue = new Set<Waiting>();
  readonly #most: number;
  readonly #adaptive: AdaptiveLimit | null;
  readonly #rate: RateWindow | null;

  constructor({ concurrency, adaptive, rate, bytes }: LimitSettings) {
    this.#most = concurrency === 0 ? Number.POSITIVE_INFINITY : concurrency;
    this.#adaptive = adaptive ? new AdaptiveLimit(concurrency === 0 ? MOST_ADAPTIVE : concurrency) : null;
    this.#rate = rate === 0 ? null : new RateWindow(Math.ceil(rate));
    this.bodies = bytes === 0 ? null : new ByteBudget(bytes);
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Most requests at a time, now. */
  get limit(): number {
    return this.#adaptive?.limit ?? this.#most;
  }

  /** Why a request has to wait; null: it may go, and is counted. */
  enter(bytes: number, now: number): string | null {
    if (this.#active >= this.limit) return `${this.limit} requests are under way, the most allowed`;
    const { bodies } = this;
    if (bodies !== null && (bodies.isFull || bodies.used + bytes > bodies.limit))
      return `bodies under way take ${bodies.used} of the ${bodies.limit} bytes allowed`;
    if (this.#rate !== null && this.#rate.wait(now) > 0)
      return 'the most requests allowed in a second were sent';
    this.#rate?.count(now);
    bodies?.charge(bytes);
    this.#active++;
    return null;
  }

  /** Waits for its turn. */
  queue(one: Waiting): void {
    this.#queue.add(one);
  }

  /** It does not wait any more. */
  leave(one: Waiting): void {
    this.#queue.delete(one);
  }

  /** When the rate lets the next one through, in milliseconds from now; 0: at once. */
  rateWait(now: number): number {
    return this.#rate?.wait(now) ?? 0;
  }

  exit(bytes: number, outcome: Outcome | null): void {
    this.bodies?.release(bytes);
    if (outcome !== null) this.#adaptive?.measure(latencyOf(outcome), this.#active);
    this.#active--;
  }

  /** Lets those through whose turn it is. */
  pump(now: number): void {
    for (const one of this.#queue) {
      if (this.enter(one.bytes, now) !== null) return;
      this.#queue.delete(one);
      one.wait.end('event');
    }
  }

  /** Refuses all that wait. */
  refuseWaiting(): void {
    for (const { wait } of this.#queue) wait.end('time');
  }
}

/** NaN for a failure that more requests make worse. */
function latencyOf(outcome: Outcome): number {
  const failed =
    outcome.kind === 'response' ? OVERLOADED.has(outcome.status) : outcome.kind.endsWith('timeout');
  return failed ? Number.NaN : outcome.times.total;
}

export function limitPolicy(settings: LimitSettings, context: HostContext): Policy {
  const { clock, environment } = context;
  const state = environment.states.limits.of(context.key(settings), () => new LimitState(settings));
  let pumping = false;
  /** Nothing that ends lets the next one through when it waits for the rate. */
  const pumpLater = (): void => {
    const wait = state.waiting === 0 ? 0 : state.rateWait(clock.now());
    if (wait === 0 || pumping) return;
    pumping = true;
    clock.setTimer(wait, () => {
      pumping = false;
      state.pump(clock.now());
      pumpLater();
    });
  };
  const bytesOf = ({ body }: HttpRequest): number => body?.length ?? 0;

  return (next) => {
    const run = async (request: HttpRequest): Promise<Outcome> => {
      const { bodies } = state;
      let outcome: Outcome | null = null;
      try {
        outcome = await next(bodies === null ? request : { ...request, route: { ...request.route, bodies } });
        return outcome;
      } finally {
        state.exit(bytesOf(request), outcome);
        state.pump(clock.now());
        pumpLater();
      }
    };
    const queue = async (request: HttpRequest, why: string): Promise<Outcome> => {
      const started = clock.now();
      const wait = new Wait(clock, Math.min(settings.queueTime, request.timeout), request.signal);
      const waiting = { bytes: bytesOf(request), wait };
      state.queue(waiting);
      pumpLater();
      const ended = await wait.ended;
      state.leave(waiting);
      if (ended === 'aborted') return abortedOutcome(request);
      const waited = clock.now() - started;
      if (ended === 'time')
        return context.refuse('limits', `${why}, and none ended within ${Math.round(waited)} ms`);
      const left = request.timeout - waited;
      if (left > 0) return run(withTimeLeft(request, left));
      state.exit(waiting.bytes, null);
      state.pump(clock.now());
      return context.refuse('limits', `${why}, and its time limit has passed`);
    };
    return (request) => {
      const bytes = bytesOf(request);
      if (state.bodies !== null && bytes > state.bodies.limit) {
        const reason = `its body has ${bytes} bytes, more than the ${state.bodies.limit} bytes allowed`;
        return Promise.resolve(context.refuse('limits', reason));
      }
      // what waits goes first
      const why = state.waiting > 0 ? 'others wait for their turn' : state.enter(bytes, clock.now());
      if (why === null) return run(request);
      if (state.waiting >= settings.queue || settings.queueTime === 0) {
        const more = state.waiting === 0 ? '' : `, and ${state.waiting} wait`;
        return Promise.resolve(context.refuse('limits', `${why}${more}`));
      }
      return queue(request, why);
    };
  };
}
