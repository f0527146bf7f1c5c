import type { ClientHttp2Stream } from 'node:http2';
import type { ExchangeFailure } from './failure.ts';
import type { AnswerHead } from './http1-head.ts';
import type { HttpRequest } from './request.ts';
import type { PhaseClock } from './transfer-end.ts';

/** An open stream of HTTP/2. */
export interface OpenStream {
  readonly stream: ClientHttp2Stream;
  /** How many bytes the connection had received when the stream was opened. */
  readonly bytesRead: number;
}

/**
 * One request on a connection, and the receiver of its result: all that a connection knows of the layers above. Any
 * call may end the request; the connection learns of it by `release` or `abandon`.
 */
export interface Exchange {
  readonly request: HttpRequest;
  readonly clock: PhaseClock;
  /** Whether the body waits for `100 Continue`. A connection that cannot wait clears it. */
  expectContinue: boolean;
  /** Set by an HTTP/2 connection, which then needs no map. */
  stream: OpenStream | null;
  /** Whether the request has ended, so that its answer is ignored. */
  readonly over: boolean;
  /** Status of the answer, interim or final; 0 before. */
  readonly status: number;
  /** Whether a final answer has arrived with as many bytes as announced. */
  readonly complete: boolean;
  /** Called for the first byte of the answer, after which a lost connection no longer causes a resend. */
  onAnswering(): void;
  onStatus(status: number): void;
  onInterim(status: number): void;
  onHead(head: AnswerHead, text: string): void;
  onHttp2Headers(status: number, raw: readonly string[]): void;
  /** @param reused true if the piece is valid only during the call */
  onData(piece: Buffer, reused: boolean): void;
  onComplete(): void;
  onError(failure: ExchangeFailure): void;
}
