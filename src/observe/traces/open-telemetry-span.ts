import type * as OpenTelemetry from '@opentelemetry/api';
import type { Span, SpanAttributes, SpanKind, TraceField } from '../../runtime/index.ts';
import { traceFields } from './trace-context.ts';

/** What the spans of a trace have in common. */
interface Recording {
  readonly api: typeof OpenTelemetry;
  readonly tracer: OpenTelemetry.Tracer;
  readonly isPassedOn: boolean;
  /** To be called before code runs within a span. */
  readonly keepContext: () => void;
}

/** A span that is recorded. */
export class OpenTelemetrySpan implements Span {
  readonly #recording: Recording;
  readonly #span: OpenTelemetry.Span;
  /** With this span in it. */
  readonly #context: OpenTelemetry.Context;

  /** @param outer the context that it was begun in */
  constructor(recording: Recording, span: OpenTelemetry.Span, outer: OpenTelemetry.Context) {
    this.#recording = recording;
    this.#span = span;
    this.#context = recording.api.trace.setSpan(outer, span);
  }

  child(name: string, kind: SpanKind, attributes?: SpanAttributes): Span {
    const { api, tracer } = this.#recording;
    const span = tracer.startSpan(name, { kind: kindOf(api, kind) }, this.#context);
    // the SDK checks those of a new span three times
    if (attributes !== undefined) span.setAttributes(attributes);
    return new OpenTelemetrySpan(this.#recording, span, this.#context);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  event(name: string, attributes?: SpanAttributes): void {
    this.#span.addEvent(name, attributes);
  }

  fail(errorType: string, description?: string): void {
    const code = this.#recording.api.SpanStatusCode.ERROR;
    this.#span.setStatus(description === undefined ? { code } : { code, message: description });
    this.#span.setAttribute('error.type', errorType);
  }

  within<R>(body: () => R): R {
    const { api, keepContext } = this.#recording;
    keepContext();
    return api.context.with(this.#context, body);
  }

  innermost(): Span {
    const { context, trace } = this.#recording.api;
    const active = trace.getActiveSpan();
    if (active === undefined || active === this.#span) return this;
    const isOfTrace = active.spanContext().traceId === this.#span.spanContext().traceId;
    return isOfTrace ? new OpenTelemetrySpan(this.#recording, active, context.active()) : this;
  }

  get fields(): readonly TraceField[] {
    return this.#recording.isPassedOn ? traceFields(this.#recording.api, this.#span) : [];
  }

  end(): void {
    if (this.#span.isRecording()) this.#span.end();
  }
}

/** Stands for all spans of a trace that is only passed on. */
export class PassedOnSpan implements Span {
  readonly fields: readonly TraceField[];

  constructor(fields: readonly TraceField[]) {
    this.fields = fields;
  }

  child(): Span {
    return this;
  }

  set(): void {
    // nobody records it
  }

  event(): void {
    // nobody records it
  }

  fail(): void {
    // nobody records it
  }

  within<R>(body: () => R): R {
    return body();
  }

  innermost(): Span {
    return this;
  }

  end(): void {
    // nobody records it
  }
}

function kindOf({ SpanKind: kinds }: typeof OpenTelemetry, kind: SpanKind): OpenTelemetry.SpanKind {
  if (kind === 'client') return kinds.CLIENT;
  return kind === 'server' ? kinds.SERVER : kinds.INTERNAL;
}
