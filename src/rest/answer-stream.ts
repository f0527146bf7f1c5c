/** Answers that are read while they arrive, and never held whole. */
import { firstField } from './header-fields.ts';
import { headerFields } from './http1-head.ts';
import type { FailureOutcome, Outcome, ResponseOutcome } from './outcome.ts';
import type { RawHeaders } from './transfer-end.ts';

/** Receives the body of a 2xx answer piece by piece; see `Transfer`. */
export interface BodySink {
  /** A 2xx answer begins: the request must not go out again from here on. */
  onHead(status: number, headers: RawHeaders): void;
  /** False: no more for now, until {@link BodySink.resume} is called. Pieces that are on their way arrive all the same. */
  onPiece(piece: Buffer): boolean;
  /** Set by the transfer: goes on reading. */
  resume: () => void;
  /** {@link BodySink.onHead} was called. */
  readonly isStarted: boolean;
}

/** What a {@link StreamedResponse} throws to its reader when the rest of the body does not arrive. */
export class StreamedBodyError extends Error {
  /** What became of the request. */
  readonly outcome: FailureOutcome;

  /** @internal */
  constructor(outcome: FailureOutcome) {
    super(outcome.reason);
    this.name = 'StreamedBodyError';
    this.outcome = outcome;
  }
}

/** A 2xx answer whose body is still arriving. */
export class StreamedResponse {
  /** Which result of `RestClient.stream()` this is. */
  readonly kind = 'streaming';
  /** From 200 to 299. */
  readonly status: number;
  /** The bytes as they arrive; read no faster than they are taken. Cancel it to end the request. */
  readonly body: ReadableStream<Uint8Array>;
  /** What became of the request, once the body has ended in whichever way. Its own `body` is empty. */
  readonly outcome: Promise<Outcome>;
  readonly #fields: readonly string[];

  /** @internal */
  constructor(
    status: number,
    headers: RawHeaders,
    body: ReadableStream<Uint8Array>,
    outcome: Promise<Outcome>,
  ) {
    this.status = status;
    this.#fields = typeof headers === 'string' ? headerFields(headers) : headers;
    this.body = body;
    this.outcome = outcome;
  }

  /** The first field of that name, in whatever case; undefined without one. */
  header(name: string): string | undefined {
    return firstField(this.#fields, name.toLowerCase());
  }
}

/** The result of `RestClient.stream()`: a streamed 2xx answer, another answer as a whole, or a failure. */
export type StreamedOutcome = StreamedResponse | ResponseOutcome | FailureOutcome;

/** How much of a body waits for its reader. */
const HIGH_WATER = 65_536;

/**
 * Sends a request by `send`, which gets the sink for its body and what cancels it.
 */
export function streamAnswer(
  send: (sink: BodySink, cancelled: AbortSignal) => Promise<Outcome>,
): Promise<StreamedOutcome> {
  return new Promise((resolve, reject) => {
    const cancel = new AbortController();
    let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
    let isStarted = false;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (its) => {
          controller = its;
        },
        pull: () => sink.resume(),
        cancel: () => cancel.abort(new Error('the reader of the answer has cancelled it')),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER }),
    );
    const sink: BodySink = {
      onHead: (status, headers) => {
        isStarted = true;
        resolve(new StreamedResponse(status, headers, body, outcome));
      },
      onPiece: (piece) => {
        if (controller === null || cancel.signal.aborted) return true;
        controller.enqueue(piece);
        return (controller.desiredSize ?? 0) > 0;
      },
      resume: () => {},
      get isStarted() {
        return isStarted;
      },
    };
    const outcome = send(sink, cancel.signal);
    outcome.then((ended) => {
      if (!isStarted) resolve(ended);
      else if (!cancel.signal.aborted) {
        if (ended.kind === 'response') controller?.close();
        else controller?.error(new StreamedBodyError(ended));
      }
    }, reject);
  });
}
