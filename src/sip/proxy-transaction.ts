/**
 * A stateful proxy's response context (RFC 3261, 16.7): one server transaction, and the branches that its request
 * was sent on by. What comes from the branches is taken one after the other; a hook that answers with a promise
 * holds up this transaction and nothing else.
 */

import { Timer } from '../timers/index.ts';
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

const NO_EDITS: MessageEdits = {};
/** Of a 2xx that has lost the caller's Via on its way: a status of our own is better than none. */
const LOST_VIA = 502;
/** Of a request for which branches were awaited in vain. */
const NOBODY_CAME = 408;
/** Of a branch that Max-Breadth has nothing left for (RFC 5393, 5.3.3). */
const TOO_BROAD = 440;
/** What may wait while a hook does; a branch that sends provisional responses faster loses them. */
const MAX_WAITING = 200;

type Step = () => void | Promise<void>;

export class ProxyTransaction<T = unknown> {
  readonly server: ServerTransaction;
  readonly #request: SipRequest;
  /** In ms; a change holds for the branches that are added after it. */
  frTimeout: number;
  frInvTimeout: number;
  /** Whether a 2xx cancels the other branches (16.7, 10). */
  cancelsOthers = true;
  readonly #hooks: ProxyHooks<T>;
  readonly #settings: ProxySettings;
  readonly #sending: Sending;
  readonly #owner: BranchOwner<T>;
  readonly #branches: ProxyBranch<T>[] = [];
  /** Where the round of branches that is under way begins. */
  #round = 0;
  /** How many branches may still come by {@link inject} when all others have ended; null when none are awaited. */
  #awaited: number | null = null;
  readonly #awaiting = new Timer(() => this.stopAwaiting());
  #isCancelled = false;
  /** The first branch that a 6xx has ended: no others are tried, and it goes up whatever comes after it. */
  #blockedBy: ProxyBranch<T> | null = null;
  #isOver = false;
  readonly #waiting: Step[] = [];
  #isBusy = false;
  /** Retransmissions of a 2xx ask no hook. */
  readonly #answers: Answers;
  readonly #onServerEnd = (ending: Ending): void => {
    if (ending === 'done') return;
    this.#cancelRest(NO_HEADERS); // nobody is left to be answered
    this.#finishIfOver();
  };

  /** `server` has not been answered finally. */
  constructor(server: ServerTransaction, sending: Sending, hooks: ProxyHooks<T>, settings: ProxySettings) {
    const { request } = server;
    if (request === null) throw new TypeError('the request has been answered');
    this.server = server;
    this.#request = request;
    this.#answers = new Answers(server, request.socket?.reliable === true);
    this.#sending = sending;
    this.#hooks = hooks;
    this.#settings = settings;
    this.frTimeout = settings.frTimeout ?? 30_000;
    this.frInvTimeout = settings.frInvTimeout ?? 120_000;
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

  /** All rounds of them. */
  get branches(): readonly Branch<T>[] {
    return this.#branches;
  }

  /** Whether the caller has cancelled it. */
  get wasCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Whether a branch has not ended yet. */
  get isPending(): boolean {
    return this.#branches.some((branch) => !branch.isEnded);
  }

  /** Adds branches and sends them, all at once (parallel forking). Inside `onFailure` they are a new round (serial forking). */
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
    this.#isBusy = true; // what fails at once is looked at when all of them are out
    for (const branch of made) {
      if (branch.spec.edits?.maxBreadth === 0) branch.endHere(TOO_BROAD);
      else if (!branch.start()) branch.endHere(503);
    }
    this.#isBusy = wasBusy;
    if (!wasBusy && this.#waiting.length > 0) queueMicrotask(() => this.#drain());
    return 'sent';
  }

  /** How many branches the request may still have at a time, here and further on (RFC 5393, 5); null where it does not say. */
  #breadthLeft(): number | null {
    const value = this.#request.header('max-breadth');
    if (value === null || !/^\d{1,9}$/.test(value)) return null;
    return this.#branches.reduce(
      (left, { isEnded, spec }) => (isEnded ? left : left - (spec.edits?.maxBreadth ?? 0)),
      Number(value),
    );
  }

  /** Adds branches to those that are under way, and counts them as ones that were awaited. `isLast`: no others are. */
  inject(specs: readonly BranchSpec<T>[], isLast = false): RelayOutcome {
    const outcome = this.relay(specs);
    if (outcome === 'sent' && this.#awaited !== null) this.#awaited -= specs.length;
    if (isLast || (this.#awaited !== null && this.#awaited <= 0)) this.stopAwaiting();
    return outcome;
  }

  /** When all branches have ended, others are waited for, as long as an INVITE may ring and up to so many. */
  awaitBranches(limit: number): void {
    this.#awaited = limit;
    this.#sending.clients.timers.start(this.#awaiting, this.frInvTimeout);
  }

  /** Ends that; when all branches have ended the best response goes up. */
  stopAwaiting(): void {
    if (this.#awaited === null) return;
    this.#sending.clients.timers.stop(this.#awaiting);
    this.#awaited = null;
    this.#enqueue(() => (this.#branches.length === 0 ? this.#conclude(null, []) : this.#concludeIfEnded()));
  }

  /** A reply of siprest's own; a final one cancels the branches. False when the transaction takes none any more. */
  reply(content: ReplyContent, options: SendOptions = {}): boolean {
    const sent = this.server.reply({ ...this.#settings.replyDefaults, ...content }, options);
    if (sent && content.status >= 200) {
      this.#cancelRest(NO_HEADERS);
      this.#finishIfOver();
    }
    return sent;
  }

  /**
   * The caller's CANCEL has come (16.10); who received it has answered it. `headers` go into the CANCELs of the
   * branches: a Reason. The INVITE is answered 487 once they have ended. Nothing once it has been answered, or
   * for another method.
   */
  cancel(headers: HeaderText = ORIGINATOR_CANCEL): void {
    if (!this.server.isInvite || this.server.isFinal || this.#isCancelled) return;
    this.#isCancelled = true;
    this.#cancelRest(headers);
    if (!this.#isBusy && !this.isPending && this.#waiting.length === 0) this.#answerHere(487);
  }

  /** Cancels one branch; its 487 then counts like any other response. Nothing when it has ended. */
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

  /** Runs what waits until a step answers with a promise, and goes on after that. */
  #drain(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let step = this.#waiting.shift(); step !== undefined; step = this.#waiting.shift()) {
      const going = this.#guarded<void>(step, undefined);
      if (!(going instanceof Promise)) continue;
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

  #handle(branch: ProxyBranch<T>, response: SipResponse): void | Promise<void> {
    // while it waited, a retransmission of the same 2xx may have been dealt with
    if (response.status >= 200 && response.status < 300 && this.#answers.repeat(response)) return;
    const hooks = this.#hooks;
    if (hooks.onReply === undefined) return this.#judged(branch, response, 'forward');
    const verdict = this.#guarded(() => hooks.onReply?.(branch, response) ?? 'forward', 'forward');
    return verdict instanceof Promise
      ? verdict.then((decided) => this.#judged(branch, response, decided))
      : this.#judged(branch, response, verdict);
  }

  #judged(branch: ProxyBranch<T>, response: SipResponse, verdict: ReplyVerdict): void | Promise<void> {
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

  /** 16.7, 5 and 10: a 2xx goes up at once, also a second one, and the other branches are cancelled. */
  #answered(branch: ProxyBranch<T>, response: SipResponse, edits: ResponseEdits): void {
    branch.isSettled = true;
    if (!this.#answers.pass(response, edits)) this.#answerHere(LOST_VIA);
    if (this.cancelsOthers) this.#cancelRest(ELSEWHERE);
    this.#finishIfOver();
  }

  /** A branch has its final response, which is no 2xx. When it was the last one, the best of them goes up. */
  #settle(branch: ProxyBranch<T>): void | Promise<void> {
    if (branch.isSettled || !branch.isEnded) return;
    branch.isSettled = true;
    if (branch.lastStatus >= 600 && this.#settings.block6xx !== false) {
      this.#blockedBy ??= branch;
      this.#cancelRest(NO_HEADERS);
    }
    return this.#concludeIfEnded();
  }

  #concludeIfEnded(): void | Promise<void> {
    if (this.server.isFinal || this.server.state === 'terminated') return this.#finishIfOver();
    const round = this.#branches.slice(this.#round);
    const open = round.filter(({ isSettled }) => !isSettled);
    if (open.length === round.length || open.some(({ spec }) => spec.isMinor !== true)) return;
    if (this.#awaited !== null && !this.#isCancelled && this.#blockedBy === null) return;
    for (const minor of open) minor.cancel();
    const best = this.#best(round);
    if (best !== null) return this.#conclude(best, round);
  }

  /** Null where no branch ever came. */
  #conclude(best: ProxyBranch<T> | null, round: readonly ProxyBranch<T>[]): void | Promise<void> {
    if (this.server.isFinal || this.server.state === 'terminated') return this.#finishIfOver();
    const failure: Failure<T> = {
      status: best?.lastStatus ?? NOBODY_CAME,
      branch: best,
      response: best?.response ?? null,
    };
    this.#round = this.#branches.length;
    const wasCancelled = this.#isCancelled;
    const asked = this.#guarded<void>(() => this.#hooks.onFailure?.(failure), undefined);
    const after = () => this.#failed(best, round, this.#isCancelled && !wasCancelled);
    return asked instanceof Promise ? asked.then(after) : after();
  }

  #best(round: readonly ProxyBranch<T>[]): ProxyBranch<T> | null {
    const cancelled = this.#isCancelled
      ? round.find(({ lastStatus, response }) => lastStatus === 487 && response !== null)
      : undefined;
    return cancelled ?? this.#blockedBy ?? bestBranch(round);
  }

  /** The failure hook is done. `cancelled`: meanwhile, when there was nothing left to cancel. */
  #failed(
    best: ProxyBranch<T> | null,
    round: readonly ProxyBranch<T>[],
    cancelled: boolean,
  ): void | Promise<void> {
    if (this.server.isFinal || this.server.state === 'terminated') {
      this.#cancelRest(NO_HEADERS); // it may have added branches and then answered
      return this.#finishIfOver();
    }
    if (this.#branches.length > this.#round) return this.#concludeIfEnded(); // they may have ended by now
    const nobodyCame = this.#isCancelled ? 487 : NOBODY_CAME;
    if (cancelled) this.#answerHere(487);
    else if (best === null || best.response === null) {
      const status = best?.lastStatus ?? nobodyCame;
      // RFC 4320, 4.2: its caller has given up by itself, and would take a 408 for the whole next hop's
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

  /** Any but a 2xx. */
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
   * Whoever keeps transactions, for half a minute from now on, keeps them without this one: with it would stay
   * all messages of the call, and all that its user has made of them.
   */
  #letGoIfOver(): void {
    if (!this.#isOver || this.#isBusy) return;
    this.server.offEnd(this.#onServerEnd);
    const onResponse = this.server.isInvite ? this.#answers.receive : undefined;
    for (const branch of this.#branches) branch.letGo(onResponse);
  }

  #editCancel(branch: Branch<T>, cancel: SipRequest): Buffer | Promise<Buffer> {
    const apply = (edits: MessageEdits | null): Buffer => editedMessage(cancel, edits ?? NO_EDITS);
    const edits = this.#guarded(() => this.#hooks.onCancel?.(branch, cancel) ?? null, null);
    return edits instanceof Promise ? edits.then(apply) : apply(edits);
  }

  /** What a hook answers, `fallback` when it fails: its user's errors end no transaction. */
  #guarded<R>(ask: () => R | Promise<R>, fallback: R): R | Promise<R> {
    const failed = (error: unknown): R => {
      this.#hooks.onError?.(error);
      return fallback;
    };
    try {
      const answer = ask();
      return answer instanceof Promise ? answer.catch(failed) : answer;
    } catch (error) {
      return failed(error);
    }
  }
}

/** 16.7, 7: a 401 or 407 goes up with the challenges of all branches. */
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

/** What is left, shared among branches as evenly as it goes; null where nothing is to be shared. */
function shareBreadth(left: number | null, count: number): readonly number[] | null {
  if (left === null) return null;
  const least = Math.floor(left / count);
  const more = left - least * count;
  return Array.from({ length: count }, (_, i) => least + (i < more ? 1 : 0));
}
