/** What a trace takes of the messages that it sees, and where it sends them. */
import type { Collector, Host, WireEnd, WireMessage } from '../../runtime/index.ts';
import type { Sides, Trace, Traces } from './trace.ts';

export interface CaptureOptions {
  readonly sides?: Sides;
  /** Default: the Call-ID. */
  readonly correlationId?: string | undefined;
}

export class Capture {
  /** The same for captures that send to the same collector. */
  readonly target: string;
  readonly #host: Host;
  readonly #traces: Traces;
  readonly #trace: Trace;
  readonly #collector: Collector;
  readonly #options: CaptureOptions;

  constructor(host: Host, traces: Traces, trace: Trace, collector: Collector, options: CaptureOptions) {
    this.target = `${collector.host} ${collector.port}`;
    this.#host = host;
    this.#traces = traces;
    this.#trace = trace;
    this.#collector = collector;
    this.#options = options;
  }

  take(wire: WireMessage): void {
    if (!this.#traces.isOn || !this.#trace.isOn) return;
    const { sides = 'both', correlationId } = this.#options;
    if (sides !== 'both' && sides !== sideOf(wire)) return;
    const { message, transport, peer } = wire;
    const isIn = wire.direction === 'in';
    const socket = wire.local ?? unknownEnd(peer);
    const local = isIn ? socket : (this.#traces.localEnd ?? socket);
    this.#host.collectors.send(this.#collector, {
      at: this.#host.clock.date(),
      transport,
      from: isIn ? peer : local,
      to: isIn ? local : peer,
      message: message.raw,
      correlationId: correlationId ?? message.callId,
    });
  }
}

/** Requests come from the caller and go to the callee. */
const sideOf = ({ direction, message }: WireMessage): Sides =>
  (direction === 'in') === (message.kind === 'request') ? 'caller' : 'callee';

const unknownEnd = ({ address }: WireEnd): WireEnd => ({
  address: address.includes(':') ? '::' : '0.0.0.0',
  port: 0,
});
