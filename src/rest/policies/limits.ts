/**
 * Limits of a host: requests at a time, per second, and bytes of bodies. A request beyond them waits for its turn, in
 * the order of asking, or is refused; neither touches the network.
 */
import { isPending } from '../../timers/index.ts';
import type { HostSharing } from '../host-sharing.ts';
import type { Outcome } from '../outcome.ts';
import type { Policy } from '../policies.ts';
import type { HttpRequest } from '../request.ts';
import type { HostContext } from './context.ts';
import { type LimitSettings, LimitState, type Waiting } from './limit-state.ts';
import { abortedOutcome, timeLeft, Wait, withTimeLeft } from './waiting.ts';

/** How long the keeper of the permits may take to answer, in milliseconds. */
const KEEPER_IS_LATE = 500;

export const limitState = (settings: LimitSettings, context: HostContext): LimitState =>
  context.environment.states.limits.of(context.key(settings), () => new LimitState(settings));

export function limitPolicy(settings: LimitSettings, state: LimitState, context: HostContext): Policy {
  const { clock } = context;
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
  const sharing = settings.concurrency > 0 || settings.rate > 0 ? context.environment.sharing : null;
  const sharedKey = sharing === null ? '' : context.sharedKey('limits', settings);
  /** A permit of all processes. If their keeper does not answer, the limit of this process alone counts. */
  const permitOf = async (
    from: HostSharing,
    { timeout, signal }: HttpRequest,
  ): Promise<'taken' | 'none' | 'aborted' | 'unlimited'> => {
    const most = settings.concurrency === 0 ? null : settings.concurrency;
    const rate = settings.rate === 0 ? null : Math.ceil(settings.rate);
    const longest = Math.min(settings.queueTime, timeout);
    const answer = from.take(sharedKey, most, rate, longest);
    if (!isPending(answer)) return answer ? 'taken' : 'none';
    const wait = new Wait(clock, Math.min(longest + KEEPER_IS_LATE, timeout), signal);
    let result: 'taken' | 'none' | 'unlimited' = 'unlimited';
    const settled = answer.then(
      (taken) => {
        result = taken ? 'taken' : 'none';
        wait.end('event');
        return taken;
      },
      () => {
        wait.end('event');
        return false;
      },
    );
    const ended = await wait.ended;
    if (ended === 'event') return result;
    // nobody uses a permit that comes later
    void settled.then((taken) => {
      if (taken) from.give(sharedKey);
    });
    return ended === 'aborted' ? 'aborted' : 'unlimited';
  };
  const bytesOf = ({ body }: HttpRequest): number => body?.length ?? 0;

  return (next) => {
    const run = async (asked: HttpRequest): Promise<Outcome> => {
      const { bodies } = state;
      let request = asked;
      let outcome: Outcome | null = null;
      let permit = false;
      try {
        if (sharing !== null) {
          const started = clock.now();
          const ended = await permitOf(sharing, request);
          if (ended === 'aborted') return abortedOutcome(request);
          if (ended === 'none')
            return context.refuse('limits', 'other processes have as many requests under way as are allowed');
          permit = ended === 'taken';
          const left = timeLeft(request, started, clock);
          if (left <= 0) return context.refuse('limits', 'its time limit has passed');
          request = withTimeLeft(request, left);
        }
        outcome = await next(bodies === null ? request : { ...request, route: { ...request.route, bodies } });
        return outcome;
      } finally {
        if (permit) sharing?.give(sharedKey);
        state.exit(bytesOf(request), outcome);
        state.pump(clock.now());
        pumpLater();
      }
    };
    const queue = async (request: HttpRequest, why: string): Promise<Outcome> => {
      const started = clock.now();
      const wait = new Wait(clock, Math.min(settings.queueTime, request.timeout), request.signal);
      const waiting: Waiting = { bytes: bytesOf(request), refusal: null, wait };
      state.queue(waiting);
      pumpLater();
      const ended = await wait.ended;
      state.leave(waiting);
      if (ended === 'aborted') return abortedOutcome(request);
      const waited = clock.now() - started;
      if (ended === 'time') {
        const passed = `${why}, and none ended within ${Math.round(waited)} ms`;
        return context.refuse('limits', waiting.refusal ?? passed);
      }
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
