/** Identifiers that siprest makes itself: Via branches, tags, Call-IDs. */
import { randomFillSync } from 'node:crypto';
import { ownCopy } from './own-copy.ts';

/** The prefix of every RFC 3261 branch (8.1.1.7); a sender that omits it follows RFC 2543. */
export const MAGIC_COOKIE = 'z9hG4bK';

/** Whether a branch identifies its transaction by itself (17.2.3): the cookie alone does not (RFC 4475, 3.2.1). */
export function isUniqueBranch(branch: string | null): branch is string {
  return branch !== null && branch.length > MAGIC_COOKIE.length && branch.startsWith(MAGIC_COOKIE);
}

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

/**
 * A branch that contains the number of the process that owns the transaction: `z9hG4bK0.` and a random token.
 * `loopDigest`, 8 hexadecimal digits, is the second part of RFC 3261, 16.6, 8.
 */
export function newBranch(processNumber = 0, loopDigest = ''): string {
  const branch = `${MAGIC_COOKIE}${processNumber}.${randomToken()}`;
  return ownCopy(loopDigest === '' ? branch : `${branch}.${loopDigest}`);
}

/** A branch in the format of {@link newBranch}, its token the first 24 of the hexadecimal digits. */
export function branchOf(digits: string, processNumber: number, loopDigest: string): string {
  return `${MAGIC_COOKIE}${processNumber}.${digits.slice(0, 2 * TOKEN_BYTES)}.${loopDigest}`;
}

const OWN = /^z9hG4bK(\d{1,6})\.[0-9a-f]{24}(?:\.([0-9a-f]{8}))?$/;

/** The process number in a branch of {@link newBranch}; null for any other branch. */
export function branchProcess(branch: string): number | null {
  const match = OWN.exec(branch);
  return match === null ? null : Number(match[1]);
}

/** The loop digest in a branch of {@link newBranch}; null for any other branch. */
export function branchLoopDigest(branch: string): string | null {
  return OWN.exec(branch)?.[2] ?? null;
}
