/** What a script has said about how its request is sent on, and what belongs to each branch of it. */

import { type Edit, type RelayedBranch, type Request, type Run, StateKey } from '../runtime/index.ts';
import type { CompiledRoute } from '../script/index.ts';
import { type HeaderText, NO_HEADERS, type ProxyTransaction } from '../sip/index.ts';

export type Route = CompiledRoute<Run>;

/** What a script has said about how its request is sent on, and what became of it. */
export interface Relaying {
  failureRoute: Route | null;
  replyRoute: Route | null;
  branchRoute: Route | null;
  /** Seconds; null is the parameter of tm. */
  frTimeout: number | null;
  frInvTimeout: number | null;
  proxy: ProxyTransaction<RelayedBranch> | null;
  /** How the script had changed the request when it was last sent on; null before that. */
  edits: readonly Edit[] | null;
  /** For every request of the transaction: branches and their CANCELs. */
  headers: HeaderText;
  /** Of a CANCEL: what it says to the branches about why. */
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
    edits: null,
    headers: NO_HEADERS,
    cancelReason: null,
  }),
  { isShared: true },
);

export interface RelayOptions {
  /** `[proto:]host[:port]`, used where the script has set no `$du`. */
  readonly outboundProxy?: string | undefined;
  /** Answer 477 where no branch could be sent; default true. */
  readonly auto477?: boolean;
  /** Try the next address of a destination where one does not answer; default true. */
  readonly failover?: boolean;
  /** The Reason of a CANCEL goes on to the branches; default false. */
  readonly passReason?: boolean;
  /** A request that says so leaves its other branches ringing when one has answered (RFC 3841, 9.1); default false. */
  readonly allowNoCancel?: boolean;
}
