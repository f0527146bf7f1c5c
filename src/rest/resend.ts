/** Which requests are resent: those that the server cannot have processed, or that it may process twice. */
import type { ExchangeFailure } from './failure.ts';

/** Limit on resending a request that the server did not process (HTTP/2). */
const MAX_UNPROCESSED = 3;
/** RFC 9110, section 10.1.1: resend without Expect. */
const EXPECTATION_FAILED = 417;

/** RFC 9110, section 9.2.2: may be resent if the connection is lost before the answer. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** Whether the server may act on it twice: methods are case-sensitive. */
export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method);

/** What the decision depends on. */
export interface Attempts {
  readonly method: string;
  /** Whether a byte of the answer has arrived. */
  readonly answered: boolean;
  /** Whether its connection had served another request. */
  readonly reused: boolean;
  /** How often it was resent after a lost connection, and because the server did not process it. */
  readonly losses: number;
  readonly unprocessed: number;
}

/**
 * An unwritten request, or a GET or PUT whose kept connection was closed before a byte of the answer, is resent once on
 * a fresh connection. A request that an HTTP/2 server did not process is resent a few times.
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
