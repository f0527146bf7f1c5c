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
  const at = httpDate(value);
  return at === null ? null : Math.max(at - date, 0);
}

const DATE = /^[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;

/** A date of HTTP (RFC 9110, section 5.6.7) in milliseconds since 1970; null for anything else. */
export function httpDate(value: string): number | null {
  if (!DATE.test(value) && !/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/.test(value))
    return null;
  // asctime() names no zone, and means GMT
  const at = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(at) ? null : at;
}
