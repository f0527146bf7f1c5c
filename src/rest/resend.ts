/** Which requests go out once more, because the server cannot have acted on them, or may act on them twice. */
import type { ExchangeFailure } from './failure.ts';

/** How often a request goes out again that the server did not look at (HTTP/2). */
const MAX_UNPROCESSED = 3;
/** RFC 9110, section 10.1.1: the request once more, without Expect. */
const EXPECTATION_FAILED = 417;

/** RFC 9110, section 9.2.2: these may be sent again when a connection is lost before the answer. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** Whether the server may act on it twice: methods are case-sensitive. */
export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method);

/** What counts of a request and its attempts. */
export interface Attempts {
  readonly method: string;
  /** A byte of the answer has arrived. */
  readonly answered: boolean;
  /** It went out on a connection that had served another one. */
  readonly reused: boolean;
  /** How often it went out again for a lost connection, and because the server did not look at it. */
  readonly losses: number;
  readonly unprocessed: number;
}

/**
 * A GET or PUT on a kept connection that turns out to be closed before a byte of the answer goes out once more on a fresh
 * one, and any request that had not been written; never a second time. What an HTTP/2 server did not look at goes out again
 * a few times.
 */
export function mayGoAgain(
  { method, answered, reused, losses, unprocessed }: Attempts,
  { fate }: ExchangeFailure,
): boolean {
  if (answered || fate === 'answered') return false;
  if (fate === 'unprocessed') return unprocessed < MAX_UNPROCESSED;
  return reused && losses === 0 && (fate === 'unsent' || IDEMPOTENT.has(method));
}

export const isExpectationRefused = (status: number, expectContinue: boolean): boolean =>
  status === EXPECTATION_FAILED && expectContinue;
