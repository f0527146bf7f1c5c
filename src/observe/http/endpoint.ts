/** What the HTTP server serves: a table of endpoints, each with a path, methods and a function of the request. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Awaitable } from '../../timers/index.ts';

export interface HttpRequest {
  /** `HEAD` arrives as `GET`; the server leaves out the body. */
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Empty for GET. */
  readonly body: Buffer;
  /** Whether the client runs on this machine. */
  readonly isLoopback: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  /** Default: plain text in UTF-8. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** An answer without an end: `open` writes to the response until it closes. */
export interface HttpStream {
  readonly type: string;
  readonly open: (response: ServerResponse) => void;
}

export interface HttpEndpoint {
  /** The whole path, such as `/metrics`. */
  readonly path: string;
  readonly methods: readonly ('GET' | 'POST' | 'DELETE')[];
  /** Maximum size of a request's body in bytes; longer ones are answered 413. Default 0. */
  readonly longestBody?: number;
  /** An exception is logged and answered 500. */
  readonly answer: (request: HttpRequest) => Awaitable<HttpAnswer | HttpStream>;
}

/** A plain text, with a final line feed. */
export const plain = (status: number, text: string): HttpAnswer => ({ status, body: `${text}\n` });
