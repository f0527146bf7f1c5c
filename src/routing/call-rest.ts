/** A call's REST requests, which end with the call. */
import type {
  BodyRequestOptions,
  Outcome,
  RequestObserver,
  RequestOptions,
  RestClient,
} from '../rest/index.ts';
import type { Request } from '../runtime/index.ts';
import type { Cancellation } from '../timers/index.ts';
import type { LoggingCaller } from './call-log.ts';

/** What {@link CallRest} needs of its call. */
export interface RestCaller extends LoggingCaller {
  /** The handler: `onInvite`. */
  readonly name: string;
  readonly request: Request;
  readonly routing: { readonly restNotes: RestNotes };
  /** Ends its requests. */
  readonly cancellation: Cancellation;
  /** What sees the next request, as for a trace; undefined: nothing does. */
  readonly observer: RequestObserver | undefined;
  /** The handler waits for an answer. */
  waits(): void;
  /** The handler goes on after waiting. */
  continues(): void;
}

/** Shows and logs a handler's REST calls. */
export interface RestNotes {
  begins(caller: RestCaller, method: string, url: string): void;
  ended(caller: RestCaller, method: string, url: string, outcome: Outcome): void;
}

/** A client whose requests end when the caller cancels. See `RestClient` of `siprest/rest`. */
export class CallRest {
  readonly #client: RestClient;
  readonly #caller: RestCaller;

  /** @internal */
  constructor(client: RestClient, caller: RestCaller) {
    this.#client = client;
    this.#caller = caller;
  }

  /** A GET request. */
  get(url: string | URL, options?: RequestOptions): Promise<Outcome> {
    return this.request('GET', url, options);
  }

  /** A HEAD request. */
  head(url: string | URL, options?: RequestOptions): Promise<Outcome> {
    return this.request('HEAD', url, options);
  }

  /** A DELETE request. */
  delete(url: string | URL, options?: BodyRequestOptions): Promise<Outcome> {
    return this.request('DELETE', url, options);
  }

  /** A POST request: `{ json: value }`, `{ body: text }`. */
  post(url: string | URL, options?: BodyRequestOptions): Promise<Outcome> {
    return this.request('POST', url, options);
  }

  /** A PUT request. */
  put(url: string | URL, options?: BodyRequestOptions): Promise<Outcome> {
    return this.request('PUT', url, options);
  }

  /** A PATCH request. */
  patch(url: string | URL, options?: BodyRequestOptions): Promise<Outcome> {
    return this.request('PATCH', url, options);
  }

  /** A request with any method except CONNECT. */
  request(method: string, url: string | URL, options?: BodyRequestOptions): Promise<Outcome> {
    const caller = this.#caller;
    const { cancellation, observer, routing } = caller;
    const own = observer === undefined ? { cancellation } : { cancellation, observer };
    const all = options === undefined ? own : { ...options, ...own };
    const asked = this.#client.request(method, url, all);
    routing.restNotes.begins(caller, method, String(url));
    caller.waits();
    return asked.then((outcome) => {
      routing.restNotes.ended(caller, method, String(url), outcome);
      caller.continues();
      return outcome;
    });
  }
}
