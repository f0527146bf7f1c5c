/** What a stateful proxy's user passes in and gets back (RFC 3261, 16). The code is in proxy-transaction.ts. */
import type { HeaderText } from './header-text.ts';
import type { SipRequest, SipResponse } from './message.ts';
import type { ReplyContent } from './reply.ts';
import type { TimerValues } from './timers.ts';
import type { Transport } from './transport.ts';
import type { Protocol } from './transports.ts';

/**
 * Changes to a message on its way through. Everything that is not named here is copied byte by byte.
 * Numbers are places in the message's `headers`. Of Via and Content-Length the proxy takes care itself.
 */
export interface MessageEdits {
  /** Header fields that are left out. */
  readonly removed?: ReadonlySet<number>;
  /** What stands in the place of a header field: whole lines, or '' for none. Wins over `removed`. */
  readonly replaced?: ReadonlyMap<number, HeaderText>;
  /** Lines above a header field; at `headers.length` below the last one, above `appended`. */
  readonly inserted?: ReadonlyMap<number, HeaderText>;
  /** Lines below the last header of the message. */
  readonly appended?: readonly HeaderText[];
  /** A byte string in the place of the body; Content-Length follows it. '' takes the body away. */
  readonly body?: string;
}

/** Of a response, besides. */
export interface ResponseEdits extends MessageEdits {
  /** In the place of the response's. */
  readonly status?: number;
  /** The reason phrase, without line breaks. Left out or empty: as received, with a new `status` the one that belongs to it. */
  readonly reason?: string;
}

/** Of a request, besides. */
export interface RequestEdits extends MessageEdits {
  /** The Request-URI. Left out: as received. */
  readonly uri?: string;
  /** In the place of the request's Max-Forwards. Left out: as received, 70 where there is none (16.6, 3). */
  readonly maxForwards?: number;
  /** In the place of the request's Max-Breadth (RFC 5393, 5). Left out: as received. */
  readonly maxBreadth?: number;
  /** `rport` in the Via of the element before, although it did not ask for it (force_rport()). */
  readonly forceRport?: boolean;
  /** `rport` in the Via that is added (add_local_rport()). */
  readonly addRport?: boolean;
}

/** Where a message can be sent: an IP address (IPv6 without brackets), a port and a transport. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly transport: Protocol;
  /** The host name that the address was found by. */
  readonly name?: string;
}

/** A socket that requests go out by, and how it is named in a Via and a Record-Route. */
export interface SendingSocket {
  readonly transport: Transport;
  /** Host of the sent-by, an IPv6 address in brackets: the advertised one if there is one. */
  readonly host: string;
  readonly port: number;
}

/** One branch that is to be made. */
export interface BranchSpec<T = unknown> {
  /** In the order in which they are tried (RFC 3263, 4.3): the next on a transport error, a 503, or no answer at all. */
  readonly targets: readonly Target[];
  /** Left out: chosen by the target. */
  readonly socket?: SendingSocket | null;
  readonly edits?: RequestEdits;
  /** Header lines for what is made for this branch here: its CANCEL, and the ACK to a refusal. */
  readonly ownHeaders?: HeaderText;
  /** It is not waited for: when all others have ended it is cancelled. Default false. */
  readonly isMinor?: boolean;
  /** The user's own. */
  readonly data: T;
}

/** `calling`: no response so far. `ringing`: provisional ones. `ended`: a final status, received or made here. */
export type BranchState = 'calling' | 'ringing' | 'ended';

export interface Branch<T = unknown> {
  /** Counts from 0 over all rounds of a transaction. */
  readonly index: number;
  readonly spec: BranchSpec<T>;
  readonly state: BranchState;
  /** What it was sent to last. */
  readonly target: Target | null;
  /** The last status, received or made here (408, 487, 503); 0 before the first. */
  readonly lastStatus: number;
  /** The last status that was received; 0 before the first. */
  readonly lastReceivedStatus: number;
  /** The final response that was received; null for a status made here. */
  readonly response: SipResponse | null;
  /** Whether it was cancelled, by whomever. */
  readonly isCancelled: boolean;
}

/**
 * `drop` keeps a provisional response from the caller; a final one goes on whatever this says. Edits are applied
 * when it goes on; a status among them, of the response's class below 300, is the branch's from then on.
 */
export type ReplyVerdict = 'forward' | 'drop' | ResponseEdits;

/** What a transaction's user is asked. Each may answer with a promise; the transaction takes nothing else from its branches meanwhile. */
export interface ProxyHooks<T = unknown> {
  /** For each response of a branch, 100 included; for a 2xx that is a retransmission it is not called again. */
  readonly onReply?: (branch: Branch<T>, response: SipResponse) => ReplyVerdict | Promise<ReplyVerdict>;
  /**
   * All branches have ended, and the best response is no 2xx. Inside, `relay` adds branches and `reply` answers
   * the caller; where neither is done the best response goes up. Also called when the caller has
   * cancelled; adding branches is refused then. A CANCEL that comes while its promise waits ends in 487.
   */
  readonly onFailure?: (failure: Failure<T>) => void | Promise<void>;
  /** For the CANCEL of a branch, before it is sent: changes to it. */
  readonly onCancel?: (
    branch: Branch<T>,
    cancel: SipRequest,
  ) => RequestEdits | null | Promise<RequestEdits | null>;
  /** Answered finally, and every branch has ended. A 2xx may still come late, and is passed on. */
  readonly onEnd?: () => void;
  /** A hook threw or rejected; it counts as if it had not been there. */
  readonly onError?: (error: unknown) => void;
}

/** The best response of a round of branches (16.7, 6). */
export interface Failure<T = unknown> {
  /** As it will go up: `status` is not yet translated from 503 to 500. */
  readonly status: number;
  readonly branch: Branch<T> | null;
  /** Null when it was made here. */
  readonly response: SipResponse | null;
}

/** What came of adding branches: `cancelled` by the caller, `answered` finally already, `blocked` by a 6xx, `limit` of branches reached, `none` given. */
export type RelayOutcome = 'sent' | 'cancelled' | 'answered' | 'blocked' | 'limit' | 'none';

export interface ProxySettings {
  /** Of the client transactions. Default: those of the proxy's core. */
  readonly values?: TimerValues;
  /** How long a branch may stay without any response, in ms: timer B or F. Default 30,000. */
  readonly frTimeout?: number;
  /** How long an INVITE may ring, in ms: timer C. Default 120,000. */
  readonly frInvTimeout?: number;
  /** Whether each provisional response after the first starts `frInvTimeout` anew. Default true (16.7, 2). */
  readonly restartOnEachReply?: boolean;
  /** A 503 goes up as 500 (16.7, 6). Default true. */
  readonly translate503?: boolean;
  /** A 6xx ends the search (16.7, 5). Default true. */
  readonly block6xx?: boolean;
  /** Branches in all. Default 64. */
  readonly maxBranches?: number;
  /** What each reply made here has besides its status: a Server header, for one. */
  readonly replyDefaults?: Omit<ReplyContent, 'status'>;
}
