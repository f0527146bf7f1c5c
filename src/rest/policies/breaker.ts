/**
 * The circuit breaker of a host. Closed, it counts how calls end; open, it refuses them at once, so that nobody waits for
 * a service that is down; half-open, a few probes find out whether it is well again.
 *
 * It stands on both sides of the limits. The gate refuses before anything waits for its turn; the meter counts what was
 * really sent, and for how long, and knows of a failure before the next request takes the free place.
 */
import type { Outcome } from '../outcome.ts';
import type { Policy } from '../policies.ts';
import { type BreakerMode, type BreakerSettings, BreakerState } from './breaker-state.ts';
import type { HostContext } from './context.ts';
import type { LimitState } from './limit-state.ts';

/** @param limits whose waiting requests are refused as soon as the breaker opens */
export function breakerPolicies(
  settings: BreakerSettings,
  context: HostContext,
  limits: LimitState | null,
): { readonly gate: Policy; readonly meter: Policy } {
  const { clock, origin, environment } = context;
  const { random, log, states, sharing } = environment;
  const state = states.breakers.of(context.key(settings), () => new BreakerState(settings));
  const refused = (): string =>
    state.mode === 'open'
      ? `the circuit breaker is open for another ${Math.ceil(state.openFor(clock.now()))} ms, since ${state.reason}`
      : 'the circuit breaker waits for its probes';
  const watch = (before: BreakerMode): void => {
    const { mode, reason } = state;
    if (mode === before) return;
    const what = `the circuit breaker of ${origin} is ${mode}`;
    if (mode === 'open') {
      log('warning', `${what}, since ${reason}`);
      context.publish('breaker', mode, reason);
      limits?.refuseWaiting(refused());
      sharing?.announce(sharedKey, `${clock.date() + state.openFor(clock.now())} ${reason}`);
    } else {
      log('info', what);
      context.publish('breaker', mode, '');
      if (mode === 'closed') sharing?.announce(sharedKey, 'closed');
    }
  };
  const sharedKey = sharing === null ? '' : context.sharedKey('breaker', settings);
  if (sharing !== null) {
    const hear = (heard: string): void => {
      if (heard === 'closed') {
        if (state.mode !== 'closed') state.close();
        return;
      }
      const [, until = '', reason = ''] = /^([\d.]+) (.*)$/s.exec(heard) ?? [];
      const left = Number(until) - clock.date();
      // this process has announced it itself, or knows better by now
      if (state.mode === 'open' || !(left > 0)) return;
      state.openUntil(clock.now() + Math.min(left, 2 * settings.openTime), reason.slice(0, 200));
      limits?.refuseWaiting(refused());
    };
    states.listen(sharedKey, hear);
    hear(sharing.stateOf(sharedKey) ?? 'closed');
  }
  const admits = (): boolean => {
    const before = state.mode;
    const admitted = state.admits(clock.now());
    watch(before);
    return admitted;
  };

  return {
    gate: (next) => (request) =>
      admits() ? next(request) : Promise.resolve(context.refuse('breaker', refused())),
    meter: (next) => async (request) => {
      if (!admits()) return context.refuse('breaker', refused());
      state.enter();
      const { generation } = state;
      let outcome: Outcome | null = null;
      try {
        outcome = await next(request);
        return outcome;
      } finally {
        const before = state.mode;
        state.exit(generation, outcome, clock.now(), random());
        watch(before);
      }
    },
  };
}
