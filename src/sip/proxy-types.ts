/** Inputs and results of a stateful proxy (RFC 3261, 16), implemented in proxy-transaction.ts. */
import type { Awaitable } from '../timers/index.ts';
import type { HeaderText } from './header-text.ts';
import type { SipRequest, SipResponse } from './message.ts';
import type { ReplyContent } from './reply.ts';
import type { TimerValues } from './timers.ts';
import type { SecurePeer } from './tls-domains.ts';
import type { Transport } from './transport.ts';
import type { Protocol } from './transports.ts';

/** A change of the header at one place. */
export interface HeaderChange {
  /** Index into the message's `headers`; `headers.length` is below the last header, above `appended`. */
  readonly place: number;
  /** Whether the lines are inserted above that header field; else they replace it. */
  readonly above: boolean;
  /** Complete lines, or '' for none. */
  readonly lines: HeaderText;
}

/**
 * Changes to a forwarded message. Everything else is copied byte by byte. The proxy handles Via and Content-Length
 * itself.
 */
export interface MessageEdits {
  /** In the order of their places. Of several that replace one header field the last counts. */
  readonly changes?: readonly HeaderChange[] | undefined;
  /** Lines below the last header of the message. */
  readonly appended?: readonly HeaderText[] | undefined;
  /** A byte string that replaces the body; Content-Length is adjusted. '' removes the body. */
  readonly body?: string | undefined;
  /** Complete lines that replace all Vias of other elements; '' removes them. Absent: as received. */
  readonly vias?: HeaderText | undefined;
}

/** Additional changes to a response. */
export interface ResponseEdits extends MessageEdits {
  /** The new status. Absent: as received. */
  readonly status?: number;
  /** The reason phrase, without line breaks. Absent or empty: as received, or the default of a new `status`. */
  readonly reason?: string;
}

/** Additional changes to a request. */
export interface RequestEdits extends MessageEdits {
  /** The Request-URI. Absent: as received. */
  readonly uri?: string | undefined;
  /** Replaces the request's Max-Forwards. Absent: as received, or 70 if the request has none (16.6, 3). */
  readonly maxForwards?: number | undefined;
  /** Replaces the request's Max-Breadth (RFC 5393, 5). Absent: as received. */
  readonly maxBreadth?: number | undefined;
  /** Adds `rport` to the previous element's Via even if it did not ask for it (force_rport()). */
  readonly forceRport?: boolean | undefined;
  /** Adds `rport` to the new Via (add_local_rport()). */
  readonly addRport?: boolean | undefined;
}

/** Where a message can be sent: an IP address (IPv6 without brackets), a port and a transport. */
export interface Target extends SecurePeer {
  readonly address: string;
  readonly port: number;
  readonly transport: Protocol;
  /** The host name that resolved to the address. */
  readonly name?: string;
}

/** A socket that sends requests, and its name in Via and Record-Route. */
export interface SendingSocket {
  readonly transport: Transport;
  /** Host of the sent-by, an IPv6 address in brackets; the advertised host if any. */
  readonly host: string;
  readonly port: number;
}

/** A branch to be created. */
export interface BranchSpec<T = unknown> {
  /** Tried in order (RFC 3263, 4.3): the next one after a transport error, a 503, or no answer at all. */
  readonly targets: readonly Target[];
  /** Absent: chosen for the target. */
  readonly socket?: SendingSocket | null;
  readonly edits?: RequestEdits;
  /** Header lines for requests generated for this branch: its CANCEL, and the ACK to a refusal. */
  readonly ownHeaders?: HeaderText;
  /** Whether the transaction does not wait for it: it is cancelled when all others have ended. Default false. */
  readonly isMinor?: boolean;
  /** The status of the branch if no connection to its targets is open; absent: one is opened. */
  readonly ifNotConnected?: 430 | 503 | undefined;
  /** The user's data. */
  readonly data: T;
}

/**
 * `calling`: no response yet. `ringing`: provisional responses. `ended`: a final status, received or generated here.
 */
export type BranchState = 'calling' | 'ringing' | 'ended';

export interface Branch<T = unknown> {
  /** Counts from 0 over all rounds of a transaction. */
  readonly index: number;
  readonly spec: BranchSpec<T>;
  readonly state: BranchState;
  /** The last target tried. */
  readonly target: Target | null;
  /** The last status, received or generated here (408, 487, 503); initially 0. */
  readonly lastStatus: number;
  /** The last received status; initially 0. */
  readonly lastReceivedStatus: number;
  /** The received final response; null if its status was generated here. */
  readonly response: SipResponse | null;
  /** Whether it was cancelled, by the caller or by siprest. */
  readonly isCancelled: boolean;
}

/**
 * `drop` withholds a provisional response from the caller; final responses are always forwarded. Edits are applied on
 * forwarding; a new status, of the same class if below 300, becomes the branch's status.
 */
export type ReplyVerdict = 'forward' | 'drop' | ResponseEdits;

/**
 * Hooks of a transaction's user. While a hook's promise is pending, the transaction processes no other events of its
 * branches.
 */
export interface ProxyHooks<T = unknown> {
  /** Called for each response of a branch, including 100, but not for retransmissions of a 2xx. */
  readonly onReply?: (branch: Branch<T>, response: SipResponse) => Awaitable<ReplyVerdict>;
  /**
   * Called when all branches have ended without a 2xx. Inside, `relay` adds branches and `reply` answers the caller;
   * otherwise the best response is forwarded. Also called after the caller has cancelled, when no branches can be
   * added. A CANCEL while its promise is pending ends in 487.
   */
  readonly onFailure?: (failure: Failure<T>) => Awaitable<void>;
  /** Called once when a branch has its final status, before anything is done about it. */
  readonly onBranchEnd?: (branch: Branch<T>) => void;
  /** Called before a branch's CANCEL is sent; returns changes to it. */
  readonly onCancel?: (branch: Branch<T>, cancel: SipRequest) => Awaitable<RequestEdits | null>;
  /**
   * Called when the transaction lets go of its request: changes to the 2xx of other callees, which may still follow.
   * Null, or absent: they go on unchanged.
   */
  readonly laterAnswers?: () => ((response: SipResponse) => ResponseEdits) | null;
  /** Called if a hook threw or rejected; its result is ignored. */
  readonly onError?: (error: unknown) => void;
}

/** The best response of a round of branches (16.7, 6). */
export interface Failure<T = unknown> {
  /** As it will be forwarded: `status` is not yet translated from 503 to 500. */
  readonly status: number;
  readonly branch: Branch<T> | null;
  /** Null if the status was generated here. */
  readonly response: SipResponse | null;
}

/**
 * Result of adding branches: `cancelled` by the caller, already `answered`, `blocked` by a 6xx, too many (`limit`), or
 * an empty list (`none`).
 */
export type RelayOutcome = 'sent' | 'cancelled' | 'answered' | 'blocked' | 'limit' | 'none';

export interface ProxySettings {
  /** Timers of the client transactions. Default: the proxy core's. */
  readonly values?: TimerValues;
  /** How long a branch may go without any response, in ms: timer B or F. Default 30,000. */
  readonly frTimeout?: number;
  /** How long an INVITE may ring, in ms: timer C. Default 120,000. */
  readonly frInvTimeout?: number;
  /** Instead of `frTimeout`, if it is longer and other targets of the branch are left, in ms. Default 8 T1. */
  readonly failoverTimeout?: number;
  /** Whether each provisional response after the first restarts `frInvTimeout`. Default true (16.7, 2). */
  readonly restartOnEachReply?: boolean;
  /** Whether a 503 is forwarded as 500 (16.7, 6). Default true. */
  readonly translate503?: boolean;
  /** Whether a 6xx ends the search (16.7, 5). Default true. */
  readonly block6xx?: boolean;
  /** Maximum number of branches. Default 64. */
  readonly maxBranches?: number;
  /** Fields of all generated replies, such as a Server header. */
  readonly replyDefaults?: Omit<ReplyContent, 'status'>;
}
