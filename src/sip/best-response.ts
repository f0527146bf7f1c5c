/**
 * Which of the branches' final responses goes up (RFC 3261, 16.7, 6): 6xx, 3xx, those that tell the caller what to do,
 * then 4xx and 5xx by number. RFC 3261 leaves the choice within a class open; the order here is that of OpenSIPS.
 */
import type { Branch } from './proxy-types.ts';

/** These say what the caller can do better: they come before all others of their class. */
const HELPFUL: ReadonlySet<number> = new Set([401, 407, 415, 420, 484]);

/** Lower is better. */
function rank({ lastStatus: status, response }: Branch): number {
  // what was received says more than the same status made here
  const here = response === null ? 0.5 : 0;
  if (HELPFUL.has(status)) return 399.5 + status / 10_000 + here / 10_000; // behind every 3xx
  if (status === 408) return 597 + here; // somebody who was reached says more, whatever it is
  if (status === 503) return 598 + here; // about the next hop only
  return (status >= 600 ? status - 600 : status) + here;
}

/** The branch with the best final status; null when there is none. The first of equals. */
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
