import { looseRouted } from '../relay/index.ts';
import { type Routing, type Run, type RunRouting, StateKey } from '../runtime/index.ts';
import type { Awaitable } from '../timers/index.ts';
import { dialogContext } from './context.ts';
import { dialogsOf } from './dialogs.ts';
import { matchDialog, matchModes } from './matching.ts';
import { dialogParameters } from './parameters.ts';
import { runDue } from './run-dialog-route.ts';

/** Whether a Routing follows dialogs. */
const tracking = new StateKey<Routing, { isOn: boolean }>('dialog tracking', () => ({ isOn: false }));

/** Whether a policy follows dialogs. */
export const tracksDialogs = ({ states }: Routing): boolean => states.known(tracking)?.isOn === true;

/**
 * Lets a policy follow dialogs: once it is in force, its routes and listeners serve them all, and requests that follow
 * their route set find theirs. Does nothing the second time.
 */
export function trackDialogs(routing: RunRouting): void {
  const state = routing.states.get(tracking);
  if (state.isOn) return;
  state.isOn = true;
  const dialogs = routing.host.states.get(dialogsOf);
  const mode = matchModes[routing.parameters(dialogParameters).dlg_match_mode] ?? 'either';
  dialogs.expect(routing);
  routing.listeners.inForce.add(() => dialogs.serve(routing));
  routing.states.get(looseRouted).add((request) => matchDialog(dialogs, request, mode));
}

/** Runs the hangup route of the dialog that this request has ended; to be called after loose routing or matching. */
export function runHangupRoute(run: Run): Awaitable<void> {
  if (run.request.knownState(dialogContext)?.due == null) return;
  return runDue(run.routing.host.states.get(dialogsOf), run);
}
