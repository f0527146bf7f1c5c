/**
 * A handler's run on a request, from its call to its end: what it has replied and relayed, what it waits for, and what
 * ends it. `Call` is the handler's view of it.
 *
 * While it waits in relay(), the transaction has no deadline and no count of its own: the proxy's timers end it. When all
 * targets have failed, the proxy is held until the handler replies, relays again, or ends; then the best reply goes up.
 */
import { resumed, runRoute } from '../engine/index.ts';
import { type RelayUser, relay, relaying } from '../relay/index.ts';
import {
  noteHandler,
  type RelayedBranch,
  type Request,
  Run,
  type RunWorker,
  stackOf,
} from '../runtime/index.ts';
import {
  type Branch,
  type Ending,
  type Failure,
  type HeaderText,
  type ReplyContent,
  type ReplyVerdict,
  reasonPhrase,
  type SendOptions,
  type ServerTransaction,
  type ServerUser,
  type SipResponse,
} from '../sip/index.ts';
import { type Awaitable, andThen, isPending } from '../timers/index.ts';
import { HandlerTime } from './handler-time.ts';
import { HandlerTrace } from './handler-trace.ts';
import { cancelled, type PendingRelay, replyOf, resultOf, unreachable } from './pending-relay.ts';
import type { PolicyRouting } from './policy-routing.ts';
import type { RelayFailure, RelayOptions, RelayResult, RelayTimeout } from './relay-options.ts';
import type { Reply } from './reply.ts';
import { responseVerdict } from './reply-verdict.ts';
import { type TargetBranch, targetsOf } from './targets.ts';

const none: readonly TargetBranch[] = [];
const serverError = { status: 500, reason: reasonPhrase(500) };
export class Handling extends HandlerTime implements ServerUser, RelayUser {
  readonly worker: RunWorker;
  /** The handler, for the log: `onInvite`. */
  override readonly name: string;
  /** Whether it decides about the reply; a function of a script leaves that to the script. */
  readonly #owns: boolean;
  /** Whether the handler has decided that nobody answers. */
  isDropped = false;
  #relay: PendingRelay | null = null;
  /** Lets the proxy go on after a failure. */
  #release: (() => void) | null = null;
  /** Null: the request is not traced. */
  #trace: HandlerTrace | null = null;
  /** How the last relay() failed before anything was sent. */
  #unsent: RelayFailure | null = null;

  constructor(
    routing: PolicyRouting,
    worker: RunWorker,
    request: Request,
    name: string,
    { owns = true } = {},
  ) {
    super(routing, request);
    this.worker = worker;
    this.name = name;
    this.#owns = owns;
  }

  override get title(): string {
    const method = this.request.message?.method ?? 'a request';
    return this.#owns ? `the handler of ${method}` : `${this.name}() for ${method}`;
  }

  /** Whether the request has its final reply, or cannot have one. */
  get isAnswered(): boolean {
    const { transaction } = this.request;
    return transaction === null ? this.request.replied : transaction.isFinal;
  }

  /** Calls the handler, which from now on owns the request. */
  run<C>(handle: (call: C) => unknown, call: C): void {
    this.#takeOver();
    let done: unknown;
    try {
      done = this.#call(handle, call);
    } catch (error) {
      this.#failed(error);
      return this.#finish();
    }
    if (!isThenable(done)) return this.#finish();
    if (this.#relay === null) this.count();
    Promise.resolve(done).then(
      () => this.#finish(),
      (error: unknown) => {
        this.#failed(error);
        this.#finish();
      },
    );
  }

  /** Calls a function of a script, whose result it returns. */
  runFor<C, R>(body: (call: C) => R, call: C): R | Promise<Awaited<R>> {
    this.#takeOver();
    let done: R;
    try {
      done = this.#call(body, call);
    } catch (error) {
      this.#finish();
      throw error;
    }
    if (!isThenable(done)) {
      this.#finish();
      return done;
    }
    if (this.#relay === null) this.count();
    return Promise.resolve(done).finally(() => this.#finish());
  }

  #call<C, R>(body: (call: C) => R, call: C): R {
    this.#trace = HandlerTrace.begin(this.request, this.name);
    return this.routing.watch.run(this, this.#trace?.around(body) ?? body, call);
  }

  override ran(milliseconds: number): void {
    if (this.#owns) this.routing.host.handlers.add(this.name, milliseconds);
  }

  /** What sees its next REST request. */
  get observer() {
    return this.#trace?.observer;
  }

  /** Runs a route of the policy's script to its end. @throws TypeError without such a route */
  async runRoute(name: string, parameters: readonly (string | number)[]): Promise<Run> {
    const { routing, request } = this;
    const route = routing.script.find('route', name);
    if (route === null) throw new TypeError(`the script has no route[${name}]`);
    this.waits();
    try {
      const first = await new Promise<Run>((resolve, reject) => {
        const taken = routing.submit(async (worker) => {
          resolve(await runRoute(worker, request, route, { subject: { isAwaited: true }, parameters }));
        });
        if (!taken) reject(new Error(`no worker for route[${name}]: the queue is full`));
      });
      return await resumed(first);
    } finally {
      this.#takeOver();
      this.continues();
    }
  }

  /** From now on hears of the caller's CANCEL first. */
  #takeOver(): void {
    const { transaction } = this.request;
    if (transaction !== null && transaction.user === this.#proxy) transaction.user = this;
  }

  // --- replies ---

  /** A final reply ends relaying. */
  send(content: Pick<ReplyContent, 'status' | 'reason' | 'headers' | 'body' | 'contentType'>): void {
    if (this.ended !== null) {
      this.#say(4, `a reply ${content.status} after the call has ended`);
      return;
    }
    if (this.isAnswered) {
      this.#say(1, `replied ${content.status} after the final reply: not sent`);
      return;
    }
    const sent = this.request.replyWith(content);
    if (sent && content.status >= 200) this.#free(cancelled);
  }

  #failed(error: unknown): void {
    this.#trace?.failed(error);
    this.#say(-1, `failed: ${stackOf(error)}`);
    if (this.ended === null && !this.isAnswered) this.request.replyWith(serverError);
  }

  #say(level: -1 | 1 | 4, text: string): void {
    this.log.log(level, `${this.name}() ${text}, Call-ID ${this.callId}`, this.logLevel, this);
  }

  /** The handler has ended: what it has left undecided is decided. */
  #finish(): void {
    this.isOver = true;
    this.#trace?.end();
    this.pause();
    if (this.ended !== 'limit') noteHandler(this.request, this.name, this.spent);
    this.#letGo();
    if (!this.#owns) return this.#giveBack();
    if (this.ended !== null || this.isDropped || this.#relay !== null || this.isAnswered) return;
    if (this.#proxy !== null) return;
    if (this.#unsent === null) this.#say(1, 'ended without a reply: answered 500');
    this.request.replyWith(serverError);
  }

  /** To the script, which goes on with the request. */
  #giveBack(): void {
    const { transaction } = this.request;
    if (transaction !== null && transaction.user === this) transaction.user = this.#proxy;
    if (this.#unsent !== null && !this.isAnswered && this.ended === null) this.request.replyWith(serverError);
  }

  // --- relaying ---

  /** Never rejects for the network. @throws TypeError for invalid options, Error if the request has been answered */
  relay(options: RelayOptions): Promise<RelayResult> {
    if (this.ended !== null) return Promise.resolve(cancelled);
    if (this.#relay !== null)
      throw new Error('relay() is already under way: give it several targets to fork the request');
    if (this.isAnswered && this.request.message?.method !== 'ACK')
      throw new Error('the request has been answered and cannot be relayed');
    const targets = targetsOf(this.request, options);
    const inSeries = options.order === 'series';
    const first = inSeries ? targets.slice(0, 1) : targets;
    this.pause();
    this.#unsent = null;
    this.waits();
    return new Promise((resolve, reject) => {
      const { tryNext, ringFor, respondWithin, failover, onReply } = options;
      const later = inSeries ? targets.slice(1) : none;
      const current: PendingRelay = {
        tryNext,
        ringFor,
        respondWithin,
        failover,
        onReply,
        later,
        resolve,
        reject,
      };
      this.#relay = current;
      this.#try(current, first);
    });
  }

  #try(current: PendingRelay, branches: readonly TargetBranch[]): void {
    const { routing, request } = this;
    const state = request.state(relaying);
    const ringFor = current.ringFor ?? routing.ringFor;
    const respondWithin = current.respondWithin ?? routing.respondWithin;
    state.user = this;
    state.frTimeout = respondWithin / 1000;
    state.frInvTimeout = ringFor / 1000;
    if (state.proxy !== null) {
      state.proxy.frTimeout = respondWithin;
      state.proxy.frInvTimeout = ringFor;
    }
    // an error of the handler: invalid headers for a branch, or a function that throws
    const failed = (error: unknown) => {
      if (this.#relay === current) this.#relay = null;
      if (!this.isOver) this.count();
      this.continues();
      current.reject(error instanceof Error ? error : new Error(String(error)));
    };
    try {
      const status = relay(new Run(this.worker, request), {
        branches,
        failover: current.failover ?? true,
        passReason: true,
        auto477: false,
      });
      if (isPending(status)) status.then((code) => this.#sent(current, code), failed);
      else this.#sent(current, status);
    } catch (error) {
      failed(error);
    }
  }

  /** The branches of a relay() were sent, or could not be. */
  #sent(current: PendingRelay, status: number): void {
    const { request } = this;
    const { transaction } = request;
    if (status > 0) {
      const { proxy } = request.state(relaying);
      if (proxy !== null) proxy.restartOnEachReply = current.ringFor === undefined;
      this.#takeOver();
      this.#letGo();
      if (this.#relay === current && request.message?.method === 'ACK') this.#settle(cancelled);
      return;
    }
    const [next] = current.later;
    current.later = current.later.slice(1);
    if (next !== undefined && this.ended === null) return this.#try(current, [next]);
    this.#unsent = unreachable;
    this.#settle(this.ended === null && transaction?.isFinal !== true ? unreachable : cancelled);
    if (this.isOver) this.#finish();
  }

  /** The result of relay(): the handler goes on. */
  #settle(result: RelayResult): void {
    const current = this.#relay;
    this.#relay = null;
    if (current === null) return;
    if (!this.isOver) this.count();
    this.continues();
    current.resolve(result);
  }

  #free(result: RelayResult): void {
    this.#letGo();
    this.#settle(result);
  }

  #letGo(): void {
    const release = this.#release;
    this.#release = null;
    release?.();
  }

  onReply(branch: Branch<RelayedBranch>, response: SipResponse): Awaitable<ReplyVerdict> {
    const { status } = response;
    const change = this.#relay?.onReply;
    const isAnswer = status >= 200 && status < 300;
    if (change === undefined) {
      if (isAnswer && this.#relay !== null) this.#answered(replyOf(branch, response));
      return 'forward';
    }
    const reply = replyOf(branch, response);
    const judge = () => responseVerdict(reply, change, (error) => this.#failedOn(error));
    const verdict = this.#trace === null ? judge() : this.#trace.onReply(branch, judge);
    if (!isAnswer) return verdict;
    return andThen(verdict, (last) => {
      this.#answered(reply);
      return last;
    });
  }

  #answered(reply: Reply): void {
    this.#settle({ kind: 'answered', status: reply.status, reply });
  }

  /** A function that sees replies has failed: they go on as they are. */
  #failedOn(error: unknown): void {
    this.#say(-1, `failed on a reply: ${stackOf(error)}`);
  }

  onFailure(failure: Failure<RelayedBranch>): Awaitable<void> {
    const current = this.#relay;
    if (this.ended !== null) return this.#settle(cancelled);
    const result = resultOf(failure);
    if (current !== null) {
      const [next] = current.later;
      const { tryNext = isNotFinal } = current;
      if (next !== undefined && this.#wants(tryNext, result)) {
        current.later = current.later.slice(1);
        return new Promise((release) => {
          this.#release = release;
          this.#try(current, [next]);
        });
      }
    }
    this.#settle(result);
    if (this.isOver) return;
    return new Promise((release) => {
      this.#release = release;
    });
  }

  #wants(tryNext: NonNullable<RelayOptions['tryNext']>, result: RelayFailure | RelayTimeout): boolean {
    try {
      return tryNext(result);
    } catch (error) {
      this.#failedOn(error);
      return false;
    }
  }

  // --- what happens to the transaction ---

  /** The caller's CANCEL. */
  cancel(headers?: HeaderText): void {
    const { transaction } = this.request;
    if (transaction === null || !transaction.isInvite || transaction.isFinal || this.ended !== null) return;
    this.end('cancelled');
    const proxy = this.#proxy;
    if (proxy !== null) proxy.cancel(headers);
    else transaction.reply({ status: 487, reason: 'Request Terminated', ...this.routing.replyDefaults });
    this.#letGo();
  }

  /** A reply from outside of the handler. */
  reply(content: ReplyContent, options?: SendOptions): boolean {
    const user: Pick<ServerTransaction, 'reply'> | null = this.#proxy ?? this.request.transaction;
    return user?.reply(content, options) === true;
  }

  onServerEnd(ending: Ending): void {
    this.#proxy?.onServerEnd(ending);
    if (ending !== 'done') this.end('gone');
    this.#free(cancelled);
  }

  get #proxy() {
    return this.request.knownState(relaying)?.proxy ?? null;
  }

  override onDeadline(): void {
    this.#say(-1, `was ended after ${this.routing.handlerTime} ms (limits.handlerTime)`);
    if (!this.isAnswered) this.request.replyWith({ status: 504, reason: reasonPhrase(504) });
    this.end('limit');
    this.pause();
    noteHandler(this.request, this.name, this.spent);
    this.#letGo();
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

const isNotFinal = ({ status }: { readonly status: number }) => status < 600;
