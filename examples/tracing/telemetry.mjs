// Registers OpenTelemetry's SDK before siprest starts: node --import ./telemetry.mjs ... It is started in each process of
// the server. Environment variables such as OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_SERVICE_NAME apply.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';

new NodeTracerProvider({
  resource: defaultResource().merge(detectResources({ detectors: [envDetector] })),
  // what the sender of a call or siprest's --traces has chosen is kept; a share here would apply on top of that
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(1) }),
  spanProcessors: [
    new BatchSpanProcessor(new OTLPTraceExporter(), { maxQueueSize: 10_000, scheduledDelayMillis: 1000 }),
  ],
}).register();
