/** A handler's part of the trace of its request. */
import { type CallTrace, HttpSpan, type Request, type Span, stackOf } from '../runtime/index.ts';
import type { Branch, ReplyVerdict } from '../sip/index.ts';
import { type Awaitable, andThen } from '../timers/index.ts';

export class HandlerTrace {
  readonly #trace: CallTrace;
  readonly #span: Span;

  private constructor(trace: CallTrace, name: string) {
    this.#trace = trace;
    this.#span = trace.handler(name);
  }

  /** Null: the request is not traced. */
  static begin(request: Request, name: string): HandlerTrace | null {
    const { trace } = request;
    return trace === null ? null : new HandlerTrace(trace, name);
  }

  /** The handler, whose own spans become parts of it. */
  around<C, R>(body: (call: C) => R): (call: C) => R {
    return (call) => this.#span.within(() => body(call));
  }

  /** What sees a REST request of the handler. */
  get observer(): HttpSpan {
    return new HttpSpan(this.#span.innermost());
  }

  failed(error: unknown): void {
    this.#span.fail(error instanceof Error ? error.name : 'error', stackOf(error));
  }

  /** Runs a function that sees a reply. */
  onReply(branch: Branch, judge: () => Awaitable<ReplyVerdict>): Awaitable<ReplyVerdict> {
    const span = this.#trace.onReply(branch);
    return andThen(span.within(judge), (verdict) => {
      span.end();
      return verdict;
    });
  }

  end(): void {
    this.#trace.handlerEnded(this.#span);
  }
}
