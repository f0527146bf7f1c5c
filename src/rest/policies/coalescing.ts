/**
 * Identical requests under way are sent once, and all of them get the answer. Each keeps its own time limit and signal:
 * the request ends only when nobody waits for it any more.
 */
import type { Clock } from '../../timers/index.ts';
import { type Outcome, TimeoutOutcome } from '../outcome.ts';
import type { Send } from '../policies.ts';
import type { HttpRequest } from '../request.ts';
import { abortedOutcome, timeLeft, Wait, withTimeLeft } from './waiting.ts';

interface UnderWay {
  readonly outcome: Promise<Outcome>;
  readonly end: AbortController;
  /** When its time limit ends it. */
  readonly due: number;
  waiting: number;
}

/** Above it requests are sent each for itself. */
const MAX_UNDER_WAY = 10_000;

const isTimeout = ({ kind }: Outcome): boolean => kind === 'timeout' || kind === 'connect-timeout';

export class Coalescing {
  readonly #underWay = new Map<string, UnderWay>();

  /** @param key all that makes requests identical */
  async send(key: string, request: HttpRequest, send: Send, clock: Clock): Promise<Outcome> {
    const started = clock.now();
    for (let left = request.timeout; ; left = timeLeft(request, started, clock)) {
      const known = this.#underWay.get(key);
      if (known === undefined && this.#underWay.size >= MAX_UNDER_WAY)
        return send(withTimeLeft(request, left));
      const due = started + request.timeout;
      const one = known ?? this.#begin(key, withTimeLeft(request, left), send, due);
      const outcome = await this.#await(key, one, request, left, clock);
      // a request may have more time than the one that it has joined
      const now = clock.now();
      const isCutShort = isTimeout(outcome) && now >= one.due - 1 && due > now;
      if (known === undefined || !isCutShort) return outcome;
    }
  }

  #begin(key: string, request: HttpRequest, send: Send, due: number): UnderWay {
    const end = new AbortController();
    const outcome = send({ ...request, signal: end.signal });
    const one: UnderWay = { outcome, end, due, waiting: 0 };
    this.#underWay.set(key, one);
    const over = (): void => {
      if (this.#underWay.get(key) === one) this.#underWay.delete(key);
    };
    outcome.then(over, over);
    return one;
  }

  async #await(
    key: string,
    one: UnderWay,
    request: HttpRequest,
    left: number,
    clock: Clock,
  ): Promise<Outcome> {
    one.waiting++;
    const wait = new Wait(clock, left, request.signal);
    const end = (): void => wait.end('event');
    one.outcome.then(end, end);
    const ended = await wait.ended;
    one.waiting--;
    if (ended === 'event') return one.outcome;
    if (one.waiting === 0) {
      // a request that is about to be given up takes no further ones along
      if (this.#underWay.get(key) === one) this.#underWay.delete(key);
      // its own time limit ends it as well, with what had arrived
      if (ended === 'time') return one.outcome;
      one.end.abort('nobody waits for it any more');
    }
    return ended === 'aborted' ? abortedOutcome(request) : outOfTime(request);
  }
}

const outOfTime = ({ timeout }: HttpRequest): Outcome =>
  new TimeoutOutcome(`no complete answer within ${Math.round(timeout)} ms`);
