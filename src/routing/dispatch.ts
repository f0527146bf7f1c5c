/** Chooses the handler for a request, and handles requests for which there is none. */

import { runHangupRoute, trackDialogs } from '../dialog/index.ts';
import { type Intake, RequestIntake, runRoute, type WorkerPool } from '../engine/index.ts';
import { countMaxForwards, looseRoute, relay } from '../relay/index.ts';
import { type Request, Run, type RunRouting, type RunWorker } from '../runtime/index.ts';
import { reasonPhrase } from '../sip/index.ts';
import { Call } from './call.ts';
import { Handling } from './handling.ts';
import { type Handler, type Handlers, handledMethods, type Middleware, type Policy } from './policy.ts';
import type { PolicyRouting } from './policy-routing.ts';

interface Row {
  /** `onInvite` */
  readonly name: string;
  readonly handle: Handler<never>;
}

interface Rows {
  readonly routing: PolicyRouting;
  readonly byMethod: ReadonlyMap<string, Row>;
  readonly others: Row | null;
  readonly inDialog: Row | null;
  /** The value of Allow. */
  readonly allow: string;
  /** Whether a script's main route gets the requests without a handler. */
  readonly hasScript: boolean;
}

/** The intake of a policy. */
export function policyIntake(
  routing: PolicyRouting,
  pool: WorkerPool<RunRouting>,
  { definition }: Policy,
): Intake {
  trackDialogs(routing);
  const rows = rowsOf(routing, definition, definition.use ?? [], definition.script !== undefined);
  return new RequestIntake<RunRouting>(routing, pool, {
    kind: 'handler',
    request: (worker, request) => receive(rows, worker, request),
  });
}

function rowsOf(
  routing: PolicyRouting,
  handlers: Handlers,
  use: readonly Middleware[],
  hasScript: boolean,
): Rows {
  const row = (name: keyof Handlers): Row | null => {
    const handle = handlers[name];
    return handle === undefined ? null : { name, handle: around(use, handle) };
  };
  const byMethod = new Map<string, Row>();
  for (const name of Object.keys(handledMethods) as (keyof typeof handledMethods)[]) {
    const own = row(name);
    if (own !== null) byMethod.set(handledMethods[name], own);
  }
  const allow = [...byMethod.keys(), 'ACK', 'BYE', 'CANCEL'].join(', ');
  return { routing, byMethod, others: row('onRequest'), inDialog: row('onInDialog'), allow, hasScript };
}

/** The handler inside of the middleware. */
function around(use: readonly Middleware[], handle: Handler): Handler {
  if (use.length === 0) return handle;
  return (call) => {
    const step = async (i: number): Promise<void> => {
      const middleware = use[i];
      if (middleware === undefined) await handle(call);
      else await middleware(call, () => step(i + 1));
    };
    return step(0);
  };
}

/** May return a promise, which only a script's route does that waits. */
function receive(rows: Rows, worker: RunWorker, request: Request): unknown {
  const { message } = request;
  if (message === null) return undefined;
  if (message.method === 'CANCEL') return cancel(rows, worker, request);
  const row =
    message.toTag === null && message.method !== 'ACK'
      ? (rows.byMethod.get(message.method) ?? rows.others)
      : rows.inDialog;
  if (row === null && rows.hasScript) return runRoute(worker, request, worker.routing.script.main);
  if (message.method === 'ACK') return acknowledge(rows, worker, request);
  if (!mayGoOn(request)) return undefined;
  if (message.toTag !== null) {
    const follows = looseRoute(request);
    void runHangupRoute(new Run(worker, request));
    if (row === null) return follows ? follow(worker, request) : refuse(request, 481);
  } else if (row === null) {
    request.appendToReply(`Allow: ${rows.allow}`);
    return refuse(request, 405);
  } else looseRoute(request);
  // a retransmission was absorbed, or the memory for transactions is used up
  if (request.createTransaction() !== 'created') return undefined;
  return handleBy(rows.routing, row, worker, request);
}

function handleBy(routing: PolicyRouting, { name, handle }: Row, worker: RunWorker, request: Request): void {
  if (request.message === null) return;
  const handling = new Handling(routing, worker, request, name);
  handling.run(handle, new Call(handling, request.message) as never);
}

function refuse(request: Request, status: number, reason = reasonPhrase(status)): void {
  if (request.checkTransaction() !== 0) request.reply(status, reason);
}

/** The initial value of Max-Forwards, and its largest one (RFC 3261, 16.6, 3). */
const initialHops = 70;
const mostHops = 255;

/** Counts Max-Forwards down; OPTIONS may end here (RFC 3261, 11). */
function mayGoOn(request: Request): boolean {
  const counted = countMaxForwards(request, initialHops, mostHops);
  if (counted === 'invalid') refuse(request, 400, 'Invalid Max-Forwards');
  else if (counted === 'exceeded' && request.message?.method !== 'OPTIONS') refuse(request, 483);
  else return true;
  return false;
}

/** The ACK to a negative reply belongs to its transaction; that to a 2xx follows the dialog's route. */
function acknowledge(rows: Rows, worker: RunWorker, request: Request): void {
  const { message } = request;
  const existing = message === null ? null : worker.routing.host.transactions.find(message);
  if (message !== null && existing !== null) return existing.receive(message);
  const follows = looseRoute(request);
  if (rows.inDialog !== null) handleBy(rows.routing, rows.inDialog, worker, request);
  else if (follows) follow(worker, request);
}

/** A request of a dialog goes where its route leads. */
function follow(worker: RunWorker, request: Request): unknown {
  return relay(new Run(worker, request), { passReason: true });
}

function cancel(rows: Rows, worker: RunWorker, request: Request): unknown {
  const { message } = request;
  const found = message === null ? null : worker.routing.host.transactions.findCancelled(message);
  if (found !== null) return relay(new Run(worker, request), { passReason: true });
  if (rows.hasScript) return runRoute(worker, request, worker.routing.script.main);
  return refuse(request, 481);
}
