/** Spans of traces, as OpenTelemetry has them; `observe` makes them with the user's SDK. */

/** Attributes by name; undefined ones are left out. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Receives a request, sends one, or neither. */
export type SpanKind = 'server' | 'client' | 'internal';

/** A header field that carries a trace to another program. */
export interface TraceField {
  readonly name: string;
  readonly value: string;
}

/** A part of a trace, from its beginning until {@link Span.end}. */
export interface Span {
  /** Begins a part of this one. */
  child(name: string, kind: SpanKind, attributes?: SpanAttributes): Span;
  set(attributes: SpanAttributes): void;
  /** Something that happens at this time. */
  event(name: string, attributes?: SpanAttributes): void;
  /** Marks it as failed; `error.type` is a word with few values. */
  fail(errorType: string, description?: string): void;
  /** Runs code whose own spans, by OpenTelemetry's API, become parts of this one, after each `await` as well. */
  within<R>(body: () => R): R;
  /** The innermost span of the running code if it is in this trace, else this one. */
  innermost(): Span;
  /** `traceparent` and `tracestate` (W3C Trace Context) for requests of this span; empty if traces are not passed on. */
  readonly fields: readonly TraceField[];
  /** Further calls do nothing. */
  end(): void;
}

/** The trace that a request belongs to, as its sender says (W3C Trace Context). */
export interface TraceParent {
  readonly traceparent: string;
  /** '' for none. */
  readonly tracestate: string;
}

/** How a trace begins. */
export interface TraceBeginning {
  /** Asked for only if the trace is recorded. */
  readonly attributes: () => SpanAttributes;
  readonly parent: TraceParent | null;
  /** Whether {@link Span.fields} pass it on. */
  readonly isPassedOn: boolean;
}

/** Begins traces. */
export interface SpanSource {
  /** Null if the trace is neither recorded nor passed on. */
  begin(name: string, beginning: TraceBeginning): Span | null;
  /** Hands over what has ended; resolves at the latest after a second. */
  flush(): Promise<void>;
}
