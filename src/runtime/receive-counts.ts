/** Counters of received messages and their fate. */
export class ReceiveCounts {
  requests = 0;
  responses = 0;
  /** Messages that are not SIP, and malformed requests. */
  malformed = 0;
  /** Malformed responses. */
  malformedResponses = 0;
  /** Empty lines or nothing at all, by which a client keeps its way through a NAT open (RFC 5626, 3.5.1). */
  keepAlives = 0;
  /** ACKs to replies that were sent without a transaction. */
  ownAcks = 0;
  /** Messages of transactions of other processes. */
  handedOver = 0;
  /** Requests that were answered 503, since they could not be handled in time or the server stops. */
  refused = 0;
  /** Requests dropped without a reply. */
  dropped = 0;
}
