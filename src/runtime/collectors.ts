/** Collectors of SIP messages, such as Homer, which `observe` sends to. */
import type { Protocol } from '../sip/index.ts';
import type { WireEnd } from './message-tap.ts';

export interface Collector {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
  /** Which capturing agent this server is. */
  readonly captureId: number;
  /** What the collector asks for; null: nothing. */
  readonly key: string | null;
}

/** A copy of a message for a collector. */
export interface CapturedMessage {
  /** Milliseconds since 1970, with fractions. */
  readonly at: number;
  readonly transport: Protocol;
  readonly from: WireEnd;
  readonly to: WireEnd;
  /** The whole message, as a byte string. */
  readonly message: string;
  /** What the collector joins messages by, as a byte string. */
  readonly correlationId: string;
}

/** What a collector should join, such as the Call-IDs of two legs. */
export interface CorrelatedCalls {
  /** IDs by their types, such as `sip`, as byte strings. */
  readonly ids: Readonly<Record<string, string>>;
  /** What the message about them itself is joined by. */
  readonly correlationId: string;
  /** The ends that the message is about. */
  readonly from: WireEnd;
  readonly to: WireEnd;
}

export interface Collectors {
  readonly counts: { readonly sent: number; readonly lost: number };
  /** Looks up the collector's name before it is needed. */
  prepare(collector: Collector): void;
  /** Never waits and never throws; a copy that cannot be sent at once is lost. */
  send(collector: Collector, captured: CapturedMessage): void;
  /** The same for a message that says which calls belong together. */
  correlate(collector: Collector, calls: CorrelatedCalls): void;
  close(): void;
}
