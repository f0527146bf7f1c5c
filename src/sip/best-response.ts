/** Which of the branches' final responses goes up (RFC 3261, 16.7, 6). */
import type { Branch } from './proxy-types.ts';

/** These say what the caller can do better: they come before others of their class. */
const HELPFUL: ReadonlySet<number> = new Set([401, 407, 415, 420, 484]);

const HERE = 500;

/** Lower is better; no two statuses that differ in class compare by anything else. */
function rank(branch: Branch, sixWins: boolean): number {
  const status = branch.lastStatus;
  const klass = Math.floor(status / 100);
  let within = status % 100;
  if (HELPFUL.has(status)) within -= 100;
  else if (status === 487)
    within += 200; // somebody cancelled it: says least about the callee
  else if (status === 503) within += 300; // about the next hop only
  if (branch.response === null) within += HERE; // what was received says more than what was made here
  return (klass === 6 && sixWins ? 0 : klass * 10_000) + within;
}

/** The branch with the best final status; null when there is none. The first of equals. */
export function bestBranch<B extends Branch>(branches: readonly B[], sixWins: boolean): B | null {
  let best: B | null = null;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const branch of branches) {
    if (branch.state !== 'ended') continue;
    const own = rank(branch, sixWins);
    if (own < bestRank) [best, bestRank] = [branch, own];
  }
  return best;
}
