import { httpDate } from '../http-date.ts';
import type { Outcome } from '../outcome.ts';

/** Statuses whose Retry-After counts. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);

/** How long a service says that it is busy, in milliseconds; null if it does not say so. */
export const busyFor = (outcome: Outcome, date: number): number | null =>
  outcome.kind === 'response' && BUSY.has(outcome.status)
    ? retryAfter(outcome.header('retry-after'), date)
    : null;

/** Retry-After (RFC 9110, section 10.2.3): seconds or a date. */
export function retryAfter(value: string | undefined, date: number): number | null {
  if (value === undefined) return null;
  if (/^\d{1,15}$/.test(value)) return Number(value) * 1_000;
  const at = httpDate(value, date);
  return at === null ? null : Math.max(at - date, 0);
}
