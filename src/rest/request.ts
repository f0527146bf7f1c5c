import type { ByteBudget, Cancellation } from '../timers/index.ts';
import type { BodySink } from './answer-stream.ts';
import { firstField } from './header-fields.ts';
import { type RequestHeaders, withField } from './request-headers.ts';
import type { RequestStream } from './request-stream.ts';
import type { TlsClientDomain } from './tls-domain.ts';
import type { CallFigures } from './transfer-end.ts';
import type { Authority } from './url.ts';

/**
 * A request as policies and the dispatcher see it: validated, complete and immutable. A policy changes a copy:
 * `next({ ...request, timeout: 500 })`.
 */
export interface HttpRequest {
  /** Usually in capitals. */
  readonly method: string;
  /** Scheme, host and port. */
  readonly authority: Authority;
  /** Path and query, as in the request line. */
  readonly path: string;
  /** The header fields, and the settings that follow from them. */
  readonly headers: RequestHeaders;
  /** The whole body, or null. */
  readonly body: Buffer | null;
  /** Bodies that are read and written piece by piece instead; null: neither is. @internal */
  readonly streams: BodyStreams | null;
  /** Time limit for the whole transfer, connecting included, in milliseconds. */
  readonly timeout: number;
  /** Time limit for connecting (DNS, TCP and TLS), in milliseconds. */
  readonly connectTimeout: number;
  /** How long the connect lock is held, if the client uses it. */
  readonly holdConnectLock: HoldConnectLock;
  /** Ends the transfer. */
  readonly signal: AbortSignal | null;
  /** Ends it as well, below all policies. @internal */
  readonly cancellation?: Cancellation | null;
  /** Its TLS client domain; null: the client's, if any. */
  readonly tlsDomain: TlsClientDomain | null;
  /** What the policies of its host have decided; null: nothing. @internal */
  readonly route: Route | null;
}

/** The bodies of a request and its answer that are not held whole. */
export interface BodyStreams {
  /** The body of the request, instead of {@link HttpRequest.body}. */
  readonly body: RequestStream | null;
  /** Takes the body of a 2xx answer. */
  readonly sink: BodySink | null;
}

/** Whether it has a body, whole or in pieces. */
export function hasBody(request: HttpRequest): boolean {
  const { body, streams } = request;
  return body !== null || (streams !== null && streams.body !== null);
}

/** Whether it may go out once more: not after a body that can be read once only, nor once its answer is being read. */
export function maySendAgain(request: HttpRequest): boolean {
  const { streams } = request;
  return streams === null || (streams.body?.mayBeSent !== false && streams.sink?.isStarted !== true);
}

/** Where a request goes and what it may take. */
export interface Route {
  /** Connects there instead of to the host of the URL, which the request, Host and the certificate still name. */
  readonly connectTo?: ConnectTo | undefined;
  /** How many redirects have led here; undefined: none. */
  readonly followed?: number | undefined;
  /** The attempts of a call, for those that choose where the next one goes. */
  readonly attempts?: CallAttempts | undefined;
  /** Counts the attempts of the call. */
  readonly call?: CallFigures | undefined;
  /** What the bodies of answers to its host may take together, beside the limit of the process. */
  readonly bodies?: ByteBudget | undefined;
}

/** Where a connection goes. */
export interface ConnectTo {
  /** Host name, or an IP address without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** What the attempts of one call know of each other. */
export interface CallAttempts {
  /** Where they went. */
  readonly tried: Set<ConnectTo>;
  /** Another attempt would go elsewhere. */
  othersLeft: boolean;
}

/** The first field of that name, in lower case; undefined without one. */
export const fieldOf = ({ fields }: RequestHeaders, name: string): string | undefined =>
  firstField(fields, name);

/** Until the connection is established, or until the whole transfer has ended. */
export type HoldConnectLock = 'while-connecting' | 'whole';

/**
 * A copy of the request in which one header field replaces all of that name; an empty value removes them. Name and
 * value are byte strings.
 * @throws RestOptionError for an invalid field
 */
export function withHeader(request: HttpRequest, name: string, value: string): HttpRequest {
  return { ...request, headers: withField(request.headers, name, value) };
}
