import type { ClientHttp2Stream } from 'node:http2';
import type { ExchangeFailure } from './failure.ts';
import type { AnswerHead } from './http1-head.ts';
import type { PhaseClock } from './outcome.ts';
import type { HttpRequest } from './request.ts';

/** An open stream of HTTP/2. */
export interface OpenStream {
  readonly stream: ClientHttp2Stream;
  /** What the connection had read when it was opened. */
  readonly bytesRead: number;
}

/**
 * One request on a connection, and the receiver of its result. A connection knows nothing else above it: any of these
 * calls may end the request, and the connection is told by `release` or `abandon`.
 */
export interface Exchange {
  readonly request: HttpRequest;
  readonly clock: PhaseClock;
  /** The request waits for `100 Continue` before its body. A connection that cannot wait switches it off. */
  expectContinue: boolean;
  /** Kept here by a connection of HTTP/2, so that it needs no map. */
  stream: OpenStream | null;
  /** Nobody waits for the answer any more. */
  readonly over: boolean;
  /** Of the answer, interim or final; 0 before it. */
  readonly status: number;
  /** A final answer has arrived with as many bytes as it announced. */
  readonly complete: boolean;
  /** A byte of the answer has arrived: from here on the request never goes out again for a lost connection. */
  onAnswering(): void;
  onStatus(status: number): void;
  onInterim(status: number): void;
  onHead(head: AnswerHead, text: string): void;
  onHttp2Headers(status: number, raw: readonly string[]): void;
  /** @param reused true when the piece is valid during the call only */
  onData(piece: Buffer, reused: boolean): void;
  onComplete(): void;
  onError(failure: ExchangeFailure): void;
}
