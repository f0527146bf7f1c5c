/** What a handler says about relaying its request, and how that ended. */
import type { HeaderValues, MessageView } from './message-view.ts';
import type { Reply } from './reply.ts';

/** Where a request is relayed. A URI alone is both its Request-URI and its next hop. */
export interface RelayTarget {
  /** The Request-URI. */
  readonly uri: string;
  /** The URI to which it is sent instead: `sip:10.0.0.5:5080;transport=tcp`. */
  readonly nextHop?: string | undefined;
  /** The socket by which it leaves: `udp:192.0.2.1:5060`. Default: the one that received the request, if it can. */
  readonly socket?: string | undefined;
  /** Headers for this target only: each replaces those of the same name, null removes them. */
  readonly headers?: HeaderValues | undefined;
}

/** How a request is relayed. */
export interface RelayOptions {
  /** URIs or targets, up to 64. Default: the destination by its Route headers, else its Request-URI. */
  readonly targets?: readonly (string | RelayTarget)[] | undefined;
  /**
   * `parallel`: all ring at once, and the first to answer gets the call. `series`: one after the other. Default:
   * `parallel`.
   */
  readonly order?: 'parallel' | 'series' | undefined;
  /** In series: whether the next target is tried after this failure. Default: after any failure but a 6xx. */
  readonly tryNext?: ((failure: RelayFailure | RelayTimeout) => boolean) | undefined;
  /** Whether later requests of the dialog pass through this server as well. Default false. */
  readonly recordRoute?: boolean | undefined;
  /** How long an INVITE may ring, in ms. Default: that of the policy. */
  readonly ringFor?: number | undefined;
  /**
   * How long a target may take until its first response, in ms; an address of a name that has others at most 8 `t1`.
   * Default: that of the policy.
   */
  readonly respondWithin?: number | undefined;
  /** Whether the next address of a target is tried if one does not respond. Default true. */
  readonly failover?: boolean | undefined;
  /** Changes the copy of the request that goes to each target. */
  readonly onBranch?: ((branch: BranchRequest) => void) | undefined;
  /** Sees and changes each reply, 100 and others included, before it goes to the caller. May be async. */
  readonly onReply?: ((reply: Reply) => unknown) | undefined;
}

/** The copy of the request that goes to one target. */
export interface BranchRequest extends MessageView {
  /** Its Request-URI. */
  uri: string;
  /** The URI to which it is sent instead; undefined: to {@link BranchRequest.uri}. */
  nextHop: string | undefined;
}

/** A target accepted the request. */
export interface RelayAnswer {
  /** Which result this is. */
  readonly kind: 'answered';
  /** 200 to 299. */
  readonly status: number;
  /** The answer. */
  readonly reply: Reply;
}

/** All targets refused: the best of their replies goes to the caller when the handler ends, unless it does something else. */
export interface RelayFailure {
  /** Which result this is. */
  readonly kind: 'failed';
  /** 300 to 699; 503 if no target could be reached. */
  readonly status: number;
  /** The reason phrase. */
  readonly reason: string;
  /** The best reply; undefined if the status was made here. */
  readonly reply: Reply | undefined;
}

/** No target responded in time, or none answered within `ringFor`. */
export interface RelayTimeout {
  /** Which result this is. */
  readonly kind: 'timeout';
  /** What the caller gets when the handler ends. */
  readonly status: 408;
}

/** The request has ended otherwise: the caller cancelled it or is gone, the limit was reached, or the handler replied itself. */
export interface RelayCancelled {
  /** Which result this is. */
  readonly kind: 'cancelled';
}

/** How relaying ended. */
export type RelayResult = RelayAnswer | RelayFailure | RelayTimeout | RelayCancelled;
