import { edits, type Request, StateKey } from '../runtime/index.ts';

/** The decremented Max-Forwards; null before. */
export const maxForwards = new StateKey<Request, number | null>('Max-Forwards', () => null);

/** The decremented Max-Forwards if any, else the received one: null without the header, NaN if it is not a number. */
export function currentMaxForwards(request: Request): number | null {
  const counted = request.knownState(maxForwards) ?? null;
  if (counted !== null) return counted;
  const text = request.message?.header('Max-Forwards') ?? null;
  return text === null ? null : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

/** Decrements Max-Forwards for the next hop, to at most `limit`; a request without it gets `initial`. */
export function countMaxForwards(
  request: Request,
  initial: number,
  limit: number,
): 'counted' | 'added' | 'exceeded' | 'invalid' {
  const value = currentMaxForwards(request);
  if (value !== null && Number.isNaN(value)) return 'invalid';
  if (value === 0) return 'exceeded';
  const next = Math.min(value === null ? initial : value - 1, limit);
  setHeader(request, next);
  request.setState(maxForwards, next);
  return value === null ? 'added' : 'counted';
}

/** Without the header, forwarding adds it. */
function setHeader(request: Request, value: number): void {
  const header = request.message?.headers.findIndex(({ key }) => key === 'max-forwards') ?? -1;
  if (header >= 0) request.state(edits).push({ kind: 'set-value', header, value: String(value) });
}
