/**
 * A stateful proxy's response context (RFC 3261, 16.7): one server transaction, and the branches of its request. Events
 * of the branches are processed in order; a hook that returns a promise delays only this transaction.
 */

import { type Awaitable, andThen, isPending, Timer } from '../timers/index.ts';
import { Answers } from './answers.ts';
import { decidingBranch } from './best-response.ts';
import { ELSEWHERE, ORIGINATOR_CANCEL } from './cancel-reasons.ts';
import { withChallenges } from './challenges.ts';
import { NO_USER } from './client-transaction.ts';
import { editedCancel } from './edit-cancel.ts';
import { forwardResponse } from './forward.ts';
import { guarded } from './guarded-hook.ts';
import { type HeaderText, NO_HEADERS } from './header-text.ts';
import { breadthLeft, shareBreadth } from './max-breadth.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { type BranchOwner, ProxyBranch, type Sending } from './proxy-branch.ts';
import type {
  Branch,
  BranchSpec,
  Failure,
  MessageEdits,
  ProxyHooks,
  ProxySettings,
  RelayOutcome,
  ReplyVerdict,
  ResponseEdits,
} from './proxy-types.ts';
import type { ReplyContent } from './reply.ts';
import type { Ending, SendOptions, ServerTransaction, ServerUser } from './server-transaction.ts';
import { DEFAULT_PROXY_TIMEOUTS, failoverTimeoutOf, type TimerValues } from './timers.ts';

const NO_EDITS: MessageEdits = {};
/** Replaces a 2xx that lacks the caller's Via: a generated status is better than none. */
const LOST_VIA = 502;
/** If expected branches are never added. */
const NOBODY_CAME = 408;
/** Status of a branch beyond Max-Breadth (RFC 5393, 5.3.3). */
const TOO_BROAD = 440;
/** Maximum number of queued events while a hook is pending; further provisional responses are dropped. */
const MAX_WAITING = 200;

type Step = () => Awaitable<void>;

export class ProxyTransaction<T = unknown> implements BranchOwner<T>, ServerUser {
  readonly server: ServerTransaction;
  readonly request: SipRequest;
  /** In ms; changes apply to later branches. */
  frTimeout: number;
  frInvTimeout: number;
  /** Whether each provisional response after the first restarts {@link frInvTimeout}. */
  restartOnEachReply: boolean;
  /** Whether a 2xx cancels the other branches (16.7, 10). */
  cancelsOthers = true;
  readonly #hooks: ProxyHooks<T>;
  readonly #settings: ProxySettings;
  readonly #sending: Sending;
  #branches: readonly ProxyBranch<T>[] = [];
  /** Index of the first branch of the current round. */
  #round = 0;
  /**
   * How many branches {@link inject} may still add after all others have ended; null if none are expected.
   */
  #awaited: number | null = null;
  /** While it waits for them. */
  #awaiting: Timer | null = null;
  #isCancelled = false;
  /** The first branch that ended with a 6xx, which stops the search and is always forwarded. */
  #blockedBy: ProxyBranch<T> | null = null;
  #isOver = false;
  /** Few calls need it. */
  #waiting: Step[] | null = null;
  #isBusy = false;
  /** Handles 2xx responses, whose retransmissions call no hook; null before the first. */
  #answers: Answers | null = null;

  /** `server` has no final response yet. */
  constructor(server: ServerTransaction, sending: Sending, hooks: ProxyHooks<T>, settings: ProxySettings) {
    const { request } = server;
    if (request === null) throw new TypeError('the request has been answered');
    this.server = server;
    this.request = request;
    this.#sending = sending;
    this.#hooks = hooks;
    this.#settings = settings;
    this.frTimeout = settings.frTimeout ?? DEFAULT_PROXY_TIMEOUTS.frTimeout;
    this.frInvTimeout = settings.frInvTimeout ?? DEFAULT_PROXY_TIMEOUTS.frInvTimeout;
    this.restartOnEachReply = settings.restartOnEachReply !== false;
    server.user = this;
  }

  get values(): TimerValues | undefined {
    return this.#settings.values;
  }

  get failoverTimeout(): number {
    return this.#settings.failoverTimeout ?? failoverTimeoutOf(this.values ?? this.#sending.clients.values);
  }

  /** The branches of all rounds. */
  get branches(): readonly Branch<T>[] {
    return this.#branches;
  }

  /** Whether the caller has cancelled the request. */
  get wasCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Whether any branch has not ended yet. */
  get isPending(): boolean {
    return this.#branches.some((branch) => !branch.isEnded);
  }

  /**
   * Adds branches and sends them, all at once (parallel forking). Inside `onFailure` they form a new round (serial
   * forking).
   */
  relay(specs: readonly BranchSpec<T>[]): RelayOutcome {
    if (this.#isCancelled) return 'cancelled';
    if (this.server.isFinal || this.server.state === 'terminated') return 'answered';
    if (this.#blockedBy !== null) return 'blocked';
    if (specs.length === 0) return 'none';
    if (this.#branches.length + specs.length > (this.#settings.maxBranches ?? 64)) return 'limit';
    const shares = shareBreadth(breadthLeft(this.request, this.#branches), specs.length);
    const made = specs.map((spec, i) => {
      const share = shares?.[i];
      const own = share === undefined ? spec : { ...spec, edits: { ...spec.edits, maxBreadth: share } };
      return new ProxyBranch(this.#branches.length + i, own, this, this.#sending);
    });
    this.#branches = this.#branches.length === 0 ? made : [...this.#branches, ...made];
    const wasBusy = this.#isBusy;
    this.#isBusy = true; // handle immediate failures after all have been sent
    for (const branch of made) {
      if (branch.spec.edits?.maxBreadth === 0) branch.endHere(TOO_BROAD);
      else if (!branch.start()) branch.endUnsent();
    }
    this.#isBusy = wasBusy;
    if (!wasBusy && this.#queued > 0) queueMicrotask(() => this.#drain());
    if (this.server.isInvite) this.request.forget(); // it may ring for minutes, and is seldom read meanwhile
    return 'sent';
  }

  /** Adds expected branches to the running ones. `isLast`: no others are expected. */
  inject(specs: readonly BranchSpec<T>[], isLast = false): RelayOutcome {
    const outcome = this.relay(specs);
    if (outcome === 'sent' && this.#awaited !== null) this.#awaited -= specs.length;
    if (isLast || (this.#awaited !== null && this.#awaited <= 0)) this.stopAwaiting();
    return outcome;
  }

  /** After all branches have ended, waits for up to this many others, for as long as an INVITE may ring. */
  awaitBranches(limit: number): void {
    this.#awaited = limit;
    this.#awaiting ??= new Timer(() => this.stopAwaiting());
    this.#sending.clients.timers.start(this.#awaiting, this.frInvTimeout);
  }

  /** Stops waiting for more branches; forwards the best response if all have ended. */
  stopAwaiting(): void {
    if (this.#awaited === null) return;
    this.#stopTimer();
    this.#awaited = null;
    this.#enqueue(() => (this.#branches.length === 0 ? this.#conclude(null, []) : this.#concludeIfEnded()));
  }

  /** Sends a generated reply; a final one cancels the branches. False if no more replies are accepted. */
  reply(content: ReplyContent, options: SendOptions = {}): boolean {
    const sent = this.server.reply({ ...this.#settings.replyDefaults, ...content }, options);
    if (sent && content.status >= 200) {
      this.#cancelRest(NO_HEADERS);
      this.#finishIfOver();
    }
    return sent;
  }

  /**
   * Handles the caller's CANCEL (16.10), which its receiver has answered. `headers`, such as a Reason, are added to the
   * CANCELs of the branches. The INVITE is answered 487 once they have ended. Does nothing after the final response, or
   * for another method.
   */
  cancel(headers: HeaderText = ORIGINATOR_CANCEL): void {
    if (!this.server.isInvite || this.server.isFinal || this.#isCancelled) return;
    this.#isCancelled = true;
    this.#cancelRest(headers);
    if (!this.#isBusy && !this.isPending && this.#queued === 0) this.#answerHere(487);
  }

  /** Cancels one branch; its 487 then counts like any other response. Does nothing if it has ended. */
  cancelBranch(branch: Branch<T>, headers: HeaderText = NO_HEADERS): void {
    this.#branches[branch.index]?.cancel(headers);
  }

  #cancelRest(headers: HeaderText): void {
    const { isFinal } = this.server;
    for (const branch of this.#branches) {
      branch.cancel(headers);
      if (isFinal) branch.giveUp();
    }
  }

  #stopTimer(): void {
    if (this.#awaiting !== null) this.#sending.clients.timers.stop(this.#awaiting);
    this.#awaiting = null;
  }

  get #queued(): number {
    return this.#waiting === null ? 0 : this.#waiting.length;
  }

  #enqueue(step: Step): void {
    if (this.#waiting === null) this.#waiting = [step];
    else this.#waiting.push(step);
    this.#drain();
  }

  /** Runs queued steps; a promise suspends it until it resolves. */
  #drain(): void {
    if (this.#isBusy) return;
    for (let step = this.#waiting?.shift(); step !== undefined; step = this.#waiting?.shift()) {
      this.#isBusy = true;
      if (this.#suspendedBy(guarded<void>(this.#hooks, step, undefined))) return;
    }
    this.#letGoIfOver();
  }

  /** Whether a step waits for something; the queue then goes on later. */
  #suspendedBy(going: Awaitable<void>): boolean {
    if (isPending(going)) {
      void going.then(() => {
        this.#isBusy = false;
        this.#drain();
      });
      return true;
    }
    this.#isBusy = false;
    return false;
  }

  /** The server transaction has ended. */
  onServerEnd(ending: Ending): void {
    if (ending === 'done') return;
    this.#cancelRest(NO_HEADERS); // no caller is left to answer
    this.#finishIfOver();
  }

  branchEndedHere(branch: ProxyBranch<T>): void {
    this.#enqueue(() => this.#settle(branch));
  }

  branchReceived(branch: ProxyBranch<T>, response: SipResponse): void {
    const { status } = response;
    if (status < 200 && this.server.isFinal) return;
    if (status >= 200 && status < 300 && this.#answers !== null) {
      if (this.#answers.repeat(response) || this.#answers.isFull) return;
    }
    if (this.#isBusy || this.#queued > 0) {
      if (this.#queued < MAX_WAITING || status >= 300) this.#enqueue(() => this.#handle(branch, response));
      return;
    }
    this.#isBusy = true;
    const going = guarded<void>(this.#hooks, () => this.#handle(branch, response), undefined);
    if (!this.#suspendedBy(going)) this.#drain();
  }

  #handle(branch: ProxyBranch<T>, response: SipResponse): Awaitable<void> {
    // a retransmission of the same 2xx may have been processed while this one was queued
    if (response.status >= 200 && response.status < 300 && this.#answers?.repeat(response) === true) return;
    const hooks = this.#hooks;
    if (hooks.onReply === undefined) return this.#judged(branch, response, 'forward');
    const verdict = guarded(this.#hooks, () => hooks.onReply?.(branch, response) ?? 'forward', 'forward');
    return andThen(verdict, (decided) => this.#judged(branch, response, decided));
  }

  #judged(branch: ProxyBranch<T>, response: SipResponse, verdict: ReplyVerdict): Awaitable<void> {
    const { status } = response;
    const edits: ResponseEdits = typeof verdict === 'string' ? NO_EDITS : verdict;
    if (status < 200) {
      if (status > 100 && verdict !== 'drop') this.#sendUp(response, edits);
      return;
    }
    if (status < 300) return this.#answered(branch, response, edits);
    branch.finalEdits = edits;
    if (edits.status !== undefined) branch.lastStatus = edits.status;
    if (status === 503 && branch.tryNext()) return; // RFC 3263, 4.3
    return this.#settle(branch);
  }

  /** 16.7, 5 and 10: forwards every 2xx at once, and cancels the other branches. */
  #answered(branch: ProxyBranch<T>, response: SipResponse, edits: ResponseEdits): void {
    this.#ends(branch);
    this.#answers ??= new Answers(this.server, this.#isReliable);
    if (!this.#answers.pass(response, edits)) this.#answerHere(LOST_VIA);
    if (this.cancelsOthers) this.#cancelRest(ELSEWHERE);
    this.#finishIfOver();
  }

  /** Its final status has been processed. */
  #ends(branch: ProxyBranch<T>): void {
    if (branch.isSettled) return;
    branch.isSettled = true;
    this.#hooks.onBranchEnd?.(branch);
  }

  /** A branch got a final response other than 2xx. After the last branch, forwards the best. */
  #settle(branch: ProxyBranch<T>): Awaitable<void> {
    if (branch.isSettled || !branch.isEnded) return;
    this.#ends(branch);
    if (branch.lastStatus >= 600 && this.#settings.block6xx !== false) {
      this.#blockedBy ??= branch;
      this.#cancelRest(NO_HEADERS);
    }
    return this.#concludeIfEnded();
  }

  #concludeIfEnded(): Awaitable<void> {
    if (this.server.isFinal || this.server.state === 'terminated') return this.#finishIfOver();
    const round = this.#branches.slice(this.#round);
    const open = round.filter(({ isSettled }) => !isSettled);
    if (open.length === round.length || open.some(({ spec }) => spec.isMinor !== true)) return;
    if (this.#awaited !== null && !this.#isCancelled && this.#blockedBy === null) return;
    for (const minor of open) minor.cancel();
    const best = decidingBranch(round, this.#isCancelled, this.#blockedBy);
    if (best !== null) return this.#conclude(best, round);
  }

  /** @param best null if there were no branches */
  #conclude(best: ProxyBranch<T> | null, round: readonly ProxyBranch<T>[]): Awaitable<void> {
    if (this.server.isFinal || this.server.state === 'terminated') return this.#finishIfOver();
    const failure: Failure<T> = {
      status: best?.lastStatus ?? NOBODY_CAME,
      branch: best,
      response: best?.response ?? null,
    };
    this.#round = this.#branches.length;
    const wasCancelled = this.#isCancelled;
    const asked = guarded<void>(this.#hooks, () => this.#hooks.onFailure?.(failure), undefined);
    return andThen(asked, () => this.#failed(best, round, this.#isCancelled && !wasCancelled));
  }

  /**
   * Continues after the failure hook. `cancelled`: the caller cancelled in the meantime, with no branches left to
   * cancel.
   */
  #failed(
    best: ProxyBranch<T> | null,
    round: readonly ProxyBranch<T>[],
    cancelled: boolean,
  ): Awaitable<void> {
    if (this.server.isFinal || this.server.state === 'terminated') {
      this.#cancelRest(NO_HEADERS); // the hook may have added branches and then answered
      return this.#finishIfOver();
    }
    if (this.#branches.length > this.#round) return this.#concludeIfEnded(); // the new branches may have ended already
    const nobodyCame = this.#isCancelled ? 487 : NOBODY_CAME;
    if (cancelled) this.#answerHere(487);
    else if (best === null || best.response === null) {
      const status = best?.lastStatus ?? nobodyCame;
      // RFC 4320, 4.2: the caller has given up by now, and would blame the whole next hop for a 408
      if (status === 408 && !this.server.isInvite) this.server.forgo();
      else this.#answerHere(status);
    } else {
      const { finalEdits } = best;
      this.#sendUp(best.response, withChallenges(best, round, finalEdits ?? NO_EDITS));
    }
    this.#finishIfOver();
  }

  #answerHere(status: number): void {
    this.server.reply({ ...this.#settings.replyDefaults, status: this.#translated(status) });
    this.#finishIfOver();
  }

  /** Forwards a response other than 2xx. */
  #sendUp(response: SipResponse, edits: ResponseEdits): void {
    const status = edits.status ?? this.#translated(response.status);
    const all = edits.status === undefined && status !== response.status ? { ...edits, status } : edits;
    const data = forwardResponse(response, all, this.#isReliable);
    if (data !== null) this.server.relay(status, data, response);
    else if (status >= 200) this.#answerHere(status);
  }

  /** Whether the caller is reached by a stream. */
  get #isReliable(): boolean {
    return this.request.socket?.reliable === true;
  }

  #translated(status: number): number {
    return status === 503 && this.#settings.translate503 !== false ? 500 : status;
  }

  #finishIfOver(): void {
    if (this.#isOver || this.isPending) return;
    if (!this.server.isFinal && this.server.state !== 'terminated') return;
    this.#isOver = true;
    this.#stopTimer();
    this.#letGoIfOver();
  }

  /**
   * Detaches this object, so that transactions kept for retransmissions do not hold the call's messages and its user's
   * data in memory for 32 s.
   */
  #letGoIfOver(): void {
    if (!this.#isOver || this.#isBusy) return;
    this.server.user = null;
    const heir = this.server.isInvite ? this.#answersLater() : NO_USER;
    for (const branch of this.#branches) branch.letGo(heir);
  }

  #answersLater(): Answers {
    const answers = this.#answers ?? new Answers(this.server, this.#isReliable);
    answers.editsLater = this.#hooks.laterAnswers?.() ?? null;
    return answers;
  }

  editCancel(branch: Branch<T>, data: Buffer): Awaitable<Buffer> {
    return editedCancel(this.#hooks, branch, data);
  }
}
