/** Makes the outcomes that are not simply an answer. */
import type { Failure } from './failure.ts';
import {
  BlockedOutcome,
  ConnectTimeoutOutcome,
  ErrorOutcome,
  LockedOutcome,
  type Outcome,
  RefusedOutcome,
  ResponseOutcome,
  TimeoutOutcome,
} from './outcome.ts';
import { type CallFigures, clockOf, type EndedWithAnswer, UNSENT } from './transfer-end.ts';

/** The outcome of a transfer that has failed. */
export function outcomeOf(failure: Failure, ended: EndedWithAnswer): Outcome {
  const { kind, reason } = failure;
  switch (kind) {
    case 'refused':
      return new RefusedOutcome(reason, ended);
    case 'connect-timeout':
      return new ConnectTimeoutOutcome(reason, ended);
    case 'timeout':
      return new TimeoutOutcome(reason, ended);
    case 'locked':
      return new LockedOutcome(reason, ended);
    case 'blocked':
      return new BlockedOutcome(reason, 'targets');
    case 'error':
      return new ErrorOutcome(failure.code, reason, ended);
  }
}

/** An outcome that a policy made, with the figures of its call. */
export function ofCall(outcome: Outcome, call: CallFigures, now: number): Outcome {
  const ended = { ...UNSENT, clock: clockOf(call, now) };
  switch (outcome.kind) {
    case 'response': {
      const { status, contentType, rawHeaders, body: received, fromCache } = outcome;
      return new ResponseOutcome({ ...ended, status, contentType, rawHeaders, received }, fromCache);
    }
    case 'timeout':
      return new TimeoutOutcome(outcome.reason, ended);
    case 'refused':
      return new RefusedOutcome(outcome.reason, ended);
    case 'connect-timeout':
      return new ConnectTimeoutOutcome(outcome.reason, ended);
    case 'locked':
      return new LockedOutcome(outcome.reason, ended);
    case 'blocked':
      return new BlockedOutcome(outcome.reason, outcome.policy, ended);
    case 'error':
      return new ErrorOutcome(outcome.code, outcome.reason, { ...ended, status: outcome.retcode });
  }
}
