/** A script's settings for forwarding its request, and the state of its branches. */

import {
  type Draft,
  type Edit,
  type Listeners,
  type RelayedBranch,
  type Request,
  type Run,
  StateKey,
} from '../runtime/index.ts';
import type { CompiledRoute } from '../script/index.ts';
import {
  type Branch,
  type Failure,
  type HeaderText,
  NO_HEADERS,
  type ProxyTransaction,
  type ReplyVerdict,
  type SipResponse,
} from '../sip/index.ts';
import type { Awaitable } from '../timers/index.ts';
import type { Mask } from './mask.ts';
import type { MessageBranch } from './message-branches.ts';

export type Route = CompiledRoute<Run>;

/** The hooks of a transaction that is relayed by functions instead of routes. */
export interface RelayUser {
  onReply(branch: Branch<RelayedBranch>, response: SipResponse): Awaitable<ReplyVerdict>;
  onFailure(failure: Failure<RelayedBranch>): Awaitable<void>;
}

/** Sees a response after the script's routes, before it is forwarded; may add edits to its draft. */
export type ReplyHook = (response: SipResponse, draft: Draft, branch: Branch<RelayedBranch>) => void;

/** A script's settings for forwarding its request, and the result. */
export interface Relaying {
  failureRoute: Route | null;
  replyRoute: Route | null;
  branchRoute: Route | null;
  /** In seconds; null for tm's parameter. */
  frTimeout: number | null;
  frInvTimeout: number | null;
  proxy: ProxyTransaction<RelayedBranch> | null;
  /** Sees each failure of all branches before the script's route; null for nobody. */
  failures: Listeners<[failure: Failure<RelayedBranch>]> | null;
  /** Sees replies and failures after the script's routes; null for a script alone. */
  user: RelayUser | null;
  /** See each response that goes on; few requests have any. */
  replyHooks: readonly ReplyHook[] | null;
  /** Hides the sides from each other; null: nothing is hidden. */
  mask: Mask | null;
  /** The script's changes when the request was last forwarded; null before. */
  edits: readonly Edit[] | null;
  /** Added to every request of the transaction: branches and their CANCELs. */
  headers: HeaderText;
  /** For a CANCEL: the reason passed to the branches. */
  cancelReason: HeaderText | null;
}

export const relaying = new StateKey<Request, Relaying>(
  'relaying',
  () => ({
    failureRoute: null,
    replyRoute: null,
    branchRoute: null,
    frTimeout: null,
    frInvTimeout: null,
    proxy: null,
    failures: null,
    user: null,
    replyHooks: null,
    mask: null,
    edits: null,
    headers: NO_HEADERS,
    cancelReason: null,
  }),
  { isShared: true },
);

export interface RelayOptions {
  /** Instead of the message's own branches. */
  readonly branches?: readonly MessageBranch[];
  /** `[proto:]host[:port]`, used unless the script has set `$du`. */
  readonly outboundProxy?: string | undefined;
  /** Answers 477 if no branch could be sent; default true. */
  readonly auto477?: boolean;
  /** Tries the next address of a destination if one does not answer; default true. */
  readonly failover?: boolean;
  /** Passes the Reason of a CANCEL to the branches; default false. */
  readonly passReason?: boolean;
  /** Honours a request to leave other branches ringing after an answer (RFC 3841, 9.1); default false. */
  readonly allowNoCancel?: boolean;
}
