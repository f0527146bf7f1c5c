/** do_accounting(). Source: modules/acc of the manual; scenarios acc-*. */
import { tracksDialogs } from '../../dialog/index.ts';
import type { Request, RunRouting } from '../../runtime/index.ts';
import { type Accounting, accounting } from './accounting.ts';
import { accountCall, callAccountingOf } from './calls.ts';
import { parameters } from './parameters.ts';
import type { AccountingFlag, RecordType } from './selection.ts';
import { followTransaction } from './transactions.ts';

/** Selects what is accounted of a request, in addition to what is; false without a message. */
export function account(
  routing: RunRouting,
  request: Request,
  types: readonly RecordType[],
  flags: readonly AccountingFlag[],
): boolean {
  const { message } = request;
  if (message === null) return false;
  if (message.method === 'CANCEL' && !routing.parameters(parameters).report_cancels) return true;
  const call = callAccountingOf(request);
  if (call !== null && call !== request.knownState(accounting)) {
    // a later request of a call that is accounted as a whole
    call.selection.add(types, flags);
    return true;
  }
  const state = request.state(accounting);
  state.selection.add(types, flags);
  if (flags.includes('cdr')) accountWhole(routing, request, state);
  if (state.isFollowed) return true;
  state.isFollowed = true;
  request.onTransaction((transaction) => followTransaction(routing, request, state, transaction));
  return true;
}

function accountWhole(routing: RunRouting, request: Request, state: Accounting): void {
  if (tracksDialogs(routing)) {
    state.created ??= routing.host.clock.date();
    state.selection.hasCdr = accountCall(routing, request, state);
    return;
  }
  routing.log.error('do_accounting(): "cdr" needs the module dialog');
  state.selection.hasCdr = false;
}
