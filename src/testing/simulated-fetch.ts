/** `fetch()` that reaches the services of a simulation, by siprest's own HTTP client. */
import type { Outcome, RestClient } from '../rest/index.ts';

/** As in the Fetch standard. */
const mostRedirects = 20;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Statuses whose responses have no body. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

const simulated = new WeakSet<typeof fetch>();

export const isSimulatedFetch = (one: typeof fetch): boolean => simulated.has(one);

/** Rejects like the real one: with a TypeError whose cause says why, or with the reason of the signal. */
export function simulatedFetch(client: RestClient): typeof fetch {
  const simulatedOne: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { signal } = request;
    signal.throwIfAborted();
    const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
    let sent: Sent = { method: request.method, url: request.url, headers: [...request.headers], body };
    for (let count = 0; count <= mostRedirects; count++) {
      const { method, url, ...rest } = sent;
      const outcome = await client.request(method, url, { ...rest, contentType: '', signal });
      signal.throwIfAborted();
      const response = responseOf(outcome, url, count > 0);
      const location = response.headers.get('location');
      if (location === null || !redirects.has(response.status) || request.redirect === 'manual')
        return response;
      if (request.redirect === 'error') throw failed('unexpected redirect');
      sent = redirected(sent, response.status, location);
    }
    throw failed('redirect count exceeded');
  };
  simulated.add(simulatedOne);
  return simulatedOne;
}

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly [string, string][];
  readonly body: Uint8Array | undefined;
}

const failed = (why: string, code?: string): TypeError =>
  new TypeError('fetch failed', {
    cause: code === undefined ? new Error(why) : Object.assign(new Error(why), { code }),
  });

/** The request that follows a redirect: a POST becomes a GET, and another origin gets no credentials. */
function redirected(sent: Sent, status: number, location: string): Sent {
  const url = new URL(location, sent.url);
  const isGet = status === 303 ? sent.method !== 'HEAD' : status < 303 && sent.method === 'POST';
  const isSame = url.origin === new URL(sent.url).origin;
  const headers = sent.headers.filter(
    ([name]) => (isSame || name !== 'authorization') && !(isGet && name.startsWith('content-')),
  );
  if (!isGet) return { ...sent, url: url.href, headers };
  return { method: 'GET', url: url.href, headers, body: undefined };
}

function responseOf(outcome: Outcome, url: string, isRedirected: boolean): Response {
  if (outcome.kind !== 'response') throw failed(outcome.reason, codes[outcome.kind]);
  const { status, body } = outcome;
  const headers = outcome.headers.map(([name, value]): [string, string] => [name, value]);
  const response = new Response(bodiless.has(status) ? null : new Uint8Array(body), { status, headers });
  // these cannot be given to the constructor
  Object.defineProperties(response, { url: { value: url }, redirected: { value: isRedirected } });
  return response;
}

/** As Node's fetch() names these failures. */
const codes: Readonly<Partial<Record<Outcome['kind'], string>>> = {
  refused: 'ECONNREFUSED',
  'connect-timeout': 'UND_ERR_CONNECT_TIMEOUT',
  timeout: 'UND_ERR_HEADERS_TIMEOUT',
};
