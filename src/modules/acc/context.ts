/** Whose accounting functions and variables are about: the request's own, that of its call, or a loaded one. */
import { type Request, StateKey } from '../../runtime/index.ts';
import { type Accounting, accounting } from './accounting.ts';
import { callAccountingOf } from './calls.ts';

/** What acc_load_ctx_from_dlg() shows instead. */
const loaded = new StateKey<Request, { accounting: Accounting | null }>(
  'loaded accounting',
  () => ({ accounting: null }),
  { isShared: true },
);

/** Null if nothing was selected or set yet. */
export function currentAccounting(request: Request): Accounting | null {
  const own = request.knownState(accounting) ?? null;
  const other = request.knownState(loaded)?.accounting ?? null;
  if (other !== null || own?.isFollowed === true) return other ?? own;
  return callAccountingOf(request) ?? own;
}

/** False if one is loaded already, or the dialog has none. */
export function loadAccounting(request: Request): boolean {
  const state = request.state(loaded);
  const found = callAccountingOf(request);
  if (state.accounting !== null || found === null) return false;
  state.accounting = found;
  return true;
}

/** False if none is loaded. */
export function unloadAccounting(request: Request): boolean {
  const state = request.knownState(loaded);
  if (state === undefined || state.accounting === null) return false;
  state.accounting = null;
  return true;
}
