/** Max-Breadth (RFC 5393, 5): how many branches a request may have at once, here and downstream. */
import type { SipRequest } from './message.ts';
import type { Branch } from './proxy-types.ts';

/** How many more concurrent branches are allowed; null if unlimited. */
export function breadthLeft(request: SipRequest, branches: readonly Branch[]): number | null {
  const value = request.header('max-breadth');
  if (value === null || !/^\d{1,9}$/.test(value)) return null;
  return branches.reduce(
    (left, { state, spec }) => (state === 'ended' ? left : left - (spec.edits?.maxBreadth ?? 0)),
    Number(value),
  );
}

/** The remaining breadth, divided as evenly as possible; null if unlimited. */
export function shareBreadth(left: number | null, count: number): readonly number[] | null {
  if (left === null) return null;
  const least = Math.floor(left / count);
  const more = left - least * count;
  return Array.from({ length: count }, (_, i) => least + (i < more ? 1 : 0));
}
