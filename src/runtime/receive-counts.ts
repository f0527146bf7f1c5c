import { MethodCounts } from '../sip/index.ts';

/** Counters of received messages and their fate. */
export class ReceiveCounts {
  requests = 0;
  responses = 0;
  readonly requestsByMethod: MethodCounts = new MethodCounts();
  readonly responsesByMethod: MethodCounts = new MethodCounts();
  /** Messages that are not SIP, and malformed requests. */
  malformed = 0;
  /** Malformed responses. */
  malformedResponses = 0;
  /** Empty lines or datagrams, by which clients keep their NAT bindings open (RFC 5626, 3.5.1). */
  keepAlives = 0;
  /** ACKs to stateless replies. */
  ownAcks = 0;
  /** Messages that belong to transactions of other processes. */
  handedOver = 0;
  /** Requests answered 503 because of overload, or because the server stops. */
  refused = 0;
  /** When a request was last refused or dropped because of overload, in ms of the host's clock. */
  overloadedAt = Number.NEGATIVE_INFINITY;
  /** Requests dropped without a reply. */
  dropped = 0;
}
