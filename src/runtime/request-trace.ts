/** The trace of a request, for what adds to it. */
import type { Request } from './request.ts';

/** Begins the trace of a request that has just arrived, unless it is a retransmission. */
export function beginTrace(request: Request): void {
  const { message, routing } = request;
  if (message === null) return;
  const { traces, transactions } = routing.host;
  const trace = traces.begin(message, () => transactions.find(message) !== null);
  if (trace === null) return;
  request.trace = trace;
  request.onTransaction((transaction) => trace.follow(transaction));
}

/** Lets another view of the same call, such as that of a global route, belong to its trace. */
export function shareTrace(from: Request, to: Request): Request {
  to.trace = from.trace;
  return to;
}
