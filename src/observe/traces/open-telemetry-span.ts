import type * as OpenTelemetry from '@opentelemetry/api';
import type { Span, SpanAttributes, SpanKind, TraceField } from '../../runtime/index.ts';
import { traceFields } from './trace-context.ts';

/** What the spans of a trace have in common. */
export interface Recording {
  readonly api: typeof OpenTelemetry;
  readonly tracer: OpenTelemetry.Tracer;
  readonly isPassedOn: boolean;
  /** To be called before code runs within a span. */
  readonly keepContext: () => void;
  /** In ms since 1970, on one clock for the whole trace. */
  readonly now: () => number;
  /** Takes a span that has ended, to hand it over to the SDK with others. */
  readonly ended: (span: OpenTelemetrySpan) => void;
}

/** A span of the SDK, and the context with it. */
interface SdkSpan {
  readonly span: OpenTelemetry.Span;
  readonly context: OpenTelemetry.Context;
}

/** A part of a trace that the SDK does not know yet. */
interface Part {
  readonly parent: OpenTelemetrySpan;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: number;
  readonly attributes: SpanAttributes[];
  readonly events: {
    readonly name: string;
    readonly attributes: SpanAttributes | undefined;
    readonly time: number;
  }[];
  failure: OpenTelemetry.SpanStatus | null;
}

/**
 * A span that is recorded. Unless the SDK's span is needed before, it is made some time after the end, together with
 * others: what only one call in a hundred runs takes several times as long as what runs in a row.
 */
export class OpenTelemetrySpan implements Span {
  readonly #recording: Recording;
  #sdk: SdkSpan | null;
  /** Null if the SDK has the span. */
  #part: Part | null;
  #endedAt: number | null = null;

  private constructor(recording: Recording, sdk: SdkSpan | null, part: Part | null) {
    this.#recording = recording;
    this.#sdk = sdk;
    this.#part = part;
  }

  /** @param outer the context that the span was begun in */
  static of(recording: Recording, span: OpenTelemetry.Span, outer: OpenTelemetry.Context): OpenTelemetrySpan {
    return new OpenTelemetrySpan(
      recording,
      { span, context: recording.api.trace.setSpan(outer, span) },
      null,
    );
  }

  child(name: string, kind: SpanKind, attributes?: SpanAttributes): Span {
    return new OpenTelemetrySpan(this.#recording, null, {
      parent: this,
      name,
      kind,
      startTime: this.#recording.now(),
      attributes: attributes === undefined ? [] : [attributes],
      events: [],
      failure: null,
    });
  }

  set(attributes: SpanAttributes): void {
    if (this.#part === null) this.#inSdk().span.setAttributes(attributes);
    else this.#part.attributes.push(attributes);
  }

  event(name: string, attributes?: SpanAttributes): void {
    const time = this.#recording.now();
    if (this.#part === null) this.#inSdk().span.addEvent(name, attributes, time);
    else this.#part.events.push({ name, attributes, time });
  }

  fail(errorType: string, description?: string): void {
    const code = this.#recording.api.SpanStatusCode.ERROR;
    const status = description === undefined ? { code } : { code, message: description };
    if (this.#part === null) this.#inSdk().span.setStatus(status);
    else this.#part.failure = status;
    this.set({ 'error.type': errorType });
  }

  within<R>(body: () => R): R {
    const { api, keepContext } = this.#recording;
    keepContext();
    return api.context.with(this.#inSdk().context, body);
  }

  innermost(): Span {
    const { context, trace } = this.#recording.api;
    const active = trace.getActiveSpan();
    if (active === undefined) return this;
    const { span } = this.#inSdk();
    if (active === span || active.spanContext().traceId !== span.spanContext().traceId) return this;
    return OpenTelemetrySpan.of(this.#recording, active, context.active());
  }

  get fields(): readonly TraceField[] {
    const { isPassedOn, api } = this.#recording;
    return isPassedOn ? traceFields(api, this.#inSdk().span) : [];
  }

  end(): void {
    if (this.#endedAt !== null) return;
    this.#endedAt = this.#recording.now();
    if (this.#sdk === null) this.#recording.ended(this);
    else if (this.#sdk.span.isRecording()) this.#sdk.span.end(this.#endedAt);
  }

  /** Hands a span over that has ended. */
  handOver(): void {
    this.#inSdk();
  }

  #inSdk(): SdkSpan {
    this.#sdk ??= this.#begun();
    return this.#sdk;
  }

  #begun(): SdkSpan {
    const part = this.#part;
    if (part === null) throw new Error('a span of neither kind');
    this.#part = null;
    const { api, tracer } = this.#recording;
    const { context: outer } = part.parent.#inSdk();
    const span = tracer.startSpan(
      part.name,
      { kind: kindOf(api, part.kind), startTime: part.startTime },
      outer,
    );
    // the SDK checks those of a new span three times
    for (const attributes of part.attributes) span.setAttributes(attributes);
    for (const { name, attributes, time } of part.events) span.addEvent(name, attributes, time);
    if (part.failure !== null) span.setStatus(part.failure);
    if (this.#endedAt !== null) span.end(this.#endedAt);
    return { span, context: api.trace.setSpan(outer, span) };
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
