/**
 * Spreads the requests to a host over its replicas. An attempt of which nothing was sent goes to the next replica at
 * once. One that fails too often gets no requests for a while.
 */
import { ErrorOutcome, type Outcome } from '../outcome.ts';
import type { Policy, Send } from '../policies.ts';
import type { ConnectTo, HttpRequest } from '../request.ts';
import type { HostContext } from './context.ts';
import { hedged } from './hedging.ts';
import { serviceFailure, wasUnsent } from './outcome-class.ts';
import type { Replica, ReplicaSettings } from './replica-set.ts';
import type { ReplicaState } from './replica-state.ts';
import { busyFor } from './retry-after.ts';
import { timeLeft, withTimeLeft } from './waiting.ts';

export function replicaPolicy(settings: ReplicaSettings, state: ReplicaState, context: HostContext): Policy {
  const { clock, origin, environment } = context;
  const { set, discovery, probes } = state;

  const tell = (replica: Replica, change: 'ejected' | 'readmitted'): void => {
    const name = `${replica.hostname}:${replica.port}`;
    const isOut = change === 'ejected';
    const until = isOut ? ` for ${Math.round(replica.ejectedUntil - clock.now())} ms` : '';
    environment.log(isOut ? 'warning' : 'info', `the replica ${name} of ${origin} is ${change}${until}`);
    context.publish('replicas', change, name);
  };
  /** How long a replica has said that it will be busy, within reason. */
  const pauseOf = (outcome: Outcome | null): number =>
    outcome === null ? 0 : Math.min(busyFor(outcome, clock.date()) ?? 0, settings.ejectTime * 16);

  return (next) => {
    const sendTo = async (replica: Replica, request: HttpRequest): Promise<Outcome> => {
      const isLastResort = set.begin(replica, clock.now());
      const connectTimeout = Math.min(settings.connectTimeout, request.connectTimeout);
      let outcome: Outcome | null = null;
      try {
        outcome = await next({ ...request, connectTimeout, route: { ...request.route, connectTo: replica } });
        return outcome;
      } finally {
        const change = set.end(replica, outcome, pauseOf(outcome), clock.now(), isLastResort);
        if (change !== null) tell(replica, change);
      }
    };
    /** Replica by replica, as long as nothing was sent. */
    const failOver = async (request: HttpRequest, tried: Set<ConnectTo>): Promise<Outcome> => {
      const started = clock.now();
      const here = new Set<ConnectTo>();
      let last: Outcome | null = null;
      for (let left = request.timeout; ; left = timeLeft(request, started, clock)) {
        // where an earlier attempt of the call went is the last choice
        const replica = left > 0 ? (set.choose(tried, clock.now()) ?? set.choose(here, clock.now())) : null;
        if (replica === null)
          return last ?? new ErrorOutcome('dns', discovery.failure || `${origin} has no replica`);
        if (last !== null) context.count('failovers');
        tried.add(replica);
        here.add(replica);
        last = await sendTo(replica, withTimeLeft(request, left));
        if (!wasUnsent(last) || serviceFailure(last) === null) return last;
      }
    };
    const send: Send = async (request) => {
      const tried = request.route?.attempts?.tried ?? new Set<ConnectTo>();
      const outcome = settings.hedge
        ? await hedged(request, state, tried, context, failOver)
        : await failOver(request, tried);
      const attempts = request.route?.attempts;
      if (attempts !== undefined) attempts.othersLeft = set.hasOther(tried, clock.now());
      return outcome;
    };
    return async (request) => {
      const started = clock.now();
      const finding = discovery.refresh(request.authority);
      // DNS has a time limit of its own, and the call's is checked by what follows
      if (finding !== null) await finding;
      probes.keep(next, request, (replica) => tell(replica, 'readmitted'));
      return send(withTimeLeft(request, Math.max(timeLeft(request, started, clock), 1)));
    };
  };
}
