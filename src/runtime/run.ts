/**
 * A script running on a message, from a top route to its end; after `async()` another run continues with the same
 * request. Functions and variables see it; `engine` executes it.
 */
import {
  type CompiledRoute,
  type Execution,
  type Frame,
  type ParameterSpec,
  type RouteKind,
  type RowValues,
  type Suspension,
  type Value,
  withoutSecrets,
} from '../script/index.ts';
import type { Branch, Failure, SipMessage, SipResponse } from '../sip/index.ts';
import type { Avps } from './avps.ts';
import { Draft, requestDraft } from './draft.ts';
import { debugLevel, type LogSubject } from './log.ts';
import { type LogFields, printable } from './logging/lines.ts';
import { messageFields, ofMessage, Request } from './request.ts';
import type { ScriptRouting, Worker } from './routing.ts';
import { assertError, scriptError } from './script-error.ts';
import { beginStretch, firstSteps, ScriptTime } from './script-time.ts';
import { traceStep } from './slow-calls.ts';
import type { Span } from './spans/span.ts';
import type { StateKey } from './state.ts';

const noValues: readonly Value[] = [];

/** The state of one branch. */
export interface RelayedBranch {
  /** With the branch's own URI, destination and headers. */
  readonly request: Request;
  replyRoute: CompiledRoute<Run> | null;
  /** `$bavp` */
  readonly avps: Avps;
  /** `$tm.branch.attr` */
  readonly attributes: Map<string, string | number>;
}

/** Further subjects of a run: the response and branch of a reply route, the failure of a failure route. */
export interface RunSubject {
  readonly response?: SipResponse;
  /** The draft of the response, shared by all routes that it passes. */
  readonly draft?: Draft;
  readonly branch?: Branch<RelayedBranch>;
  readonly failure?: Failure<RelayedBranch>;
  /** The branch; in a branch route it has not been sent yet. */
  readonly relayed?: RelayedBranch;
  readonly branchIndex?: number;
  /** Whether somebody waits for the end of the run, its resume routes included: see {@link Run.continuation}. */
  readonly isAwaited?: true;
}

const theRequest: RunSubject = {};

/** The Routing of a script, and its workers. */
export type RunRouting = ScriptRouting<Run>;
export type RunWorker = Worker<RunRouting>;

/** What script_trace() has switched on. */
export interface ScriptTrace {
  readonly level: number;
  /** Adds the values to watch, as text; '' for none. */
  readonly values: (run: Run) => string;
  readonly tag: string;
}

export class Run implements Execution<Run>, LogSubject {
  readonly worker: RunWorker;
  readonly request: Request;
  status = 1;
  returned: readonly Value[] = noValues;
  stopped = false;
  dropped = false;
  frame: Frame | null = null;
  position = 0;
  steps = firstSteps;
  /** Whether {@link stepped} sees each statement. */
  isStepped = false;
  #scriptTrace: ScriptTrace | null = null;
  /** Whether a resume route continues it. */
  hasResumeRoute = false;
  suspension: Suspension<Run> | null = null;
  /** Its part of the request's trace; null: the request is not traced. */
  span: Span | null = null;
  /** Whether async() blocks instead of freeing the worker. */
  isBlocking = false;
  /** After async() in a run that somebody waits for, such as a reply route: resolves to the run of the resume route when that has ended. */
  continuation: Promise<Run> | null = null;
  /** Its further subjects; none in a request route. */
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

  /** The same run on the other message: `$(<reply>hdr(X))` in a failure route, `$(<request>ru)` in a reply route. */
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

  /** {@link message} with the script's changes. */
  get draft(): Draft {
    if (this.#draft === null) {
      const { response, draft } = this.subject;
      this.#draft =
        response === undefined ? this.request.state(requestDraft) : (draft ?? Draft.ofResponse(response));
    }
    return this.#draft;
  }

  /** The kind of the running top route, or null. */
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

  /** A module's state for the message. */
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

  /** Whether the worker's level includes debug lines. */
  get debugs(): boolean {
    return this.logLevel >= debugLevel;
  }

  /** The level of the server's lines about this run. */
  get logLevel(): number {
    const { log } = this.routing;
    const level = this.worker.logLevel ?? log.logLevel;
    return log.hasFilters ? log.levelFor(this.request.message, level) : level;
  }

  /** The level of the script's lines about this run. */
  get xlogLevel(): number {
    const { log } = this.routing;
    const level = this.worker.xlogLevel ?? log.xlogLevel;
    return log.hasFilters ? log.levelFor(this.request.message, level) : level;
  }

  /** The members of a JSON line: the call, the route and the place in the script. */
  get logFields(): LogFields {
    const { frame, message } = this;
    return {
      ...(message === null ? {} : messageFields(message)),
      ...(frame === null ? {} : { route: routeName(frame) }),
      place: this.routing.place(this.position),
    };
  }

  /** Switches script_trace() on or off. */
  set scriptTrace(trace: ScriptTrace | null) {
    this.#scriptTrace = trace;
    this.isStepped = trace !== null || this.debugs;
  }

  /** A statement begins: {@link position} is set. `what` is a function or keyword. */
  stepped(what: string): void {
    const place = this.routing.place(this.position);
    if (this.debugs) this.log(debugLevel, `${place}: ${what}${ofMessage(this.request.message)}`);
    const step = () => `${what}, ${place.slice(place.lastIndexOf('/') + 1)}`;
    traceStep(this.request, 'script', step);
    this.request.noteStep('script', step);
    const trace = this.#scriptTrace;
    if (trace === null) return;
    const values = trace.values(this);
    const line = place.slice(place.lastIndexOf(':') + 1);
    this.log(
      trace.level,
      `[line ${line}]${trace.tag === '' ? '' : `[${trace.tag}]`}[${what}]${values === '' ? '' : ` -> (${values})`}`,
    );
  }

  entered(frame: Frame): void {
    const { debugs } = this;
    if (this.span !== null && frame.depth > 1) this.span.event(routeName(frame));
    this.isStepped =
      debugs || this.#scriptTrace !== null || this.routing.host.tracing.isOn || this.request.isFollowed;
    if (!debugs) return;
    const { depth } = frame;
    this.log(
      debugLevel,
      `${routeName(frame)} begins${depth > 1 ? ` at depth ${depth}` : ''} on worker ${this.worker.id}${ofMessage(this.request.message)}`,
    );
  }

  /** Starts counting its time; see {@link beginStretch}. */
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

  /** Logs a line of the server at the worker's level. */
  log(level: number, text: string, fields?: LogFields): void {
    if (this.span !== null) this.traceLine(level, text, this.logLevel);
    const subject = fields === undefined ? this : { logFields: { ...this.logFields, ...fields } };
    this.routing.log.log(level, text, this.logLevel, subject);
  }

  /** Adds a log line to its part of the trace, if one that is written up to `limit`. */
  traceLine(level: number, text: string, limit: number): void {
    if (level > Math.min(limit, this.routing.host.traces.logLevel)) return;
    const message = printable(withoutSecrets(text.trimEnd())).slice(0, longestEvent);
    this.span?.event('log', { 'log.level': level, 'log.message': message });
  }

  /** Answers the request. False if it cannot be answered any more. */
  reply(status: number, reason: string, body?: string): boolean {
    return !this.isAboutReply && this.request.reply(status, reason, body);
  }

  /** Called at its end: without a resume route, and unless others answer, there will be no reply. */
  leaveUnanswered(): void {
    if (!this.hasResumeRoute) this.request.leaveUnanswered();
  }
}

/** The longest text of an event in a trace. */
const longestEvent = 1000;

const routeName = ({ kind, name }: Frame) => (name === '' ? kind : `${kind}[${name}]`);
