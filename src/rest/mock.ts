/** A mock of services: answers the requests of a client in a test, without a network. */
import {
  BlockedOutcome,
  ConnectTimeoutOutcome,
  ErrorOutcome,
  type Outcome,
  RefusedOutcome,
  ResponseOutcome,
  type ResponseParts,
  TimeoutOutcome,
} from './outcome.ts';
import type { Send } from './policies.ts';
import type { HttpRequest } from './request.ts';

/** A request as the mock got it. */
export interface MockRequest {
  /** The method, in capitals as a rule. */
  readonly method: string;
  /** As it was asked for: scheme, host, path and query. */
  readonly url: URL;
  /** The header fields, as a server would read them. */
  readonly headers: Headers;
  /** The body as text, UTF-8; empty without one. */
  readonly text: string;
}

/** What a mock answers: a response, of which `json` is one more way to say the body, a failure, or any outcome. */
export type MockAnswer =
  | (ResponseParts & {
      /** Sent as JSON, instead of `body`. */
      readonly json?: unknown;
    })
  | {
      /** The kind of failure. */
      readonly fails: 'refused' | 'connect-timeout' | 'timeout' | 'blocked' | 'reset';
    }
  | Outcome;

/** An answer, or what makes one of the request. */
export type MockResponder = MockAnswer | ((request: MockRequest) => MockAnswer | Promise<MockAnswer>);

interface Expectation {
  readonly method: string;
  readonly url: string | RegExp;
  readonly responder: MockResponder;
}

/**
 * Services that answer in the process. A request that none of them expects rejects the call, with an error that names it.
 *
 * @example
 * const services = new RestMock().on('GET', 'http://credit.example/alice', { json: { allowed: true } });
 * const client = new RestClient({ send: services.send });
 */
export class RestMock {
  readonly #expectations: Expectation[] = [];
  readonly #requests: MockRequest[] = [];

  /** All that were asked for, in order. */
  get requests(): readonly MockRequest[] {
    return this.#requests;
  }

  /**
   * Answers requests of this method and URL; a later one for the same replaces it.
   * @param url the whole URL, with its query; a pattern is tried on it
   */
  on(method: string, url: string | RegExp, responder: MockResponder): this {
    const normal = typeof url === 'string' ? new URL(url).href : url;
    this.#expectations.unshift({ method, url: normal, responder });
    return this;
  }

  /** Takes the place of a client's connections: give it to the client as `send`. */
  readonly send: Send = async (request) => {
    const seen = await seenBy(request);
    this.#requests.push(seen);
    const { method, url } = seen;
    const expected = this.#expectations.find(
      (one) =>
        one.method === method &&
        (typeof one.url === 'string' ? one.url === url.href : one.url.test(url.href)),
    );
    if (expected === undefined)
      throw new Error(`unexpected request: ${method} ${url.href}; ${this.#known()}`);
    const { responder } = expected;
    const outcome = outcomeOf(typeof responder === 'function' ? await responder(seen) : responder);
    const sink = request.streams?.sink ?? null;
    if (sink !== null && outcome.kind === 'response' && outcome.ok) {
      sink.onHead(outcome.status, outcome.headers.flat());
      sink.onPiece(outcome.body);
    }
    return outcome;
  };

  #known(): string {
    if (this.#expectations.length === 0) return 'nothing is expected';
    return `expected: ${this.#expectations
      .toReversed()
      .map(({ method, url }) => `${method} ${url}`)
      .join(', ')}`;
  }
}

async function seenBy({
  method,
  authority,
  path,
  headers,
  body,
  streams,
}: HttpRequest): Promise<MockRequest> {
  const seen = new Headers();
  const { fields } = headers;
  for (let i = 0; i + 1 < fields.length; i += 2) seen.append(fields[i] ?? '', fields[i + 1] ?? '');
  let text = body?.toString('utf8') ?? '';
  const source = streams?.body?.read();
  if (source !== undefined) {
    const pieces: Buffer[] = [];
    for (let next = await source.next(); next.done !== true; next = await source.next())
      pieces.push(Buffer.from(next.value));
    text = Buffer.concat(pieces).toString('utf8');
  }
  return { method, url: new URL(`${authority.scheme}://${authority.host}${path}`), headers: seen, text };
}

const reason = 'the mock says so';

function outcomeOf(answer: MockAnswer): Outcome {
  if ('kind' in answer) return answer;
  if (!('fails' in answer)) {
    const { json, ...parts } = answer;
    if (json === undefined) return ResponseOutcome.of(parts);
    const { headers = [] } = parts;
    return ResponseOutcome.of({
      ...parts,
      headers: [['Content-Type', 'application/json'], ...headers],
      body: JSON.stringify(json),
    });
  }
  switch (answer.fails) {
    case 'refused':
      return new RefusedOutcome(reason);
    case 'connect-timeout':
      return new ConnectTimeoutOutcome(reason);
    case 'timeout':
      return new TimeoutOutcome(reason);
    case 'blocked':
      return new BlockedOutcome(reason);
    case 'reset':
      return new ErrorOutcome('reset', reason);
  }
}
