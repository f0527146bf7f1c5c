/**
 * What error_route sees: it runs for a request that cannot be parsed and for a failed assert(). Source: the manual's
 * Script-Routes, error_route.
 */
import type { Request } from './request.ts';
import { StateKey } from './state.ts';

/** `$err.class` to `$err.rreason`. */
export interface ScriptError {
  /** 1 for a request that cannot be parsed, 2 for a failed assert(). */
  readonly class: number;
  /** OpenSIPS' levels: 1 critical, 2 high, 3 medium, 4 low. */
  readonly level: number;
  readonly info: string;
  /** The suggested reply. */
  readonly rcode: number;
  readonly rreason: string;
}

export const scriptError = new StateKey<Request, { error: ScriptError | null }>('error', () => ({
  error: null,
}));

export function parseError(info: string, status: number, reason: string): ScriptError {
  return { class: 1, level: 3, info, rcode: status, rreason: reason };
}

export function assertError(info: string): ScriptError {
  return { class: 2, level: 1, info, rcode: 500, rreason: 'Server Internal Error' };
}
