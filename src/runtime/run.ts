/**
 * A script that runs on a message, from one of its top routes to its end; after `async()` another run goes on
 * with the same request. It is what functions and variables see; src/engine carries it through.
 */
import type {
  CompiledRoute,
  Execution,
  Frame,
  ParameterSpec,
  RouteKind,
  RowValues,
  Suspension,
  Value,
} from '../script/index.ts';
import type { Branch, Failure, SipMessage, SipResponse } from '../sip/index.ts';
import type { Avps } from './avps.ts';
import { Draft, requestDraft } from './draft.ts';
import { debugLevel } from './log.ts';
import { ofMessage, Request } from './request.ts';
import type { ScriptRouting, Worker } from './routing.ts';
import { assertError, scriptError } from './script-error.ts';
import { beginStretch, firstSteps, ScriptTime } from './script-time.ts';
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
  hasResumeRoute = false;
  suspension: Suspension<Run> | null = null;
  /** async() does not free the worker in it. */
  isBlocking = false;
  /** In a reply route that has ended with async(): the run of its resume route, once that has ended too. */
  continuation: Promise<Run> | null = null;
  /** What else it is about; nothing in a request route. */
  readonly subject: RunSubject;
  /** The message that variables are about: the response in a reply route, else the request. */
  readonly message: SipMessage | null;
  #time: ScriptTime | null = null;
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

  assertionFailed(message: string): CompiledRoute<Run> | null {
    this.complain(`assert: ${message}`);
    for (let { frame } = this; frame !== null; frame = frame.parent)
      if (frame.kind === 'error_route') return null;
    const route = this.routing.script.find('error_route', '');
    if (route !== null) this.state(scriptError).error = assertError(message);
    return route;
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

  /** Its time counts from now on; see {@link beginStretch}. */
  beginStretch(now: number): ScriptTime | null {
    this.#time = new ScriptTime(now);
    return beginStretch(this.#time);
  }

  isOverTime(): boolean {
    this.#time ??= new ScriptTime(0);
    this.steps = this.#time.look();
    const { scriptTimeLimit } = this.routing.settings;
    if (this.#time.used < scriptTimeLimit) return false;
    this.complain(`the script was ended after ${scriptTimeLimit} ms (script_time_limit)`);
    if (this.routeKind === 'route' && !this.isAboutReply && !this.request.replied && !this.request.isRelayed)
      this.request.reply(500, 'Server Internal Error');
    this.stopped = true;
    return true;
  }

  complain(message: string): void {
    this.log(-1, `${this.routing.place(this.position)}: ${message}`);
  }

  /** A line of the server's own log, at the worker's level. */
  log(level: number, text: string): void {
    this.routing.log.log(level, text, this.worker.logLevel ?? this.routing.log.logLevel);
  }

  /** At its end: when no resume route goes on, and nobody else is to answer, there will be no reply. */
  leaveUnanswered(): void {
    if (!this.hasResumeRoute) this.request.leaveUnanswered();
  }
}
