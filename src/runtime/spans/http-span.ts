/** The span of a REST call, by OpenTelemetry's semantic conventions for HTTP clients. */
import type { Span, TraceField } from './span.ts';

/** What the conventions ask of a request. */
interface SentRequest {
  readonly method: string;
  /** Without password and query. */
  readonly url: string;
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
}

/** What the conventions ask of an outcome; null: there is none, because of an error in the program. */
type ReceivedOutcome = {
  readonly kind: string;
  /** The status of the answer; 0 for none. */
  readonly retcode: number;
  readonly attempts: number;
  /** Why the request failed. */
  readonly reason?: string;
  readonly connection: {
    readonly protocol: string;
    readonly remoteAddress: string;
    readonly remotePort: number;
  } | null;
} | null;

/** Sees a REST call begin and end. */
export class HttpSpan {
  readonly #parent: Span;
  #span: Span | null = null;

  constructor(parent: Span) {
    this.#parent = parent;
  }

  /** Returns the header fields that pass the trace on. */
  begins({ method, url, scheme, hostname, port }: SentRequest): readonly TraceField[] {
    this.#span = this.#parent.child(method, 'client', {
      'http.request.method': method,
      'url.full': url,
      'url.scheme': scheme,
      'server.address': hostname,
      'server.port': port,
    });
    return this.#span.fields;
  }

  ended(outcome: ReceivedOutcome): void {
    const span = this.#span;
    if (span === null) return;
    const { kind, retcode, attempts, connection, reason } = outcome ?? failed;
    span.set({
      'http.response.status_code': retcode > 0 ? retcode : undefined,
      'http.request.resend_count': attempts > 1 ? attempts - 1 : undefined,
      'network.protocol.version': connection?.protocol.replace(/^h(?:ttp\/)?/, ''),
      'network.peer.address': connection?.remoteAddress,
      'network.peer.port': connection?.remotePort,
    });
    if (kind !== 'response') span.fail(kind, reason);
    else if (retcode >= 400) span.fail(String(retcode));
    span.end();
  }
}

const failed = { kind: 'error', retcode: 0, attempts: 1, connection: null, reason: undefined };
