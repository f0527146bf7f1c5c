/**
 * What a script may ask about the last transfer of its message. Kept without the body, since messages are kept for as long
 * as their transactions.
 */
import { fieldsOf, type Outcome, type PhaseTimes, type RawHeaders } from '../../rest/index.ts';
import { type Request, type Run, StateKey } from '../../runtime/index.ts';

export interface LastOutcome {
  /** Without user and password. */
  readonly url: string;
  readonly kind: Outcome['kind'];
  /** Null for a response. */
  readonly reason: string | null;
  readonly fromCache: boolean;
  readonly times: PhaseTimes;
  /** How many attempts it took. */
  readonly attempts: number;
  /** As they arrived: most scripts never look at them. */
  readonly headers: RawHeaders | null;
}

const key = new StateKey<Request, { outcome: LastOutcome | null }>('rest_policy last outcome', () => ({
  outcome: null,
}));

/** Null before the first transfer. */
export const lastOutcome = (run: Run): LastOutcome | null => run.request.knownState(key)?.outcome ?? null;

const none: readonly string[] = [];

/** The values of the answer's fields with this name, in whatever case. */
export function fieldValues(run: Run, name: string): readonly string[] {
  const headers = lastOutcome(run)?.headers ?? null;
  if (headers === null) return none;
  const [fields, wanted] = [fieldsOf(headers), name.toLowerCase()];
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === wanted);
}

export function keepOutcome(run: Run, url: string, outcome: Outcome): void {
  const { kind, times, attempts } = outcome;
  run.state(key).outcome = {
    url: withoutUser(url),
    kind,
    reason: outcome.kind === 'response' ? null : outcome.reason,
    fromCache: outcome.kind === 'response' && outcome.fromCache,
    times,
    attempts,
    headers: outcome.kind === 'response' || outcome.kind === 'timeout' ? outcome.rawHeaders : null,
  };
}

/** Up to the last `@` before the path, as the URL is parsed. */
const user = /^([a-z][a-z0-9+.-]*:\/+)?[^/?#]*@/i;

const withoutUser = (url: string): string => url.replace(user, '$1');
