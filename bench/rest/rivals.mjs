// The clients that are measured, each as a function that makes one: `(goal) => Promise<() => Promise<Buffer|string>>`.
// A call does one request, and has read its whole body when it resolves. Each is set up as its own
// documentation advises for many requests to one server: kept connections, as many as there are requests in
// flight. Plain JavaScript, so that the measured process loads nothing but the client.
import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {object} Goal
 * @property {string} url
 * @property {'GET' | 'POST'} method
 * @property {Uint8Array | undefined} body
 * @property {number} inFlight
 * @property {string} caFile empty without TLS
 * @property {boolean} http2
 * @property {string} product folder of the built siprest
 */

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const certificates = (goal) => (goal.caFile === '' ? undefined : readFileSync(goal.caFile, 'utf8'));

function mustBe200(status) {
  if (status !== 200) throw new Error(`status ${status}`);
}

/** The REST client of a build; older ones have it in another file. */
export function entryOf(product) {
  const entry = `${product}/rest.js`;
  return existsSync(entry) ? entry : `${product}/rest/index.js`;
}

/** `product` may be an older build, which names its options otherwise. */
function clientOf(RestClient, http2, tlsDomain) {
  try {
    return [new RestClient({ httpVersion: http2 ? 'auto' : '1.1', tlsDomain })];
  } catch {
    const options = tlsDomain === undefined ? undefined : { tls: tlsDomain };
    return [new RestClient({ curlHttpVersion: http2 ? 0 : 2 }), options];
  }
}

async function siprest(goal) {
  const { RestClient, TlsClientDomain } = await import(entryOf(goal.product));
  const domain = goal.caFile === '' ? undefined : new TlsClientDomain({ name: 'bench', caList: goal.caFile });
  const [client, options] = clientOf(RestClient, goal.http2, domain);
  return async () => {
    const outcome =
      goal.body === undefined
        ? await client.get(goal.url, options)
        : await client.post(goal.url, goal.body, options);
    if (outcome.rc !== 1) throw new Error(outcome.reason);
    mustBe200(outcome.retcode);
    return outcome.body;
  };
}

/** Its documented way to many requests: a pool of the origin, and `request` for a path. */
async function undiciRequest(goal) {
  const { Pool } = await import('undici');
  const { origin, pathname } = new URL(goal.url);
  const pool = new Pool(origin, {
    connections: goal.http2 ? 1 : goal.inFlight,
    pipelining: goal.http2 ? goal.inFlight : 1,
    allowH2: goal.http2,
    maxConcurrentStreams: goal.inFlight,
    connect: { ca: certificates(goal) },
  });
  const request = { path: pathname, method: goal.method, body: goal.body, headers: goal.body && form };
  return async () => {
    const { statusCode, body } = await pool.request(request);
    mustBe200(statusCode);
    return body.text();
  };
}

/** Node's own fetch() as it is; with TLS the package's, whose dispatcher takes a CA. */
async function fetchOf(goal) {
  let call = globalThis.fetch;
  let dispatcher;
  if (goal.caFile !== '') {
    const undici = await import('undici');
    call = undici.fetch;
    dispatcher = new undici.Agent({ connect: { ca: certificates(goal) }, allowH2: goal.http2 });
  }
  const options = { method: goal.method, body: goal.body, headers: goal.body && form, dispatcher };
  return async () => {
    const response = await call(goal.url, options);
    mustBe200(response.status);
    return response.text();
  };
}

async function nodeHttp(goal) {
  const http = await import(goal.caFile === '' ? 'node:http' : 'node:https');
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: goal.inFlight, ca: certificates(goal) });
  const length = goal.body && { ...form, 'content-length': goal.body.length };
  const options = { agent, method: goal.method, headers: length };
  return () =>
    new Promise((resolve, reject) => {
      const request = http.request(goal.url, options, (response) => {
        const pieces = [];
        response.on('data', (piece) => pieces.push(piece));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(pieces));
          else reject(new Error(`status ${response.statusCode}`));
        });
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(goal.body);
    });
}

async function keepAliveAgent(goal) {
  const http = await import(goal.caFile === '' ? 'node:http' : 'node:https');
  return new http.Agent({ keepAlive: true, maxFreeSockets: goal.inFlight, ca: certificates(goal) });
}

async function axios(goal) {
  const { default: library } = await import('axios');
  const agent = await keepAliveAgent(goal);
  const config = { httpAgent: agent, httpsAgent: agent, responseType: 'text', proxy: false };
  const posted = { ...config, headers: form };
  return async () => {
    const { status, data } =
      goal.body === undefined
        ? await library.get(goal.url, config)
        : await library.post(goal.url, goal.body, posted);
    mustBe200(status);
    return data;
  };
}

async function got(goal) {
  const { default: library } = await import('got');
  const agent = await keepAliveAgent(goal);
  const secure = goal.caFile !== '';
  const client = library.extend({
    agent: secure ? { https: agent } : { http: agent },
    retry: { limit: 0 },
    http2: goal.http2,
    ...(secure ? { https: { certificateAuthority: certificates(goal) } } : {}),
  });
  const options = { method: goal.method, body: goal.body, headers: goal.body && form };
  return async () => {
    const { statusCode, body } = await client(goal.url, options);
    mustBe200(statusCode);
    return body;
  };
}

/** By name: how to make it, and whether it can speak HTTP/2. */
export const RIVALS = {
  siprest: { make: siprest, http2: true },
  'undici Pool.request': { make: undiciRequest, http2: true },
  fetch: { make: fetchOf, http2: true },
  'node:http': { make: nodeHttp, http2: false },
  axios: { make: axios, http2: false },
  got: { make: got, http2: true },
};
