/** Notes what requests have waited for, and finds the slowest of them. */
import type { FinishedRest } from './call-history.ts';
import { messageFields, type Request } from './request.ts';
import { slowest } from './slowest-calls.ts';
import type { Tracing } from './tracing.ts';

/** Shows a step in the live traces of its call, if anybody looks. */
export function traceStep(
  { message, routing }: Request,
  kind: Parameters<Tracing['note']>[1],
  text: () => string,
): void {
  const { tracing } = routing.host;
  if (tracing.isOn && message !== null) tracing.note(message.callId, kind, text());
}

/** The Call-ID. */
const callOf = ({ message }: Request) => (message === null ? '' : (messageFields(message)['call_id'] ?? ''));

/** Notes a REST call; if it is among the slowest, the ladder of its request is recorded from now on. */
export function noteRest(request: Request, call: FinishedRest): void {
  const { host } = request.routing;
  const now = host.clock.now();
  request.history.noteRest(call, now);
  host.states.get(slowest).add(call.milliseconds, now, () => ({
    outcome: call.outcome,
    method: call.method,
    url: call.url(),
    call: callOf(request),
    ladder: request.follow(),
  }));
}

function followed(request: Request, step: string) {
  const ladder = request.follow();
  request.noteStep('script', () => step);
  return ladder;
}

/** Shorter handlers are not of interest, in ms. */
const longHandler = 100;

/** Notes how long a handler has run and waited; what it has waited for REST is noted already. */
export function noteHandler(request: Request, name: string, milliseconds: number): void {
  if (milliseconds < longHandler) return;
  const own = milliseconds - request.history.restTime;
  if (own < longHandler) return;
  const { host } = request.routing;
  host.states.get(slowest).add(own, host.clock.now(), () => ({
    outcome: 'handler',
    method: `${name}()`,
    url: '',
    call: callOf(request),
    ladder: followed(request, `${name}(), after ${Math.round(milliseconds)} ms`),
  }));
}
