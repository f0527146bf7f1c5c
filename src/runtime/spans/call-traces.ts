/**
 * Traces of requests for OpenTelemetry. While they are off, a request costs one comparison; while they are on, a request
 * that is not traced has no state, and what would add to its trace asks for that alone.
 */
import { Checksum, type SipRequest } from '../../sip/index.ts';
import { CallTrace, requestAttributes } from './call-trace.ts';
import type { SpanSource } from './span.ts';
import { traceParentOf } from './trace-context.ts';

/** Which requests are traced, and what becomes of their traces. */
export interface TraceOptions {
  /** The share of calls that are traced, from 0 to 1, in addition to the SDK's sampler. Default 1. */
  readonly share?: number | undefined;
  /**
   * Continues the trace in the Traceparent header of a request, and passes traces on to REST services, by W3C Trace Context.
   * Default false.
   */
  readonly passOn?: boolean | undefined;
}

/** How spans leave the process, unless the program has registered an SDK. */
export interface ExportSettings {
  /** The attribute `service.name`, unless OTEL_SERVICE_NAME has one. */
  readonly serviceName: string;
  /** The URL of the collector; null: what OTEL_EXPORTER_OTLP_ENDPOINT says, else port 4318 of this machine. */
  readonly endpoint: string | null;
  /** Whether spans are sent in batches. */
  readonly inBatches: boolean;
}

export const defaultExport: ExportSettings = { serviceName: 'siprest', endpoint: null, inBatches: true };

/** Begins with an SDK. Throws an Error that says what is missing. */
export type OpenSpanSource = (settings: ExportSettings) => SpanSource;

export class CallTraces {
  /** Whether requests may be traced. */
  isOn = false;
  /** How many requests were traced, or belonged to a trace of their sender. */
  count = 0;
  /** Log lines up to this level become events of spans. */
  logLevel = 4;
  readonly #open: OpenSpanSource;
  #source: SpanSource | null = null;
  #options: TraceOptions = {};

  constructor(open: OpenSpanSource) {
    this.#open = open;
  }

  /**
   * Traces requests from now on. The first call decides how spans leave the process; without options, those of an earlier
   * call hold. Throws an Error that says what is missing.
   */
  start(settings: ExportSettings, options: TraceOptions = this.#options): void {
    this.#source ??= this.#open(settings);
    this.#options = options;
    this.isOn = true;
  }

  /** Begins no further traces. */
  stop(): void {
    this.isOn = false;
  }

  /**
   * The trace of a new request; null if it has none. ACK and CANCEL belong to another request.
   *
   * @param isKnown whether it is a retransmission; asked only for a request that would be traced
   */
  begin(message: SipRequest, isKnown: () => boolean): CallTrace | null {
    const { method, callId } = message;
    if (this.#source === null || method === 'ACK' || method === 'CANCEL') return null;
    const { share = 1, passOn = false } = this.#options;
    const parent = passOn ? traceParentOf(message) : null;
    if (parent === null && share < 1 && shareOf(callId) >= share) return null;
    if (isKnown()) return null;
    const attributes = () => requestAttributes(message);
    const root = this.#source.begin(`${method} request`, { attributes, parent, isPassedOn: passOn });
    if (root === null) return null;
    this.count++;
    return new CallTrace(root, method);
  }

  /** Hands over what has ended; resolves at the latest after a second. */
  async close(): Promise<void> {
    this.stop();
    await this.#source?.flush();
  }
}

/** From 0 up to 1, evenly, and the same for all requests of a call. */
function shareOf(callId: string): number {
  let mixed = new Checksum().add(callId).number;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
