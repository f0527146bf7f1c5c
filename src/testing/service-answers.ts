/** The answers of a simulated REST service, and their bytes. */

/** A request as the service got it. */
export interface ServiceRequest {
  /** The method, as sent. */
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** The path. */
  readonly path: string;
  /** The query. */
  readonly query: URLSearchParams;
  /** `HTTP/1.1` */
  readonly version: string;
  /** The header fields, in order. */
  readonly headerList: readonly (readonly [name: string, value: string])[];
  /** The header fields. */
  readonly headers: Headers;
  /** The body as text, UTF-8. */
  readonly body: string;
  /** Parses the body. */
  json(): unknown;
  /** The number of its connection, from 1. */
  readonly connection: number;
  /** When it had arrived, in ms since the start of the simulation. */
  readonly at: number;
}

/** How an answer is sent. */
export interface Delivery {
  /** How long the service takes, in ms. Default 0. */
  readonly after?: number | undefined;
  /** Closes the connection after this many bytes of the answer, its head included. Default: sends all. */
  readonly cutAfter?: number | undefined;
  /** What happens at the end of an answer: the connection is kept, closed or reset. Default `keep`; `close` for a cut. */
  readonly then?: 'keep' | 'close' | 'reset' | undefined;
  /** Sends the body byte by byte, with this many ms in between. */
  readonly dripping?: number | undefined;
}

/** A response. */
export interface ServiceResponse extends Delivery {
  /** Default 200. */
  readonly status?: number | undefined;
  /** Header fields. Content-Length is added, and Content-Type for `json` and text. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[] | undefined;
  /** The body. */
  readonly body?: string | Uint8Array | undefined;
  /** Sent as JSON, instead of `body`. */
  readonly json?: unknown;
}

/** Raw bytes, which need not be HTTP. */
export interface RawResponse extends Delivery {
  /** A text in UTF-8, or bytes. */
  readonly raw: string | Uint8Array;
}

/**
 * The request is read and not answered (`hangs`), or its connection is closed (`closes`) or reset (`resets`) instead.
 */
export type NoResponse = 'hangs' | 'closes' | 'resets';

/** What a service answers. */
export type ServiceAnswer = ServiceResponse | RawResponse | NoResponse;

/** An answer, or what makes one of the request. */
export type ServiceResponder =
  | ServiceAnswer
  | ((request: ServiceRequest) => ServiceAnswer | Promise<ServiceAnswer>);

/** The bytes of an answer. */
export function answerBytes(answer: ServiceResponse | RawResponse, method: string): Buffer {
  if ('raw' in answer) return Buffer.from(answer.raw);
  const { status = 200, json, headers = [], body = '' } = answer;
  const isJson = json !== undefined;
  const bytes = Buffer.from(isJson ? JSON.stringify(json) : body);
  const given = [...headerEntries(headers)];
  const has = (name: string) => given.some(([key]) => key.toLowerCase() === name);
  if (!has('content-type') && bytes.length > 0)
    given.push(['Content-Type', isJson ? 'application/json' : 'text/plain']);
  const isBodiless = status < 200 || status === 204 || status === 304;
  if (!has('content-length') && !has('transfer-encoding') && !isBodiless)
    given.push(['Content-Length', String(bytes.length)]);
  const lines = given.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = Buffer.from(`HTTP/1.1 ${status} ${phrases[status] ?? 'Status'}\r\n${lines}\r\n`);
  return method === 'HEAD' || isBodiless ? head : Buffer.concat([head, bytes]);
}

function headerEntries(
  headers: NonNullable<ServiceResponse['headers']>,
): readonly (readonly [string, string])[] {
  return isList(headers) ? headers : Object.entries(headers);
}

const isList = (
  headers: NonNullable<ServiceResponse['headers']>,
): headers is readonly (readonly [string, string])[] => Array.isArray(headers);

const phrases: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
