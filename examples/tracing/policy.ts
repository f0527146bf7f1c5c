/** A policy whose calls are traced: siprest makes the spans of requests, handlers, REST calls and relays. */
import { trace } from '@opentelemetry/api';
import { type Call, defineServer, url } from 'siprest';

const service = process.env['ROUTING_SERVICE'] ?? 'http://127.0.0.1:8080';
const tracer = trace.getTracer('policy');

/** The gateway of a number; null if there is none. */
async function gatewayOf(call: Call, number: string): Promise<string | null> {
  // a span of one's own, in which those of its REST calls are
  return tracer.startActiveSpan('choose a gateway', async (span) => {
    const answer = await call.rest.get(service + url`/gateways/${number}`);
    const gateway = answer.kind === 'response' && answer.ok ? answer.text : null;
    span.setAttribute('gateway', gateway ?? 'none');
    span.end();
    return gateway;
  });
}

export default defineServer({
  onInvite: async (call) => {
    const number = call.uri.user ?? '';
    trace.getActiveSpan()?.setAttribute('call.number', number);
    const gateway = await gatewayOf(call, number);
    if (gateway === null) return call.reply(503, 'No Gateway');
    await call.relay({ targets: [{ uri: call.uri.text, nextHop: gateway }], recordRoute: true });
  },
});
