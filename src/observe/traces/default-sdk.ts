/** The SDK for programs that have not registered one: spans go to a collector by OTLP over HTTP. */
import type { ExportSettings } from '../../runtime/index.ts';
import { optionalPackage } from './optional-package.ts';

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
  }) => { register(): void };
  readonly BatchSpanProcessor: new (exporter: SpanExporter) => unknown;
  readonly SimpleSpanProcessor: new (exporter: SpanExporter) => unknown;
}

interface Resources {
  readonly defaultResource: () => Resource;
  readonly envDetector: unknown;
  readonly detectResources: (options: { readonly detectors: readonly unknown[] }) => Resource;
  readonly resourceFromAttributes: (attributes: Readonly<Record<string, string>>) => Resource;
}

interface Exporters {
  readonly OTLPTraceExporter: new (options: { readonly url?: string }) => SpanExporter;
}

const packages = ['@opentelemetry/sdk-trace-node', '@opentelemetry/exporter-trace-otlp-http'] as const;

/** Throws an Error that says which package is missing. */
export function registerSdk(
  { serviceName, endpoint, inBatches }: ExportSettings,
  warn: (text: string) => void,
): void {
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
  }).register();
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
