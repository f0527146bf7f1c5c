/** Identifiers that siprest makes itself: Via branches, tags, Call-IDs. */
import { randomFillSync } from 'node:crypto';

/** What starts every branch of RFC 3261 (8.1.1.7); one without it comes from an RFC 2543 element. */
export const MAGIC_COOKIE = 'z9hG4bK';

const POOL_BYTES = 4096;
const TOKEN_BYTES = 12;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** 96 random bits as 24 hexadecimal digits. */
export function randomToken(): string {
  if (used + TOKEN_BYTES > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += TOKEN_BYTES;
  return pool.toString('hex', used - TOKEN_BYTES, used);
}

/** A branch that names the process whose transaction it is: `z9hG4bK0.` and a random token. */
export function newBranch(processNumber = 0): string {
  return `${MAGIC_COOKIE}${processNumber}.${randomToken()}`;
}

/** A branch as {@link newBranch} makes them, its token the first 24 of some hexadecimal digits. */
export function branchOf(digits: string, processNumber: number): string {
  return `${MAGIC_COOKIE}${processNumber}.${digits.slice(0, 2 * TOKEN_BYTES)}`;
}

const OWN = /^z9hG4bK(\d{1,6})\.[0-9a-f]{24}$/;

/** The process number in a branch of {@link newBranch}; null for somebody else's. */
export function branchProcess(branch: string): number | null {
  const match = OWN.exec(branch);
  return match === null ? null : Number(match[1]);
}
