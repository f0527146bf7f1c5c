/**
 * Chooses the best final response of the branches (RFC 3261, 16.7, 6): 6xx, then 3xx, then responses that tell the
 * caller what to change, then other 4xx and 5xx by number. RFC 3261 leaves the order within a class open; OpenSIPS'
 * order is used.
 */
import type { Branch } from './proxy-types.ts';

/** These tell the caller what to change, so they precede all others of their class. */
const HELPFUL: ReadonlySet<number> = new Set([401, 407, 415, 420, 484]);

/** Lower is better. */
function rank({ lastStatus: status, response }: Branch): number {
  // a received response is better than the same status generated here
  const here = response === null ? 0.5 : 0;
  if (HELPFUL.has(status)) return 399.5 + status / 10_000 + here / 10_000; // after every 3xx
  if (status === 408) return 597 + here; // any response from a callee is better
  if (status === 503) return 598 + here; // about the next hop only
  return (status >= 600 ? status - 600 : status) + here;
}

/** The branch with the best final status, the first of equals; null without branches. */
export function bestBranch<B extends Branch>(branches: readonly B[]): B | null {
  let best: B | null = null;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const branch of branches) {
    if (branch.state !== 'ended') continue;
    const own = rank(branch);
    if (own < bestRank) [best, bestRank] = [branch, own];
  }
  return best;
}

/** The branch whose final response answers the request. */
export function decidingBranch<B extends Branch>(
  branches: readonly B[],
  isCancelled: boolean,
  blockedBy: B | null,
): B | null {
  const cancelled = isCancelled
    ? branches.find(({ lastStatus, response }) => lastStatus === 487 && response !== null)
    : undefined;
  return cancelled ?? blockedBy ?? bestBranch(branches);
}
