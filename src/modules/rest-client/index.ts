/**
 * The rest_client module: rest_get(), rest_post(), rest_put() and what belongs to them, on the client of
 * src/rest. Each worker has a client, so connections are not shared between workers. Source: the module's
 * documentation, section by section; vectors rest-*, async-*, params-*, trans-rest-*.
 */
import {
  type HeaderField,
  type Outcome,
  parseHeaderLine,
  percentDecode,
  percentEncode,
  RestClient,
  RestShared,
  type TlsClientDomain,
  urlForLog,
} from '../../rest/index.ts';
import {
  defineFunction,
  defineFunctions,
  defineModule,
  defineTransformations,
  type Host,
  type Request,
  type Routing,
  type Run,
  StateKey,
  type Worker,
} from '../../runtime/index.ts';
import {
  type Completion,
  defineArgument,
  definedNames,
  type Invocation,
  type VariableReference,
} from '../../script/index.ts';
import { clientDomainNames, clientTlsDomains, tlsMgmParameters } from '../tls-mgm.ts';
import { SharedConnectLock } from './connect-lock.ts';
import { clientOptions, parameters, validate } from './parameters.ts';

const moduleName = 'rest_client';

/** What `rest_append_hf()` and `rest_init_client_tls()` have said about the message's next request. */
interface NextRequest {
  headers: HeaderField[] | undefined;
  tlsDomain: TlsClientDomain | undefined;
}

const nextRequest = new StateKey<Request, NextRequest>('rest_client next request', () => ({
  headers: undefined,
  tlsDomain: undefined,
}));

/** What the workers of a process share: the connect lock, the DNS cache, TLS contexts, what is counted. */
const shared = new StateKey<Host, RestShared>(
  'rest_client shared',
  ({ store, names, memory, clock }) =>
    new RestShared({
      connectLock: new SharedConnectLock(store),
      resolver: names.resolver,
      clock,
      bodies: memory.bodies,
    }),
);

/** A script that is loaded, the first or the next, reads the CA certificates anew. */
const certificates = new StateKey<Routing, RestShared>('rest_client certificates', ({ host }) => {
  const all = host.states.get(shared);
  all.rereadCertificates();
  return all;
});

/** The clients of all workers that have asked for something. */
const clients = new StateKey<Routing, RestClient[]>('rest_client clients', () => []);

interface WorkerTransfers {
  readonly client: RestClient;
  /** `curl_timeout` in milliseconds. */
  readonly timeout: number;
  readonly limit: number;
  /** Those in the background. */
  running: number;
  /** When the warning about the limit was last logged, in ms. */
  warnedAt: number;
  /** How many warnings were left out since. */
  unwarned: number;
}

const transfers = new StateKey<Worker, WorkerTransfers>('rest_client transfers', (worker) => {
  const { routing } = worker;
  const values = routing.parameters(parameters);
  const options = clientOptions(values);
  const client = new RestClient({
    ...options,
    shared: routing.states.get(certificates),
    log: (level, message) => routing.log.log(logLevels[level], `${moduleName}: ${message}`),
  });
  routing.states.get(clients).push(client);
  routing.listeners.on('closed', () => client.close());
  return {
    client,
    timeout: options.timeout,
    limit: values.max_async_transfers,
    running: 0,
    warnedAt: Number.NEGATIVE_INFINITY,
    unwarned: 0,
  };
});

const logLevels = { debug: 4, info: 3, warning: 1, error: -1 } as const;

/** How the transfers of a process ended, and what the connections of a script's workers do now: label and count. */
export function restFigures(routing: Routing): {
  readonly transfers: Iterable<readonly [string, number]>;
  readonly connections: Iterable<readonly [string, number]>;
} {
  const transfers = [...routing.host.states.get(shared).transfers].flatMap(([host, counts]) =>
    [...counts.entries()].map(([rc, count]) => [`${host} ${rc}`, count] as const),
  );
  const connections = routing.states.get(clients).flatMap((client) => Object.entries(client.connections));
  return { transfers, connections };
}

const warningPeriod = 10_000;

/** The limit of background transfers; beyond it one is done as a blocking call, and the log says so now and then. */
function admit(run: Run): boolean {
  const own = run.worker.states.get(transfers);
  if (own.running < own.limit) return true;
  const now = run.routing.host.clock.now();
  if (now - own.warnedAt < warningPeriod) {
    own.unwarned++;
    return false;
  }
  const more = own.unwarned === 0 ? '' : ` (${own.unwarned} more since the last such line)`;
  run.log(
    1,
    `${moduleName}: worker ${run.worker.id} has ${own.limit} async transfers running, so this one blocks it${more}; raise max_async_transfers`,
  );
  own.warnedAt = now;
  own.unwarned = 0;
  return false;
}

type Reference = VariableReference<Run>;

/** One transfer, however the script waits for it. */
function transfer(
  { run, mode, background, timeout }: Invocation<Run>,
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  body: string | null,
  contentType: string | undefined,
  outputs: Outputs,
): Promise<Completion<Run>> {
  const own = run.worker.states.get(transfers);
  const next = run.request.knownState(nextRequest);
  const headers = next?.headers;
  const tlsDomain = next?.tlsDomain;
  if (next !== undefined) {
    next.headers = undefined;
    next.tlsDomain = undefined;
  }
  if (background) own.running++;
  if (run.debugs) run.log(4, `${called(run, method, url)} begins, ${mode}`);
  return own.client
    .request(method, url, {
      headers,
      holdConnectLock: background ? 'while-connecting' : 'whole',
      body: body ?? undefined,
      encoding: 'latin1',
      contentType,
      timeout: timeout === null ? undefined : Math.min(timeout * 1000, own.timeout),
      tlsDomain,
    })
    .then((outcome) => {
      if (background) own.running--;
      if (outcome.kind !== 'response')
        run.log(
          outcome.kind === 'locked' ? 3 : -1,
          `${called(run, method, url)}: ${outcome.rc}, ${outcome.reason}`,
        );
      else if (run.debugs)
        run.log(
          4,
          `${called(run, method, url)}: ${outcome.rc}, status ${outcome.status}, ${outcome.body.length} bytes in ${Math.round(outcome.times.total)} ms`,
        );
      return (target) => store(target, outcome, outputs, mode);
    });
}

/** From so many bytes on, it is asked whether the heap has room for a body as text. */
const largeBody = 65_536;

/** `opensips.cfg:12: rest_get() of http://127.0.0.1/credit`, for the log. */
function called(run: Run, method: string, url: string): string {
  return `${run.routing.place(run.position)}: rest_${method.toLowerCase()}() of ${urlForLog(url)}`;
}

interface Outputs {
  readonly body: Reference | undefined;
  readonly contentType: Reference | undefined;
  readonly status: Reference | undefined;
}

/** The status is always set; body and type where a reply was taken, be it a part (rest-get-stall, rest-get-short). */
function store(
  run: Run,
  outcome: Outcome,
  { body, contentType, status }: Outputs,
  mode: Invocation<Run>['mode'],
): number {
  status?.set(run, outcome.retcode);
  if (outcome.kind !== 'response' && outcome.kind !== 'timeout') return outcome.rc;
  const { length } = outcome.body;
  if (length >= largeBody && !run.routing.host.memory.heap.hasRoomFor(length)) {
    run.log(
      -1,
      `${run.routing.place(run.position)}: no memory for an answer of ${length} bytes; raise --max-old-space-size (NODE_OPTIONS)`,
    );
    return -10;
  }
  // a blocking call takes the body's outer white space away (rest-get-padded), an async one does not (async-chain)
  body?.set(run, mode === 'blocking' ? trimmed(outcome.body) : outcome.body.toString('latin1'));
  contentType?.set(run, outcome.contentType);
  return outcome.rc;
}

function trimmed(body: Uint8Array): string {
  let start = 0;
  let end = body.length;
  while (start < end && isSpace(body[start])) start++;
  while (end > start && isSpace(body[end - 1])) end--;
  return Buffer.from(body.buffer, body.byteOffset + start, end - start).toString('latin1');
}

const isSpace = (byte: number | undefined) =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const url = defineArgument({
  name: 'url',
  type: 'string',
  summary: 'The URL; `http` if it has no scheme.',
});
const sendBody = defineArgument({
  name: 'send_body',
  type: 'string',
  summary: 'The request body, of any size.',
});
const sendType = defineArgument({
  name: 'send_ctype',
  type: 'string',
  optional: true,
  summary:
    'Its Content-Type; default `application/x-www-form-urlencoded`. An empty one: no Content-Type. Null: -1.',
});
const output = (name: string, summary: string) =>
  defineArgument({ name, type: 'variable', optional: true, summary });
const statusOutput = output('retcode_pv', 'Gets the HTTP status; 0 when no reply arrived at all.');

const returnCodes =
  'Returns 1, -1 refused, -2 connect timeout, -3 transfer timeout (with what has arrived), -4 already connecting, -10 anything else.';

function sending(name: 'rest_post' | 'rest_put', method: 'POST' | 'PUT') {
  return defineFunction({
    name,
    arguments: [
      url,
      sendBody,
      sendType,
      { name: 'recv_body_pv', type: 'variable', summary: "Gets the reply's body." },
      output('recv_ctype_pv', "Gets the reply's Content-Type."),
      statusOutput,
    ],
    summary: `An HTTP ${method}. ${returnCodes}`,
    source: 'rest_client documentation',
    admit,
    start: (invocation, target, body, type, bodyOut, typeOut, statusOut) =>
      transfer(invocation, method, target, body, type, {
        body: bodyOut,
        contentType: typeOut,
        status: statusOut,
      }),
  });
}

const functions = defineFunctions([
  {
    name: 'rest_get',
    arguments: [
      url,
      output('body_pv', "Gets the reply's body."),
      output('ctype_pv', "Gets the reply's Content-Type."),
      statusOutput,
    ],
    summary: `An HTTP GET. ${returnCodes}`,
    source: 'rest_client documentation; body_pv may be left out as in its example 1.17',
    admit,
    start: (invocation, target, bodyOut, typeOut, statusOut) =>
      transfer(invocation, 'GET', target, null, undefined, {
        body: bodyOut,
        contentType: typeOut,
        status: statusOut,
      }),
  },
  sending('rest_post', 'POST'),
  sending('rest_put', 'PUT'),
  {
    name: 'rest_append_hf',
    arguments: [{ name: 'txt', type: 'string', summary: 'A header line, `Field: value`.' }],
    summary:
      "Adds a header to the message's next request. -1 for an invalid line: one with a line break, a name that is not a token, a field that frames the message.",
    source: 'rest_client documentation',
    run: (run, text) => {
      const line = parseHeaderLine(text);
      if (!line.ok) {
        run.complain(`rest_append_hf(): refused, ${line.reason}`);
        return -1;
      }
      const next = run.state(nextRequest);
      next.headers ??= [];
      next.headers.push(line.field);
      return 1;
    },
  },
  {
    name: 'rest_init_client_tls',
    arguments: [
      {
        name: 'tls_client_domain',
        type: 'string',
        definedBy: definedNames('tls_mgm', tlsMgmParameters, clientDomainNames),
        summary: 'A client_domain of tls_mgm.',
      },
    ],
    summary: "Uses a TLS client domain for the message's next request, once. -1 if there is no such domain.",
    source: 'rest_client documentation',
    requires: ['tls_mgm'],
    run: (run, domain) => {
      const found = run.routing.states.get(clientTlsDomains).get(domain);
      if (found === undefined) {
        run.complain(`rest_init_client_tls(): tls_mgm has no client_domain "${domain}"`);
        return -1;
      }
      run.state(nextRequest).tlsDomain = found;
      return 1;
    },
  },
]);

const transformations = defineTransformations([
  {
    name: 'rest.escape',
    arguments: [],
    summary: 'Percent-encodes all but unreserved characters (RFC 3986); null for an empty string.',
    source: 'rest_client documentation; vectors trans-rest-escape-*',
    example: ['call@example.com&safe=false', '{rest.escape}', 'call%40example.com%26safe%3Dfalse'],
    apply: (text) => (text === '' ? null : percentEncode(text, 'latin1')),
  },
  {
    name: 'rest.unescape',
    arguments: [],
    summary: 'Decodes percent-encoding; everything from an encoded NUL on is cut off.',
    source: 'rest_client documentation; vectors trans-rest-unescape-*',
    example: ['1%2B1%3D2%21', '{rest.unescape}', '1+1=2!'],
    apply: (text) => {
      if (text === '') return null;
      const decoded = percentDecode(text, 'latin1');
      const nul = decoded.indexOf('\0');
      return nul < 0 ? decoded : decoded.slice(0, nul);
    },
  },
]);

export const restClient = defineModule({
  name: moduleName,
  summary: 'Asks HTTP services: GET, POST and PUT, blocking, async and launched.',
  source: 'rest_client documentation',
  parameters,
  functions,
  transformations,
  validate,
});
