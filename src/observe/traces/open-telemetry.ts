/** Traces by OpenTelemetry's API, which spans go through to the SDK that the program has registered. */
import type * as OpenTelemetry from '@opentelemetry/api';
import {
  type ExportSettings,
  optionalPackage,
  type Span,
  type SpanSource,
  type TraceBeginning,
} from '../../runtime/index.ts';
import { registerSdk } from './default-sdk.ts';
import { OpenTelemetrySpan, PassedOnSpan } from './open-telemetry-span.ts';
import { spanContextOf, traceFields } from './trace-context.ts';

type Api = typeof OpenTelemetry;

/** Longest time for handing over spans at the end, in ms. */
const flushWithin = 1000;
/**
 * How long spans that have ended wait for others before they are handed over to the SDK, in ms: not longer than the SDK itself
 * lets them wait.
 */
const longestWait = Math.min(1000, Number(process.env['OTEL_BSP_SCHEDULE_DELAY'] ?? 1000) || 0);
/** How many wait. */
const mostWaiting = 256;

/**
 * Without a registered SDK it registers one. Throws an Error that says which package is missing.
 *
 * @param warn is told that spans cannot be exported
 */
export function openTelemetry(settings: ExportSettings, warn: (text: string) => void): SpanSource {
  const api = optionalPackage<Api>('@opentelemetry/api')?.exports;
  if (api === undefined)
    throw new Error('the package @opentelemetry/api is missing; npm install @opentelemetry/api');
  const keepContext = isRegistered(api) ? () => undefined : registerSdk(api, settings, warn);
  return new OpenTelemetrySource(api, keepContext);
}

/** Of several copies of the API, the first that registers an SDK serves all. */
function isRegistered({ trace, ProxyTracerProvider }: Api): boolean {
  const provider = trace.getTracerProvider();
  if (!(provider instanceof ProxyTracerProvider)) return true;
  return provider.getDelegate() !== new ProxyTracerProvider().getDelegate();
}

class OpenTelemetrySource implements SpanSource {
  readonly #api: Api;
  readonly #tracer: OpenTelemetry.Tracer;
  readonly #keepContext: () => void;
  #ended: OpenTelemetrySpan[] = [];

  constructor(api: Api, keepContext: () => void) {
    this.#api = api;
    this.#keepContext = keepContext;
    this.#tracer = api.trace.getTracer('siprest');
  }

  begin(name: string, { attributes, parent, isPassedOn }: TraceBeginning): Span | null {
    const api = this.#api;
    const remote = parent === null ? null : spanContextOf(api, parent);
    const context = remote === null ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, remote);
    const [startTime, startedAt] = [Date.now(), performance.now()];
    const span = this.#tracer.startSpan(name, { kind: api.SpanKind.SERVER, startTime }, context);
    if (!span.isRecording()) return isPassedOn ? new PassedOnSpan(traceFields(api, span)) : null;
    span.setAttributes(attributes());
    const recording = {
      api,
      tracer: this.#tracer,
      isPassedOn,
      keepContext: this.#keepContext,
      now: () => startTime + performance.now() - startedAt,
      ended: this.#waits,
    };
    return OpenTelemetrySpan.of(recording, span, context);
  }

  readonly #waits = (span: OpenTelemetrySpan): void => {
    this.#ended.push(span);
    if (this.#ended.length === 1) setTimeout(() => this.#handOver(), longestWait).unref();
    else if (this.#ended.length >= mostWaiting) this.#handOver();
  };

  #handOver(): void {
    const ended = this.#ended;
    this.#ended = [];
    for (const span of ended) span.handOver();
  }

  async flush(): Promise<void> {
    this.#handOver();
    const provider = this.#api.trace.getTracerProvider() as Partial<OpenTelemetry.ProxyTracerProvider>;
    const sdk = (provider.getDelegate?.() ?? provider) as { forceFlush?: () => Promise<void> };
    const timeout = new Promise<void>((resolve) => {
      setTimeout(resolve, flushWithin).unref();
    });
    await Promise.race([sdk.forceFlush?.().catch(() => undefined), timeout]);
  }
}
