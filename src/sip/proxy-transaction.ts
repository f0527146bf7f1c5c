/**
 * A stateful proxy's response context (RFC 3261, 16.7): one server transaction, and the branches of its request. Events
 * of the branches are processed in order; a hook that returns a promise delays only this transaction.
 */

import { type Awaitable, andThen, isPending, Timer } from '../timers/index.ts';
import { Answers } from './answers.ts';
import { bestBranch } from './best-response.ts';
import { ELSEWHERE, ORIGINATOR_CANCEL } from './cancel-reasons.ts';
import { editedMessage, forwardResponse, headerLines } from './forward.ts';
import { type HeaderText, NO_HEADERS } from './header-text.ts';
import { loopDigest } from './loop.ts';
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
import type { Ending, SendOptions, ServerTransaction } from './server-transaction.ts';
import { DEFAULT_PROXY_TIMEOUTS } from './timers.ts';

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

export class ProxyTransaction<T = unknown> {
  readonly server: ServerTransaction;
  readonly #request: SipRequest;
  /** In ms; changes apply to later branches. */
  frTimeout: number;
  frInvTimeout: number;
  /** Whether a 2xx cancels the other branches (16.7, 10). */
  cancelsOthers = true;
  readonly #hooks: ProxyHooks<T>;
  readonly #settings: ProxySettings;
  readonly #sending: Sending;
  readonly #owner: BranchOwner<T>;
  readonly #branches: ProxyBranch<T>[] = [];
  /** Index of the first branch of the current round. */
  #round = 0;
  /**
   * How many branches {@link inject} may still add after all others have ended; null if none are expected.
   */
  #awaited: number | null = null;
  readonly #awaiting = new Timer(() => this.stopAwaiting());
  #isCancelled = false;
  /** The first branch that ended with a 6xx, which stops the search and is always forwarded. */
  #blockedBy: ProxyBranch<T> | null = null;
  #isOver = false;
  readonly #waiting: Step[] = [];
  #isBusy = false;
  /** Handles retransmitted 2xx responses, which call no hook. */
  readonly #answers: Answers;
  readonly #onServerEnd = (ending: Ending): void => {
    if (ending === 'done') return;
    this.#cancelRest(NO_HEADERS); // no caller is left to answer
    this.#finishIfOver();
  };

  /** `server` has no final response yet. */
  constructor(server: ServerTransaction, sending: Sending, hooks: ProxyHooks<T>, settings: ProxySettings) {
    const { request } = server;
    if (request === null) throw new TypeError('the request has been answered');
    this.server = server;
    this.#request = request;
    this.#answers = new Answers(server, request.socket?.reliable === true);
    this.#sending = sending;
    this.#hooks = hooks;
    this.#settings = settings;
    this.frTimeout = settings.frTimeout ?? DEFAULT_PROXY_TIMEOUTS.frTimeout;
    this.frInvTimeout = settings.frInvTimeout ?? DEFAULT_PROXY_TIMEOUTS.frInvTimeout;
    this.#owner = {
      request,
      loopDigest: loopDigest(request),
      values: settings.values,
      frTimeout: () => this.frTimeout,
      frInvTimeout: () => this.frInvTimeout,
      restartOnEachReply: settings.restartOnEachReply !== false,
      received: (branch, response) => this.#received(branch, response),
      endedHere: (branch) => this.#enqueue(() => this.#settle(branch)),
      editCancel: hooks.onCancel === undefined ? null : (branch, cancel) => this.#editCancel(branch, cancel),
    };
    server.onEnd(this.#onServerEnd);
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
    const shares = shareBreadth(this.#breadthLeft(), specs.length);
    const made = specs.map((spec, i) => {
      const share = shares?.[i];
      const own = share === undefined ? spec : { ...spec, edits: { ...spec.edits, maxBreadth: share } };
      return new ProxyBranch(this.#branches.length + i, own, this.#owner, this.#sending);
    });
    this.#branches.push(...made);
    const wasBusy = this.#isBusy;
    this.#isBusy = true; // handle immediate failures after all have been sent
    for (const branch of made) {
      if (branch.spec.edits?.maxBreadth === 0) branch.endHere(TOO_BROAD);
      else if (!branch.start()) branch.endHere(503);
    }
    this.#isBusy = wasBusy;
    if (!wasBusy && this.#waiting.length > 0) queueMicrotask(() => this.#drain());
    return 'sent';
  }

  /** How many more concurrent branches are allowed here and downstream (RFC 5393, 5); null if unlimited. */
  #breadthLeft(): number | null {
    const value = this.#request.header('max-breadth');
    if (value === null || !/^\d{1,9}$/.test(value)) return null;
    return this.#branches.reduce(
      (left, { isEnded, spec }) => (isEnded ? left : left - (spec.edits?.maxBreadth ?? 0)),
      Number(value),
    );
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
    this.#sending.clients.timers.start(this.#awaiting, this.frInvTimeout);
  }

  /** Stops waiting for more branches; forwards the best response if all have ended. */
  stopAwaiting(): void {
    if (this.#awaited === null) return;
    this.#sending.clients.timers.stop(this.#awaiting);
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
    if (!this.#isBusy && !this.isPending && this.#waiting.length === 0) this.#answerHere(487);
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

  #enqueue(step: Step): void {
    this.#waiting.push(step);
    this.#drain();
  }

  /** Runs queued steps; a promise suspends it until it resolves. */
  #drain(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let step = this.#waiting.shift(); step !== undefined; step = this.#waiting.shift()) {
      const going = this.#guarded<void>(step, undefined);
      if (!isPending(going)) continue;
      void going.then(() => {
        this.#isBusy = false;
        this.#drain();
      });
      return;
    }
    this.#isBusy = false;
    this.#letGoIfOver();
  }

  #received(branch: ProxyBranch<T>, response: SipResponse): void {
    const { status } = response;
    if (status < 200 && (this.server.isFinal || this.#waiting.length >= MAX_WAITING)) return;
    if (status >= 200 && status < 300) {
      if (this.#answers.repeat(response)) return;
      if (this.#answers.isFull || this.#waiting.length >= MAX_WAITING) return;
    }
    this.#enqueue(() => this.#handle(branch, response));
  }

  #handle(branch: ProxyBranch<T>, response: SipResponse): Awaitable<void> {
    // a retransmission of the same 2xx may have been processed while this one was queued
    if (response.status >= 200 && response.status < 300 && this.#answers.repeat(response)) return;
    const hooks = this.#hooks;
    if (hooks.onReply === undefined) return this.#judged(branch, response, 'forward');
    const verdict = this.#guarded(() => hooks.onReply?.(branch, response) ?? 'forward', 'forward');
    return isPending(verdict)
      ? verdict.then((decided) => this.#judged(branch, response, decided))
      : this.#judged(branch, response, verdict);
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
    branch.isSettled = true;
    if (!this.#answers.pass(response, edits)) this.#answerHere(LOST_VIA);
    if (this.cancelsOthers) this.#cancelRest(ELSEWHERE);
    this.#finishIfOver();
  }

  /** A branch got a final response other than 2xx. After the last branch, forwards the best. */
  #settle(branch: ProxyBranch<T>): Awaitable<void> {
    if (branch.isSettled || !branch.isEnded) return;
    branch.isSettled = true;
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
    const best = this.#best(round);
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
    const asked = this.#guarded<void>(() => this.#hooks.onFailure?.(failure), undefined);
    return andThen(asked, () => this.#failed(best, round, this.#isCancelled && !wasCancelled));
  }

  #best(round: readonly ProxyBranch<T>[]): ProxyBranch<T> | null {
    const cancelled = this.#isCancelled
      ? round.find(({ lastStatus, response }) => lastStatus === 487 && response !== null)
      : undefined;
    return cancelled ?? this.#blockedBy ?? bestBranch(round);
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
    const data = forwardResponse(response, all, this.#request.socket?.reliable === true);
    if (data !== null) this.server.send(status, data);
    else if (status >= 200) this.#answerHere(status);
  }

  #translated(status: number): number {
    return status === 503 && this.#settings.translate503 !== false ? 500 : status;
  }

  #finishIfOver(): void {
    if (this.#isOver || this.isPending) return;
    if (!this.server.isFinal && this.server.state !== 'terminated') return;
    this.#isOver = true;
    this.#sending.clients.timers.stop(this.#awaiting);
    this.#hooks.onEnd?.();
    this.#letGoIfOver();
  }

  /**
   * Detaches this object, so that transactions kept for retransmissions do not hold the call's messages and its user's
   * data in memory for 32 s.
   */
  #letGoIfOver(): void {
    if (!this.#isOver || this.#isBusy) return;
    this.server.offEnd(this.#onServerEnd);
    const onResponse = this.server.isInvite ? this.#answers.receive : undefined;
    for (const branch of this.#branches) branch.letGo(onResponse);
  }

  #editCancel(branch: Branch<T>, cancel: SipRequest): Awaitable<Buffer> {
    const apply = (edits: MessageEdits | null): Buffer => editedMessage(cancel, edits ?? NO_EDITS);
    const edits = this.#guarded(() => this.#hooks.onCancel?.(branch, cancel) ?? null, null);
    return andThen(edits, apply);
  }

  /** The result of a hook, or `fallback` if it fails: an error in a hook does not end the transaction. */
  #guarded<R>(ask: () => Awaitable<R>, fallback: R): Awaitable<R> {
    const failed = (error: unknown): R => {
      this.#hooks.onError?.(error);
      return fallback;
    };
    try {
      const answer = ask();
      return isPending(answer) ? answer.catch(failed) : answer;
    } catch (error) {
      return failed(error);
    }
  }
}

/** 16.7, 7: a 401 or 407 is forwarded with the challenges of all branches. */
function withChallenges<T>(
  best: ProxyBranch<T>,
  round: readonly ProxyBranch<T>[],
  edits: ResponseEdits,
): ResponseEdits {
  if (best.lastStatus !== 401 && best.lastStatus !== 407) return edits;
  const lines: HeaderText[] = [];
  for (const { response } of round) {
    if (response === null || response === best.response) continue;
    if (response.status !== 401 && response.status !== 407) continue;
    lines.push(headerLines(response, 'www-authenticate'), headerLines(response, 'proxy-authenticate'));
  }
  return lines.length === 0 ? edits : { ...edits, appended: [...(edits.appended ?? []), ...lines] };
}

/** The remaining breadth, divided as evenly as possible; null if unlimited. */
function shareBreadth(left: number | null, count: number): readonly number[] | null {
  if (left === null) return null;
  const least = Math.floor(left / count);
  const more = left - least * count;
  return Array.from({ length: count }, (_, i) => least + (i < more ? 1 : 0));
}
