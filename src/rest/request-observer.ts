import type { HeaderField } from './header-line.ts';
import type { Outcome } from './outcome.ts';
import type { Send } from './policies.ts';
import { fieldOf, type HttpRequest, withHeader } from './request.ts';
import { redactUrl } from './url.ts';

/** What a {@link RequestObserver} sees of a request. */
interface ObservedRequest {
  readonly method: string;
  /** Without user, password and query. */
  readonly url: string;
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
}

/** Sees a request begin and end, as for a trace. */
export interface RequestObserver {
  /** Returns header fields to add, unless the request has fields of these names. */
  begins(request: ObservedRequest): readonly HeaderField[];
  /** Null: an error in the program has ended it. */
  ended(outcome: Outcome | null): void;
}

/** Sends a request that somebody observes. */
export async function sendObserved(
  observer: RequestObserver,
  request: HttpRequest,
  send: Send,
): Promise<Outcome> {
  const { method, authority, path, headers } = request;
  const { scheme, hostname, port } = authority;
  const fields = observer
    .begins({ method, url: redactUrl(authority, path), scheme, hostname, port })
    .filter(({ name }) => fieldOf(headers, name) === undefined);
  let outcome: Outcome | null = null;
  try {
    outcome = await send(fields.reduce((sent, { name, value }) => withHeader(sent, name, value), request));
    return outcome;
  } finally {
    observer.ended(outcome);
  }
}
