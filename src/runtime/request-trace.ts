/** The trace of a request, for what adds to it. */
import type { Request } from './request.ts';
import { type CallTrace, callTrace } from './spans/call-trace.ts';

/** Null if the request is not traced. */
export const traceOf = (request: Request): CallTrace | null =>
  request.routing.host.traces.isOn ? (request.knownState(callTrace) ?? null) : null;

/** Begins the trace of a request that has just arrived, unless it is a retransmission. */
export function beginTrace(request: Request): void {
  const { message, routing } = request;
  if (message === null) return;
  const { traces, transactions } = routing.host;
  const trace = traces.begin(message, () => transactions.find(message) !== null);
  if (trace === null) return;
  request.setState(callTrace, trace);
  request.onTransaction((transaction) => trace.follow(transaction));
}

/** Lets another view of the same call, such as that of a global route, belong to its trace. */
export function shareTrace(from: Request, to: Request): Request {
  const trace = traceOf(from);
  if (trace !== null) to.setState(callTrace, trace);
  return to;
}
