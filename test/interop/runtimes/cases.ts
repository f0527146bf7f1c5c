/**
 * What the REST client has to do on every runtime. Runs there as a program: its argument is a `Scene` as JSON, and it
 * prints the result of each case as JSON.
 */
import { subscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import {
  type HostOptions,
  type Outcome,
  RestClient,
  type RestClientOptions,
  type StreamedOutcome,
} from 'siprest/rest';

/** Services that the test has started. */
export interface Scene {
  /** http://127.0.0.1:PORT */
  readonly plain: string;
  /** https://localhost:PORT, HTTP/1.1 alone. */
  readonly tls: string;
  /** https://localhost:PORT, HTTP/2 as well. */
  readonly http2: string;
  /** Answers with a body that ends with TLS. */
  readonly tlsClosed: string;
  /** http://127.0.0.1:PORT, HTTP/2 alone. */
  readonly http2Plain: string;
  /** A folder with the CA's certificate. */
  readonly caPath: string;
  /** Nobody listens there. */
  readonly closed: string;
  /** Accepts connections, and says nothing. */
  readonly silent: string;
  readonly socketPath: string;
}

export interface CaseResult {
  readonly name: string;
  /** Null: it went well. */
  readonly error: string | null;
}

type Case = (scene: Scene) => Promise<void>;

const clients: RestClient[] = [];
function newClient(options: RestClientOptions = {}): RestClient {
  const client = new RestClient({ timeout: 20_000, proxy: 'none', ...options });
  clients.push(client);
  return client;
}
const INSECURE: RestClientOptions = { tls: { verifyPeer: false, verifyHost: false } };
const withHosts = (host: HostOptions): RestClient => newClient({ hosts: { '*': host } });

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}
/** What an outcome is, in short. */
function short(outcome: Outcome | StreamedOutcome): string {
  if (outcome.kind === 'response') return `${outcome.status} ${outcome.text}`;
  if (outcome.kind === 'streaming') return `streaming ${outcome.status}`;
  return outcome.kind === 'error' ? `error ${outcome.code}` : outcome.kind;
}
async function is(outcome: Promise<Outcome>, expected: string): Promise<void> {
  const ended = await outcome;
  const got = short(ended);
  if (got !== expected)
    throw new Error(`expected ${expected}, got ${got}${'reason' in ended ? `: ${ended.reason}` : ''}`);
}

const cases: Readonly<Record<string, Case>> = {
  'GET, and the same connection again': async ({ plain }) => {
    const client = newClient();
    await is(client.get(`${plain}/method`), '200 GET');
    const second = await client.get(`${plain}/method`);
    equal([short(second), second.reused], ['200 GET', true]);
  },
  'POST, PUT, PATCH, DELETE and HEAD': async ({ plain }) => {
    const client = newClient();
    await is(client.post(`${plain}/echo`, 'text'), '200 text');
    await is(client.put(`${plain}/echo`, { json: { a: 1 } }), '200 {"a":1}');
    await is(client.patch(`${plain}/echo`, Buffer.from([65, 66])), '200 AB');
    await is(client.delete(`${plain}/method`), '200 DELETE');
    await is(client.head(`${plain}/method`), '200 ');
  },
  'a hundred requests at a time': async ({ plain }) => {
    const client = newClient();
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => client.get(`${plain}/method`)));
    equal([...new Set(outcomes.map(short))], ['200 GET']);
  },
  'localhost by name, over IPv4': ({ plain }) =>
    is(newClient().get(`${plain.replace('127.0.0.1', 'localhost')}/method`), '200 GET'),
  'an unknown name': async () => {
    const outcome = await newClient({ timeout: 8_000 }).get('http://nobody.invalid/');
    if (!['error dns', 'connect-timeout'].includes(short(outcome))) equal(short(outcome), 'error dns');
  },
  'a refused connection': ({ closed }) => is(newClient().get(closed), 'refused'),
  'a TLS handshake without an answer': ({ silent }) =>
    is(newClient({ connectTimeout: 200 }).get(silent.replace('http:', 'https:')), 'connect-timeout'),
  'an answer that does not come': ({ silent }) => is(newClient({ timeout: 200 }).get(silent), 'timeout'),
  'a part of an answer': async ({ plain }) => {
    const outcome = await newClient({ timeout: 500 }).get(`${plain}/part`);
    equal([outcome.kind, 'text' in outcome ? outcome.text : ''], ['timeout', 'first ']);
  },
  'a connection that is reset': ({ plain }) => is(newClient().get(`${plain}/reset`), 'error reset'),
  'a request that is aborted': async ({ silent }) => {
    const end = new AbortController();
    setTimeout(() => end.abort(), 50);
    await is(newClient().get(silent, { signal: end.signal }), 'error aborted');
  },
  'chunks, and a body above a limit': async ({ plain }) => {
    await is(newClient().get(`${plain}/chunks`), '200 one two three');
    await is(newClient({ maxBodySize: 1_000 }).get(`${plain}/large?5000`), 'error too-large');
  },
  'TLS with a CA of its own': ({ tls, caPath }) =>
    is(newClient({ tls: { caPath } }).get(`${tls}/method`), '200 GET'),
  'TLS with an unknown CA': ({ tls }) => is(newClient().get(`${tls}/method`), 'error tls'),
  'TLS with another name': ({ tls, caPath }) =>
    is(newClient({ tls: { caPath } }).get(`${tls.replace('localhost', '127.0.0.1')}/method`), 'error tls'),
  'TLS without verification': ({ tls }) => is(newClient(INSECURE).get(`${tls}/method`), '200 GET'),
  'TLS that is closed at the end of a body': ({ tlsClosed }) =>
    is(newClient(INSECURE).get(tlsClosed), '200 body'),
  'HTTP/2 by ALPN, many at a time': async ({ http2, caPath }) => {
    const client = newClient({ tls: { caPath } });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => client.get(`${http2}/method`)));
    equal([...new Set(outcomes.map((one) => `${short(one)} ${one.connection?.protocol}`))], ['200 GET h2']);
    await is(client.post(`${http2}/echo`, 'x'.repeat(200_000)), `200 ${'x'.repeat(200_000)}`);
  },
  'HTTP/2 by prior knowledge': async ({ http2Plain }) => {
    const outcome = await newClient({ httpVersion: '2-prior-knowledge' }).get(`${http2Plain}/method`);
    equal(short(outcome), '200 GET');
  },
  'a Unix socket': ({ socketPath }) => is(newClient({ socketPath }).get('http://any.test/method'), '200 GET'),
  'a stream as a body': async ({ plain }) => {
    const client = newClient();
    await is(client.post(`${plain}/length`, Readable.from(['one ', 'two'])), '200 7');
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 100; i++) yield new Uint8Array(10_000);
    }
    await is(client.put(`${plain}/length`, pieces()), '200 1000000');
    const web = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(5));
        controller.close();
      },
    });
    await is(client.put(`${plain}/length`, web), '200 5');
  },
  'an answer as a stream': async ({ plain }) => {
    const outcome = await newClient().stream('GET', `${plain}/large?20000000`);
    if (outcome.kind !== 'streaming') throw new Error(short(outcome));
    let length = 0;
    for await (const piece of outcome.body) length += piece.length;
    equal([length, (await outcome.outcome).kind], [20_000_000, 'response']);
  },
  'an answer as a stream that is given up': async ({ plain }) => {
    const outcome = await newClient().stream('GET', `${plain}/large?20000000`);
    if (outcome.kind !== 'streaming') throw new Error(short(outcome));
    for await (const piece of outcome.body) if (piece.length > 0) break;
    equal(short(await outcome.outcome), 'error aborted');
  },
  'forms and blobs': async ({ plain }) => {
    const client = newClient();
    await is(client.post(`${plain}/echo`, new URLSearchParams({ a: 'b c' })), '200 a=b+c');
    await is(client.post(`${plain}/echo`, new Blob(['blob'])), '200 blob');
    const form = new FormData();
    form.set('name', 'value');
    const outcome = await client.post(`${plain}/echo`, form);
    if (!short(outcome).includes('value')) equal(short(outcome), 'a form');
  },
  'hooks with ids': async ({ plain }) => {
    const ids: unknown[] = [];
    for (const name of ['request', 'outcome'])
      subscribe(`siprest:rest:${name}`, (message) => ids.push((message as { id: number }).id));
    await newClient().get(`${plain}/method`);
    equal([ids.length >= 2, ids.at(-1) === ids.at(-2)], [true, true]);
  },
  'policy: cache': async ({ plain }) => {
    const client = withHosts({ cache: {} });
    const first = await client.get(`${plain}/fresh`);
    const second = await client.get(`${plain}/fresh`);
    equal(short(second), short(first));
    equal(second.kind === 'response' && second.fromCache, true);
  },
  'policy: retry': ({ plain }) =>
    is(
      withHosts({ retry: { count: 3, backoff: 10 } }).get(`${plain}/busy-twice?${Math.random()}`),
      '200 well',
    ),
  'policy: breaker': async ({ closed }) => {
    const client = withHosts({ breaker: { minimum: 1 } });
    await is(client.get(closed), 'refused');
    await is(client.get(closed), 'blocked');
  },
  'policy: limits': async ({ silent }) => {
    const client = withHosts({ limits: { concurrency: 1, queue: 0 } });
    const first = client.get(silent, { timeout: 200 });
    await is(client.get(silent), 'blocked');
    await is(first, 'timeout');
  },
  'policy: replicas': ({ plain, closed }) =>
    is(
      withHosts({ replicas: { addresses: [new URL(closed).host, new URL(plain).host] } }).get(
        'http://any.test/method',
      ),
      '200 GET',
    ),
  'policy: redirects and cookies': ({ plain }) =>
    is(withHosts({ redirects: {}, cookies: {} }).get(`${plain}/login`), '200 session=1'),
  'policy: compressed answers': async ({ plain }) => {
    for (const coding of ['gzip', 'br', 'deflate'] as const)
      await is(
        withHosts({ decode: { encodings: [coding] } }).get(`${plain}/compressed`),
        `200 ${coding} text`,
      );
  },
  'policy: authentication': async ({ plain }) => {
    await is(
      withHosts({ auth: { scheme: 'bearer', token: 't' } }).get(`${plain}/authorization`),
      '200 Bearer t',
    );
    await is(
      withHosts({ auth: { scheme: 'digest', user: 'a', password: 'b' } }).get(`${plain}/digest`),
      '200 Digest',
    );
  },
  'a client that is closed': async ({ plain }) => {
    const client = newClient();
    await client.get(`${plain}/method`);
    await client.close();
    await is(client.get(`${plain}/method`), 'error closed');
  },
};

async function run(one: Case, scene: Scene): Promise<string | null> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('not over within 30 s')), 30_000).unref();
  });
  try {
    await Promise.race([one(scene), late]);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const scene = JSON.parse(process.argv[2] ?? '{}') as Scene;
const results: CaseResult[] = [];
for (const [name, one] of Object.entries(cases)) results.push({ name, error: await run(one, scene) });
await Promise.all(clients.map((client) => client.close()));
console.log(JSON.stringify(results));
