/** The traces of a Routing: what `trace_id` defines, and what `tracer:start` has added to the process. */
import { type Collector, type Host, type Routing, receivedFrom, StateKey } from '../../runtime/index.ts';
import type { SipMessage, SipRequest } from '../../sip/index.ts';
import { collectorsOf, hepParameters } from '../proto-hep.ts';
import { Capture, type CaptureOptions } from './capture.ts';
import { hepOf, readLocalEnd, readTraceId, siptraceParameters, tracerParameters } from './parameters.ts';
import type { Scope, Trace, Traces } from './trace.ts';
import { tracedTransactions } from './traced-transactions.ts';

/** Traces that the command `tracer:start` began: of each request that meets their conditions. */
export interface RequestedTrace extends Trace {
  readonly scope: Scope;
  readonly meets: (request: SipRequest) => boolean;
}

export const requestedTraces = new StateKey<Host, Map<string, RequestedTrace>>(
  'requested traces',
  () => new Map(),
);

/** Throws if a `trace_id` names an unknown `hep_id`. */
export const tracesOf = new StateKey<Routing, Traces>('traces', (routing) => {
  const collectors = collectorsOf(routing.parameters(hepParameters));
  const [current, former] = [routing.parameters(tracerParameters), routing.parameters(siptraceParameters)];
  const byName = new Map<string, { isOn: boolean; readonly collectors: Collector[] }>();
  for (const text of [...current.trace_id, ...former.trace_id]) {
    const { name, uri } = readTraceId(text);
    const trace = byName.get(name) ?? { isOn: true, collectors: [] };
    byName.set(name, trace);
    const hep = hepOf(uri);
    if (hep === null) continue;
    const collector = collectors.get(hep);
    if (collector === undefined)
      throw new Error(`trace_id "${name}" names hep:${hep}, but no hep_id of proto_hep is called "${hep}"`);
    routing.host.collectors.prepare(collector);
    trace.collectors.push(collector);
  }
  const traces: Traces = {
    isOn: current.trace_on && former.trace_on,
    localEnd: localEnd(current.trace_local_ip ?? former.trace_local_ip),
    byName,
  };
  routing.listeners.request.add((request) => {
    for (const requested of routing.host.states.get(requestedTraces).values())
      if (requested.meets(request)) begin(routing, requested, request, requested.scope);
  });
  return traces;
});

const localEnd = (text: string | null) => (text === null ? null : readLocalEnd(text));

/** Traces a message, and with it its transaction; false if too many are traced. */
export function begin(
  { host, states }: Routing,
  trace: Trace,
  message: SipMessage,
  scope: Scope,
  options: CaptureOptions = {},
): boolean {
  const traces = states.get(tracesOf);
  let isFollowed = true;
  for (const collector of traces.isOn && trace.isOn ? trace.collectors : []) {
    const capture = new Capture(host, traces, trace, collector, options);
    if (scope === 'message') capture.take(receivedFrom(message));
    else if (!host.states.get(tracedTransactions).follow(message, capture)) isFollowed = false;
  }
  return isFollowed;
}
