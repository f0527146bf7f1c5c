/** The SDK for programs that have not registered one: spans go to a collector by OTLP over HTTP. */
import type * as OpenTelemetry from '@opentelemetry/api';
import { type ExportSettings, optionalPackage } from '../../runtime/index.ts';

/** The parts of the SDK's packages that are used here. */
interface ExportResult {
  /** 0: the spans have arrived. */
  readonly code: number;
  readonly error?: Error;
}

interface SpanExporter {
  export(spans: readonly unknown[], done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

interface Resource {
  merge(other: Resource): Resource;
}

interface Sdk {
  readonly NodeTracerProvider: new (options: {
    readonly resource: Resource;
    readonly spanProcessors: readonly unknown[];
  }) => { register(options: { readonly contextManager: null }): void };
  readonly BatchSpanProcessor: new (exporter: SpanExporter) => unknown;
  readonly SimpleSpanProcessor: new (exporter: SpanExporter) => unknown;
}

interface Resources {
  readonly defaultResource: () => Resource;
  readonly envDetector: unknown;
  readonly detectResources: (options: { readonly detectors: readonly unknown[] }) => Resource;
  readonly resourceFromAttributes: (attributes: Readonly<Record<string, string>>) => Resource;
}

interface Contexts {
  readonly AsyncLocalStorageContextManager: new () => OpenTelemetry.ContextManager;
}

interface Exporters {
  readonly OTLPTraceExporter: new (options: { readonly url?: string }) => SpanExporter;
}

const packages = ['@opentelemetry/sdk-trace-node', '@opentelemetry/exporter-trace-otlp-http'] as const;

/**
 * Returns a function to be called before code runs within a span. Until then spans are not kept beside asynchronous work:
 * before Node.js 24 that makes every promise slower, and scripts do not need it.
 *
 * Throws an Error that says which package is missing.
 */
export function registerSdk(
  { context }: typeof OpenTelemetry,
  { serviceName, endpoint, inBatches }: ExportSettings,
  warn: (text: string) => void,
): () => void {
  const sdk = optionalPackage<Sdk>(packages[0]);
  const exporters = optionalPackage<Exporters>(packages[1]);
  if (sdk === null || exporters === null)
    throw new Error(
      `no OpenTelemetry SDK is registered; start Node.js with --import and a file that registers one, or npm install ${packages.join(' ')}`,
    );
  const { NodeTracerProvider, BatchSpanProcessor, SimpleSpanProcessor } = sdk.exports;
  const resources = sdk.require('@opentelemetry/resources') as Resources;
  const exporter = watched(
    new exporters.exports.OTLPTraceExporter(endpoint === null ? {} : { url: endpoint }),
    warn,
  );
  const Processor = inBatches ? BatchSpanProcessor : SimpleSpanProcessor;
  new NodeTracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES prevail
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': serviceName }))
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new Processor(exporter)],
  }).register({ contextManager: null });
  let isActive = false;
  return () => {
    if (isActive) return;
    isActive = true;
    const { AsyncLocalStorageContextManager } = sdk.require('@opentelemetry/context-async-hooks') as Contexts;
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  };
}

/** Logs when the collector begins to refuse spans, and again after it took some. */
function watched(exporter: SpanExporter, warn: (text: string) => void): SpanExporter {
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== 0 && !isFailing)
          warn(`traces cannot be sent to the collector: ${result.error?.message ?? 'unknown error'}`);
        isFailing = result.code !== 0;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
