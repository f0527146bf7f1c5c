import { resumed, runRoute } from '../engine/index.ts';
import { Request, type Run } from '../runtime/index.ts';
import { type Awaitable, isPending } from '../timers/index.ts';
import { dialogContext } from './context.ts';
import type { Dialog } from './dialog.ts';
import type { DialogTable } from './dialog-table.ts';

/**
 * Runs a route of the script on a dialog, without a message, to its end, past each async(). Nothing happens without a
 * name, or if the policy in force has no such route.
 */
export function runDialogRoute(table: DialogTable, dialog: Dialog, name: string | null): Promise<void> {
  const { routing } = table;
  const route = name === null ? null : routing.script.find('route', name);
  if (route === null) return Promise.resolve();
  const request = about(table, dialog);
  return new Promise((done) => {
    const taken = routing.submit(async (worker) => {
      const run = await runRoute(worker, request, route, { subject: { isAwaited: true } });
      // the worker is free while the route waits
      void resumed(run).then(() => done());
    });
    if (taken) return;
    routing.log.warning(`route[${name}] did not run for the dialog of ${dialog.callId}: the queue is full`);
    done();
  });
}

function about({ routing }: DialogTable, dialog: Dialog): Request {
  const request = new Request(routing, null);
  request.state(dialogContext).own = dialog;
  return request;
}

/**
 * Runs the hangup route of a dialog that the request has ended, on the worker of the script, which goes on after it. The
 * route does not see why the dialog has ended yet.
 */
export function runDue(table: DialogTable, run: Run): Awaitable<void> {
  const context = run.request.knownState(dialogContext);
  const dialog = context?.own ?? null;
  if (context === undefined || dialog === null || context.due === null) return;
  const route = run.routing.script.find('route', context.due);
  context.due = null;
  if (route === null) return;
  const { endReason } = dialog;
  dialog.endReason = null;
  const restore = () => {
    dialog.endReason = endReason;
  };
  const ran = runRoute(run.worker, about(table, dialog), route);
  if (isPending(ran)) return ran.then(restore);
  restore();
}
