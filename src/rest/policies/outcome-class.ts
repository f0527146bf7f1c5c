/** What an outcome says about the service. */
import type { Outcome } from '../outcome.ts';

/** A failure of the service, or of the way to it: the kind of the outcome, or the code of an `error`. */
export type ServiceFailure =
  | 'refused'
  | 'connect-timeout'
  | 'timeout'
  | 'reset'
  | 'network'
  | 'dns'
  | 'tls'
  | 'protocol';

/** Failures that policies can be told to act upon. */
export const FAILURES = [
  'refused',
  'connect-timeout',
  'timeout',
  'reset',
  'network',
  'dns',
  'tls',
  'protocol',
] as const satisfies readonly ServiceFailure[];

const KNOWN: ReadonlySet<string> = new Set(FAILURES);
const isKnown = (name: string): name is ServiceFailure => KNOWN.has(name);

/** How the service, or the way to it, failed; null for an answer, and for what this side or the caller has done. */
export function serviceFailure(outcome: Outcome): ServiceFailure | null {
  const name = outcome.kind === 'error' ? outcome.code : outcome.kind;
  return isKnown(name) ? name : null;
}

/**
 * Whether the outcome says anything about the service: it answered, or failed. A timeout does not if this process was too busy to
 * see the answer.
 */
export const isTelling = (outcome: Outcome): boolean => {
  if (outcome.kind === 'response') return true;
  const failure = serviceFailure(outcome);
  const isTimeout = failure === 'timeout' || failure === 'connect-timeout';
  return failure !== null && !(isTimeout && outcome.wasStalled);
};

/** Whether the service has failed, by an answer with one of these statuses or without an answer. */
export const hasFailed = (outcome: Outcome, statuses: ReadonlySet<number>): boolean =>
  outcome.kind === 'response' ? statuses.has(outcome.status) : serviceFailure(outcome) !== null;

/** True if no byte of the request can have been processed: it had no connection when it failed. */
export const wasUnsent = (outcome: Outcome): boolean =>
  outcome.kind !== 'response' && outcome.connection === null;
