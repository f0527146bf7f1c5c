/** W3C Trace Context: how a span names itself to other programs. */
import type * as OpenTelemetry from '@opentelemetry/api';
import type { TraceField, TraceParent } from '../../runtime/index.ts';

type Api = typeof OpenTelemetry;

/** The span that the fields name, which are valid. */
export function spanContextOf(
  { createTraceState }: Api,
  { traceparent, tracestate }: TraceParent,
): OpenTelemetry.SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(tracestate === '' ? {} : { traceState: createTraceState(tracestate) }),
  };
}

/** Empty if the span has no name, as without an SDK. */
export function traceFields({ isSpanContextValid }: Api, span: OpenTelemetry.Span): readonly TraceField[] {
  const context = span.spanContext();
  if (!isSpanContextValid(context)) return [];
  const { traceId, spanId, traceFlags } = context;
  const state = context.traceState?.serialize() ?? '';
  return [
    { name: 'traceparent', value: `00-${traceId}-${spanId}-0${traceFlags & 1}` },
    ...(state === '' ? [] : [{ name: 'tracestate', value: state }]),
  ];
}
