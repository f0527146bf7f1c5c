/**
 * Sends a request again where that may help and cannot hurt: within the time limit of the call, within the host's
 * budget, and only if the server cannot act on it twice, or the caller says that it may.
 */
import type { Outcome } from '../outcome.ts';
import type { Policy } from '../policies.ts';
import { type CallAttempts, fieldOf, type HttpRequest, maySendAgain } from '../request.ts';
import { isIdempotent } from '../resend.ts';
import type { HostContext } from './context.ts';
import type { SectionValues } from './host-options.ts';
import { serviceFailure, wasUnsent } from './outcome-class.ts';
import { busyFor } from './retry-after.ts';
import { RetryBudget } from './retry-budget.ts';
import { abortedOutcome, timeLeft, Wait, withTimeLeft } from './waiting.ts';

type RetrySettings = SectionValues<'retry'>;

/** Whether the request may be sent twice, by its method or its Idempotency-Key. */
const isRepeatable = (request: HttpRequest): boolean =>
  isIdempotent(request.method) || (fieldOf(request.headers, 'idempotency-key') ?? '') !== '';

export function retryPolicy(settings: RetrySettings, context: HostContext): Policy {
  const { clock, environment } = context;
  const { random, states } = environment;
  const { count, backoff, maxBackoff, maxRetryAfter, attemptTimeout } = settings;
  const statuses: ReadonlySet<number> = new Set(settings.statuses);
  const failures: ReadonlySet<string> = new Set(settings.failures);
  const budget = states.retryBudgets.of(context.key(settings), () => new RetryBudget(settings.budget / 100));

  const isWorthIt = (outcome: Outcome): boolean =>
    outcome.kind === 'response' ? statuses.has(outcome.status) : failures.has(serviceFailure(outcome) ?? '');

  /** How long to wait before the next attempt; null: there is none. */
  const pauseAfter = (outcome: Outcome, attempt: number, { othersLeft }: CallAttempts): number | null => {
    // the replica that is busy or sick is not asked again, so there is nothing to wait for
    if (othersLeft) return 0;
    const jittered = random() * Math.min(backoff * 2 ** attempt, maxBackoff);
    const told = busyFor(outcome, clock.date());
    if (told === null) return jittered;
    // everybody is told the same time, so the jitter comes on top
    return told > maxRetryAfter ? null : told + jittered;
  };

  return (next) => async (request) => {
    const started = clock.now();
    budget.deposit();
    const attempts: CallAttempts = { tried: new Set(), othersLeft: false };
    const marked: HttpRequest = { ...request, route: { ...request.route, attempts } };
    for (let attempt = 0; ; attempt++) {
      const left = timeLeft(request, started, clock);
      const outcome = await next(
        withTimeLeft(marked, attemptTimeout > 0 ? Math.min(attemptTimeout, left) : left),
      );
      if (attempt >= count || !isWorthIt(outcome) || !maySendAgain(request)) return outcome;
      if (!isRepeatable(request) && !wasUnsent(outcome)) return outcome;
      const pause = pauseAfter(outcome, attempt, attempts);
      if (pause === null || pause >= timeLeft(request, started, clock)) return outcome;
      if (!budget.withdraw(clock.now())) return outcome;
      context.count('retries');
      if ((await new Wait(clock, pause, request.signal).ended) === 'aborted') return abortedOutcome(request);
      if (timeLeft(request, started, clock) <= 0) return outcome;
    }
  };
}
