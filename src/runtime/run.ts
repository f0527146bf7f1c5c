/**
 * A script running on a message, from one of its top routes to its end; after `async()` another run goes on
 * with the same request.
 */
import {
  type AsyncOperation,
  type Awaitable,
  type CompiledRoute,
  type Completion,
  type Execution,
  enterRoute,
  Flow,
  type Frame,
  isPending,
  type ParameterSpec,
  type RouteKind,
  type RowValues,
  type Value,
} from '../script/index.ts';
import type { Branch, Failure, SipMessage, SipResponse } from '../sip/index.ts';
import type { Avps } from './avps.ts';
import { Draft, requestDraft } from './draft.ts';
import { debugLevel } from './log.ts';
import { ofMessage, Request } from './request.ts';
import type { ScriptRouting, Worker } from './routing.ts';
import { assertError, scriptError } from './script-error.ts';
import { firstSteps, firstStretch, ScriptTime } from './script-time.ts';
import type { StateKey } from './state.ts';

const noValues: readonly Value[] = [];

/** What belongs to one branch. */
export interface RelayedBranch {
  /** With the branch's own URI, destination and headers. */
  readonly request: Request;
  replyRoute: CompiledRoute<Run> | null;
  /** `$bavp` */
  readonly avps: Avps;
  /** `$tm.branch.attr` */
  readonly attributes: Map<string, string | number>;
}

/** What a run is about beside the request: the response and branch of a reply route, the failure of a failure route. */
export interface RunSubject {
  readonly response?: SipResponse;
  /** Of the response, for all routes that it passes. */
  readonly draft?: Draft;
  readonly branch?: Branch<RelayedBranch>;
  readonly failure?: Failure<RelayedBranch>;
  /** Of a branch route as well, where the branch has not been sent. */
  readonly relayed?: RelayedBranch;
  readonly branchIndex?: number;
}

const theRequest: RunSubject = {};

/** Where async() frees the worker (the manual's Script-Async, Allowed Routes); elsewhere it is a blocking call. */
const leaving: ReadonlySet<RouteKind | null> = new Set<RouteKind>(['route', 'onreply_route']);

/** The Routing of a script, and its workers. */
export type RunRouting = ScriptRouting<Run>;
export type RunWorker = Worker<RunRouting>;

export class Run implements Execution<Run> {
  readonly worker: RunWorker;
  readonly request: Request;
  status = 1;
  returned: readonly Value[] = noValues;
  stopped = false;
  dropped = false;
  frame: Frame | null = null;
  position = 0;
  steps = firstSteps;
  /** It goes on in a resume route. */
  #hasResumeRoute = false;
  /** In a reply route that has ended with async(): the run of its resume route, once that has ended too. */
  continuation: Promise<Run> | null = null;
  /** What else it is about; nothing in a request route. */
  readonly subject: RunSubject;
  /** The message that variables are about: the response in a reply route, else the request. */
  readonly message: SipMessage | null;
  #time: ScriptTime | null = null;
  #isBlocking = false;
  #draft: Draft | null = null;

  constructor(worker: RunWorker, request: Request, subject: RunSubject = theRequest) {
    this.worker = worker;
    this.request = request;
    this.subject = subject;
    this.message = subject.response ?? request.message;
  }

  /** The same run about the other message: `$(<reply>hdr(X))` in a failure route, `$(<request>ru)` in a reply route. */
  inContext(context: 'request' | 'reply'): Run {
    const { response, draft: _, ...others } = this.subject;
    const reply = response ?? this.subject.failure?.response ?? null;
    if (context === 'request')
      return response === undefined ? this : new Run(this.worker, this.request, others);
    return reply === null
      ? new Run(this.worker, new Request(this.routing, null))
      : new Run(this.worker, this.request, { ...others, response: reply });
  }

  get isAboutReply(): boolean {
    return this.subject.response !== undefined;
  }

  /** {@link message} with what the script changes in it. */
  get draft(): Draft {
    if (this.#draft === null) {
      const { response, draft } = this.subject;
      this.#draft =
        response === undefined ? this.request.state(requestDraft) : (draft ?? Draft.ofResponse(response));
    }
    return this.#draft;
  }

  /** The kind of the top route that runs; null outside of any. */
  get routeKind(): RouteKind | null {
    let kind: RouteKind | null = null;
    for (let { frame } = this; frame !== null; frame = frame.parent) ({ kind } = frame);
    return kind;
  }

  get routing(): RunRouting {
    return this.worker.routing;
  }

  /** The values of a module's parameters, with the types of its table. */
  parameters<const Rows extends readonly ParameterSpec[]>(rows: Rows): RowValues<Rows> {
    return this.routing.parameters(rows);
  }

  /** What a module keeps with the message. */
  state<T>(key: StateKey<Request, T>): T {
    return this.request.state(key);
  }

  assertionFailed(message: string): Awaitable<Flow> {
    this.complain(`assert: ${message}`);
    const route = this.routing.script.find('error_route', '');
    for (let frame = this.frame; frame !== null; frame = frame.parent)
      if (frame.kind === 'error_route') return this.#stop();
    if (route === null) return this.#stop();
    this.state(scriptError).error = assertError(message);
    this.frame = null;
    const flow = enterRoute<Run>(this, route);
    return isPending(flow) ? flow.then(() => this.#stop()) : this.#stop();
  }

  /** Whether lines for debugging are written, at the worker's level. */
  get debugs(): boolean {
    const { logLevel } = this.worker;
    return logLevel === null ? this.routing.log.debugs : logLevel >= debugLevel;
  }

  entered({ kind, name, depth }: Frame): void {
    if (!this.debugs) return;
    const written = name === '' ? kind : `${kind}[${name}]`;
    this.log(
      debugLevel,
      `${written} begins${depth > 1 ? ` at depth ${depth}` : ''} on worker ${this.worker.id}${ofMessage(this.request.message)}`,
    );
  }

  /** Of its first stretch, up to where it first waits. */
  measured<T>(began: number, stretch: () => T): T {
    this.#time = new ScriptTime(began);
    return firstStretch(this.#time, stretch);
  }

  isOverTime(): boolean {
    this.#time ??= new ScriptTime(0);
    this.steps = this.#time.look();
    const { scriptTimeLimit } = this.routing.settings;
    if (this.#time.used < scriptTimeLimit) return false;
    this.complain(`the script was ended after ${scriptTimeLimit} ms (script_time_limit)`);
    if (this.routeKind === 'route' && !this.isAboutReply && !this.request.replied && !this.request.isRelayed)
      this.request.reply(500, 'Server Internal Error');
    this.#stop();
    return true;
  }

  complain(message: string): void {
    this.log(-1, `${this.routing.place(this.position)}: ${message}`);
  }

  /** A line of the server's own log, at the worker's level. */
  log(level: number, text: string): void {
    this.routing.log.log(level, text, this.worker.logLevel ?? this.routing.log.logLevel);
  }

  suspend(operation: AsyncOperation<Run>): Awaitable<Flow> {
    // stays so in its resume route, which is then run here
    this.#isBlocking ||= !leaving.has(this.routeKind);
    const transaction = this.#isBlocking ? 'refused' : this.request.createTransaction();
    if (transaction === 'absorbed') return this.#stop();
    const background = transaction !== 'refused' && (operation.function.admit?.(this) ?? true);
    const completion = operation.start({ run: this, mode: 'async', background, timeout: operation.timeout });
    if (completion === null) return this.#resumeHere(operation, failed);
    if (typeof completion === 'function') return this.#resumeHere(operation, completion);
    if (!background) return completion.then((complete) => this.#resumeHere(operation, complete));
    const { request, subject } = this;
    this.#hasResumeRoute = operation.route !== null;
    if (subject.response === undefined) this.#inBackground(completion, operation, request, subject);
    else
      this.continuation = new Promise((done) => {
        this.#inBackground(completion, operation, request, subject, done);
      });
    return this.#stop();
  }

  launch(operation: AsyncOperation<Run>): Awaitable<Flow> {
    const background = operation.function.admit?.(this) ?? true;
    const completion = operation.start({ run: this, mode: 'launch', background, timeout: operation.timeout });
    if (completion === null) return Flow.next;
    // the report route sees the output variables and its parameter, nothing of the message
    const request = new Request(this.routing, null);
    if (background) {
      this.#inBackground(Promise.resolve(completion), operation, request, theRequest);
      return Flow.next;
    }
    return Promise.resolve(completion).then(async (complete) => {
      const run = new Run(this.worker, request);
      await guard(run, () => run.#resumeHere(operation, complete));
      return Flow.next;
    });
  }

  #ends(ended?: (run: Run) => void): void {
    this.leaveUnanswered();
    ended?.(this);
  }

  /** At its end: when no resume route goes on, and nobody else is to answer, there will be no reply. */
  leaveUnanswered(): void {
    if (!this.#hasResumeRoute) this.request.leaveUnanswered();
  }

  #stop(): Flow {
    this.stopped = true;
    return Flow.exit;
  }

  /** The worker is free meanwhile; it goes on with the resume route when the function is done. */
  #inBackground(
    completion: Promise<Completion<Run>>,
    operation: AsyncOperation<Run>,
    request: Request,
    subject: RunSubject,
    ended?: (run: Run) => void,
  ): void {
    const { position } = this;
    const { background } = this.routing;
    background.begin();
    const later = (complete: Completion<Run>) => {
      this.worker.resume((worker) => {
        const run = new Run(worker, request, subject);
        run.position = position;
        const done = run.measured(performance.now(), () =>
          guard(run, () => run.#resumeHere(operation, complete)),
        );
        return done === undefined ? run.#ends(ended) : done.then(() => run.#ends(ended));
      });
      background.end();
    };
    completion.then(later, (error: unknown) => {
      this.complain(`${operation.function.name}(): ${describe(error)}`);
      later(failed);
    });
  }

  #resumeHere(operation: AsyncOperation<Run>, complete: Completion<Run>): Awaitable<Flow> {
    this.status = complete(this);
    const { route } = operation;
    if (route === null) return this.#stop();
    this.frame = null;
    const flow = enterRoute<Run>(
      this,
      route,
      operation.parameter === null ? noValues : [operation.parameter],
    );
    return isPending(flow) ? flow.then(() => this.#stop()) : this.#stop();
  }
}

const failed: Completion<Run> = () => -1;

const describe = (error: unknown) =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/**
 * Runs a top route on a message. An exception here is a bug in siprest: it is logged, the message is answered 500,
 * and everything else goes on.
 */
export function runRoute(
  worker: RunWorker,
  request: Request,
  route: CompiledRoute<Run>,
  about: { readonly subject?: RunSubject; readonly parameters?: readonly Value[] } = {},
): Run | Promise<Run> {
  const run = new Run(worker, request, about.subject);
  const { scripts } = run.routing.host;
  const began = performance.now(); // the processor's time: real, whatever clock the host has
  const done = run.measured(began, () => guard(run, () => enterRoute(run, route, about.parameters)));
  scripts.milliseconds += performance.now() - began;
  scripts.runs++;
  if (done !== undefined) return done.then(() => endOf(run));
  return endOf(run);
}

function endOf(run: Run): Run {
  run.leaveUnanswered();
  return run;
}

function guard(run: Run, execute: () => Awaitable<Flow>): void | Promise<void> {
  const fail = (error: unknown) => {
    run.complain(`the script failed on this message: ${describe(error)}`);
    if (!run.isAboutReply && !run.request.replied) run.request.reply(500, 'Server Internal Error');
  };
  try {
    const flow = execute();
    if (isPending(flow)) return flow.then(ignore, fail);
  } catch (error) {
    fail(error);
  }
}

const ignore = () => {};
