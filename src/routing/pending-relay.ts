/** A relay() of a handler while it is pending, and what its result is made of. */
import { Draft, type RelayedBranch } from '../runtime/index.ts';
import { type Branch, type Failure, reasonPhrase, type SipResponse } from '../sip/index.ts';
import type { RelayFailure, RelayOptions, RelayResult, RelayTimeout } from './relay-options.ts';
import { Reply } from './reply.ts';
import type { TargetBranch } from './targets.ts';
import { decode } from './text.ts';

/** What of its options a relay() needs while targets ring; the others, targets above all, need not stay in memory. */
type KeptOptions = Pick<RelayOptions, 'tryNext' | 'ringFor' | 'respondWithin' | 'failover' | 'onReply'>;

/** A pending relay(). */
export interface PendingRelay extends KeptOptions {
  /** Targets to try next, in series. */
  later: readonly TargetBranch[];
  readonly resolve: (result: RelayResult) => void;
  readonly reject: (error: Error) => void;
}

export const cancelled: RelayResult = { kind: 'cancelled' };
const timeout: RelayTimeout = { kind: 'timeout', status: 408 };
export const unreachable: RelayFailure = {
  kind: 'failed',
  status: 503,
  reason: 'Service Unavailable',
  reply: undefined,
};

/** The result when all targets have failed. */
export function resultOf({ status, response, branch }: Failure<RelayedBranch>): RelayFailure | RelayTimeout {
  if (response === null && status === 408) return timeout;
  const reply = response === null || branch === null ? undefined : replyOf(branch, response);
  return { kind: 'failed', status, reason: reply?.reason ?? reasonPhrase(status), reply };
}

/** A reply as handlers see it. */
export function replyOf(branch: Branch<RelayedBranch>, response: SipResponse): Reply {
  return new Reply(response, Draft.ofResponse(response), decode(branch.spec.data.request.requestUri));
}
