/** Passes requests to a policy: its handlers, and the workers that run them. */
import {
  type JobKind,
  parseError,
  Request,
  type Routing,
  type RunRouting,
  scriptError,
  type Worker,
} from '../runtime/index.ts';
import { type MalformedMessage, reasonPhrase, type SipRequest } from '../sip/index.ts';
import type { Admission, WorkerPool } from './pool.ts';
import { runRoute } from './run-route.ts';

/** Callbacks for a new request that has to wait for a worker. */
export interface Waiting {
  /** A worker starts to handle it. */
  begins(request: Request): void;
  /** It has waited too long and will not be handled. */
  isLate(request: Request): void;
}

export interface Intake {
  /** Handles a request of a transaction or dialog before all new ones; false if the queue is full. */
  take(request: Request): boolean;
  /** Handles a new request after everything else; `waited`: how long it has waited already, in ms. */
  admit(request: Request, waiting: Waiting, waited: number): Admission;
  /** Handles a request that cannot be parsed; false if the policy does not, or the queue is full. */
  takeMalformed(message: MalformedMessage, request: SipRequest): boolean;
}

/** A policy's handler of requests. */
export type Handle<R extends Routing> = (worker: Worker<R>, request: Request) => unknown;

export interface Handlers<R extends Routing> {
  readonly kind: JobKind;
  readonly request: Handle<R>;
  /** Handles a request that cannot be parsed. Absent: it is answered without the policy. */
  readonly malformed?: Handle<R> | undefined;
}

export class RequestIntake<R extends Routing> implements Intake {
  readonly #routing: R;
  readonly #pool: WorkerPool<R>;
  readonly #handlers: Handlers<R>;

  constructor(routing: R, pool: WorkerPool<R>, handlers: Handlers<R>) {
    this.#routing = routing;
    this.#pool = pool;
    this.#handlers = handlers;
  }

  take(request: Request): boolean {
    const { request: handle, kind } = this.#handlers;
    return this.#pool.submit((worker) => handle(worker, request), request.message?.raw.length, kind);
  }

  admit(request: Request, waiting: Waiting, waited: number): Admission {
    const { request: handle, kind } = this.#handlers;
    return this.#pool.admit(
      (worker) => {
        waiting.begins(request);
        return handle(worker, request);
      },
      () => waiting.isLate(request),
      waited,
      request.message?.raw.length,
      kind,
    );
  }

  takeMalformed({ reason, status }: MalformedMessage, message: SipRequest): boolean {
    const { malformed: handle, kind } = this.#handlers;
    if (handle === undefined) return false;
    const request = new Request(this.#routing, message);
    request.state(scriptError).error = parseError(reason, status, reasonPhrase(status));
    return this.#pool.submit((worker) => handle(worker, request), message.raw.length, kind);
  }
}

/** The intake of a script: its main route, and its error_route for requests that cannot be parsed. */
export function scriptIntake(routing: RunRouting, pool: WorkerPool<RunRouting>): Intake {
  const { main, find } = routing.script;
  const errorRoute = find('error_route', '');
  return new RequestIntake(routing, pool, {
    kind: 'script',
    request: (worker, request) => runRoute(worker, request, main),
    malformed: errorRoute === null ? undefined : (worker, request) => runRoute(worker, request, errorRoute),
  });
}
