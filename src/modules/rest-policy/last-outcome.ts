/**
 * What a script may ask about the last transfer of its message. Kept without the body, since messages are kept for as long
 * as their transactions.
 */
import type { Outcome, PhaseTimes } from '../../rest/index.ts';
import { type Request, type Run, StateKey } from '../../runtime/index.ts';

export interface LastOutcome {
  /** Without user and password. */
  readonly url: string;
  readonly kind: Outcome['kind'];
  /** Null for a response. */
  readonly reason: string | null;
  readonly fromCache: boolean;
  readonly times: PhaseTimes;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const key = new StateKey<Request, { outcome: LastOutcome | null }>('rest_policy last outcome', () => ({
  outcome: null,
}));

/** Null before the first transfer. */
export const lastOutcome = (run: Run): LastOutcome | null => run.request.knownState(key)?.outcome ?? null;

const noHeaders: LastOutcome['headers'] = [];

export function keepOutcome(run: Run, url: string, outcome: Outcome): void {
  const { kind, times } = outcome;
  run.state(key).outcome = {
    url: withoutUser(url),
    kind,
    reason: outcome.kind === 'response' ? null : outcome.reason,
    fromCache: outcome.kind === 'response' && outcome.fromCache,
    times,
    headers: outcome.kind === 'response' || outcome.kind === 'timeout' ? outcome.headers : noHeaders,
  };
}

/** Up to the last `@` before the path, as the URL is parsed. */
const user = /^([a-z][a-z0-9+.-]*:\/+)?[^/?#]*@/i;

const withoutUser = (url: string): string => url.replace(user, '$1');
