/**
 * A hedged request: when the answer takes longer than 95 of 100 do, the same request goes to another replica as well,
 * and the first good answer wins. Only for requests that may be sent twice, and for at most a tenth of them.
 */
import type { Outcome } from '../outcome.ts';
import type { ConnectTo, HttpRequest } from '../request.ts';
import { isIdempotent } from '../resend.ts';
import type { HostContext } from './context.ts';
import type { ReplicaState } from './replica-state.ts';
import { Wait, withTimeLeft } from './waiting.ts';

/** A hedge earlier than this many milliseconds after the request is not worth its cost. */
const EARLIEST = 5;

export async function hedged(
  request: HttpRequest,
  { set, hedges: budget }: ReplicaState,
  tried: Set<ConnectTo>,
  context: HostContext,
  send: (request: HttpRequest, tried: Set<ConnectTo>) => Promise<Outcome>,
): Promise<Outcome> {
  const { clock } = context;
  budget.deposit();
  const after = Math.max(set.p95, EARLIEST);
  if (!isIdempotent(request.method) || request.streams !== null || set.size < 2 || after >= request.timeout)
    return send(request, tried);
  const cancel = { first: new AbortController(), second: new AbortController() };
  const cancelled = (by: AbortController): HttpRequest => ({
    ...request,
    signal: request.signal === null ? by.signal : AbortSignal.any([request.signal, by.signal]),
  });
  const first = send(cancelled(cancel.first), tried);
  const wait = new Wait(clock, after, request.signal);
  void first.finally(() => wait.end('event'));
  if ((await wait.ended) !== 'time' || !set.hasOther(tried, clock.now()) || !budget.withdraw(clock.now()))
    return first;
  context.count('hedges');
  const second = send(withTimeLeft(cancelled(cancel.second), request.timeout - after), tried);
  const isGood = (outcome: Outcome): boolean => outcome.kind === 'response' && !set.isFailure(outcome);
  const winner = await new Promise<Outcome>((resolve, reject) => {
    let open = 2;
    const onOutcome = (outcome: Outcome): void => {
      if (--open === 0 || isGood(outcome)) resolve(outcome);
    };
    for (const one of [first, second]) one.then(onOutcome, reject);
  });
  cancel.first.abort('another replica has answered');
  cancel.second.abort('another replica has answered');
  return winner;
}
