/**
 * Transfers of a script: the workers' clients, settings for a message's next request, and the handling of outcomes.
 * Each worker has its own client, so workers do not share connections. Source: the documentation of rest_client;
 * vectors rest-*, async-*.
 */
import {
  type Connect,
  type HeaderField,
  type Outcome,
  outcomeFields,
  outcomeLabel,
  outcomeText,
  type PolicyFile,
  RestClient,
  type RestClientOptions,
  RestShared,
  type TlsClientDomain,
  urlForLog,
} from '../../rest/index.ts';
import {
  type FinishedRest,
  type Host,
  HttpSpan,
  noteRest,
  type Request,
  type Routing,
  type Run,
  StateKey,
  traceStep,
  type Worker,
} from '../../runtime/index.ts';
import type { Completion, Invocation, VariableReference } from '../../script/index.ts';
import { SharedConnectLock } from './connect-lock.ts';
import { StoreHostSharing } from './host-sharing.ts';
import { clientOptions, parameters } from './parameters.ts';

export const moduleName = 'rest_client';

/** Settings for the message's next request, from functions such as `rest_append_hf()`. */
interface NextRequest {
  headers: HeaderField[] | undefined;
  tlsDomain: TlsClientDomain | undefined;
  /** Milliseconds, instead of `curl_timeout`. */
  timeout: number | undefined;
}

export const nextRequest = new StateKey<Request, NextRequest>('rest_client next request', () => ({
  headers: undefined,
  tlsDomain: undefined,
  timeout: undefined,
}));

/** Receives the outcome of each transfer, on the run that continues with it, before the output variables are set. */
export type OutcomeListener = (run: Run, url: string, outcome: Outcome) => void;

export const outcomeListeners = new StateKey<Routing, OutcomeListener[]>('rest_client outcomes', () => []);

/** Opens the connections of a process; null: node:net. */
export const restConnect = new StateKey<Host, { readonly connect: Connect | null }>(
  'rest_client connect',
  () => ({ connect: null }),
);

/** Shared by the workers of a process: the connect lock, the DNS cache, TLS contexts and counters. */
export const shared = new StateKey<Host, RestShared>(
  'rest_client shared',
  ({ store, names, memory, clock, states }) =>
    new RestShared({
      connect: states.get(restConnect).connect ?? undefined,
      connectLock: new SharedConnectLock(store),
      sharing: new StoreHostSharing(store),
      resolver: names.resolver,
      clock,
      bodies: memory.bodies,
    }),
);

/** Every load or reload of a script reads the CA certificates again. */
const certificates = new StateKey<Routing, RestShared>('rest_client certificates', ({ host }) => {
  const all = host.states.get(shared);
  all.rereadCertificates();
  return all;
});

/** The policies of hosts and targets set by rest_policy, for the clients of all workers. */
export const policyOptions = new StateKey<Routing, { current: PolicyFile }>('rest_client policies', () => ({
  current: {},
}));

/** The open clients of a process. */
export const clients = new StateKey<Host, Set<RestClient>>('rest_client clients', () => new Set());

interface WorkerTransfers {
  readonly client: RestClient;
  /** `curl_timeout` in milliseconds. */
  readonly timeout: number;
  readonly limit: number;
  /** Running background transfers. */
  running: number;
  /** When the warning about the limit was last logged, in ms. */
  warnedAt: number;
  /** The number of warnings suppressed since then. */
  unwarned: number;
}

const transfers = new StateKey<Worker, WorkerTransfers>('rest_client transfers', (worker) => {
  const { routing } = worker;
  const values = routing.parameters(parameters);
  const options = clientOptions(values);
  const client = openScriptClient(routing);
  return {
    client,
    timeout: options.timeout,
    limit: values.max_async_transfers,
    running: 0,
    warnedAt: Number.NEGATIVE_INFINITY,
    unwarned: 0,
  };
});

/** Creates a client that uses the shared state of the process and closes with the Routing. @throws RestOptionError */
export function openClient(routing: Routing, options: RestClientOptions): RestClient {
  const client = new RestClient({
    ...options,
    shared: routing.states.get(certificates),
    log: (level, message) => routing.log.log(logLevels[level], `${moduleName}: ${message}`),
  });
  const open = routing.host.states.get(clients);
  open.add(client);
  routing.listeners.closed.add(() => {
    open.delete(client);
    return client.close();
  });
  return client;
}

/** A client with the options that a script gives by the parameters of rest_client and rest_policy. */
export function openScriptClient(routing: Routing): RestClient {
  const options = clientOptions(routing.parameters(parameters));
  return openClient(routing, { ...options, ...routing.states.get(policyOptions).current });
}

const logLevels = { debug: 4, info: 3, warning: 1, error: -1 } as const;

const warningPeriod = 10_000;

/** Enforces the limit of background transfers; further ones block, with a rate-limited warning. */
export function admit(run: Run): boolean {
  const own = run.worker.states.get(transfers);
  if (own.running < own.limit) return true;
  const now = run.routing.host.clock.now();
  if (now - own.warnedAt < warningPeriod) {
    own.unwarned++;
    return false;
  }
  const more = own.unwarned === 0 ? '' : ` (${own.unwarned} more since the last such warning)`;
  run.log(
    1,
    `${moduleName}: worker ${run.worker.id} has ${own.limit} async transfers running, so this one blocks it${more}; raise max_async_transfers`,
  );
  own.warnedAt = now;
  own.unwarned = 0;
  return false;
}

type Reference = VariableReference<Run>;

/** A request, as made by a script function. */
export interface Transfer {
  /** The function, for the log. */
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  /** The Accept header unless the script has appended one. */
  readonly accept?: string | undefined;
}

/** Sets the output variables and returns the return code. */
export type Finish = (run: Run, outcome: Outcome, mode: Invocation<Run>['mode']) => number;

/** A transfer, in whichever mode the script calls it. */
export function transfer(
  { run, mode, background, timeout }: Invocation<Run>,
  request: Transfer,
  finish: Finish,
): Promise<Completion<Run>> {
  const own = run.worker.states.get(transfers);
  const next = run.request.knownState(nextRequest);
  const { method, url, body, contentType } = request;
  const headers = withAccept(request.accept, next?.headers);
  const tlsDomain = next?.tlsDomain;
  const longest = next?.timeout;
  if (next !== undefined) {
    next.headers = undefined;
    next.tlsDomain = undefined;
    next.timeout = undefined;
  }
  if (background) own.running++;
  traceStep(run.request, 'HTTP out', () => `${method} ${urlForLog(url)}`);
  if (run.debugs) run.log(4, `${called(run, request)} begins, ${mode}`);
  return own.client
    .request(method, url, {
      headers,
      holdConnectLock: background ? 'while-connecting' : 'whole',
      body,
      encoding: 'latin1',
      contentType,
      timeout: timeout === null ? longest : Math.min(timeout * 1000, longest ?? own.timeout),
      tlsDomain,
      observer: run.span === null ? undefined : new HttpSpan(run.span),
    })
    .then((outcome) => {
      if (background) own.running--;
      traceStep(run.request, 'HTTP in', () => outcomeText(outcome));
      noteRest(run.request, finished(run, request, outcome));
      if (outcome.kind !== 'response')
        run.log(
          outcome.kind === 'locked' ? 3 : -1,
          `${called(run, request)}: ${outcome.rc}, ${outcome.reason}`,
          outcomeFields(outcome),
        );
      else if (run.debugs)
        run.log(
          4,
          `${called(run, request)}: ${outcome.rc}, status ${outcome.status}, ${outcome.body.length} bytes in ${Math.round(outcome.times.total)} ms`,
          outcomeFields(outcome),
        );
      return (target) => {
        target.isStepped ||= target.request.isFollowed;
        const listeners = target.routing.states.known(outcomeListeners);
        if (listeners !== undefined) for (const heard of listeners) heard(target, url, outcome);
        return finish(target, outcome, mode);
      };
    });
}

function withAccept(
  accept: string | undefined,
  appended: readonly HeaderField[] | undefined,
): readonly HeaderField[] | undefined {
  if (accept === undefined || appended?.some(({ name }) => name.toLowerCase() === 'accept') === true)
    return appended;
  return [{ name: 'Accept', value: accept }, ...(appended ?? [])];
}

/** Bodies of at least this size, in bytes, are converted to text only if the heap has room. */
const largeBody = 65_536;

/** A transfer in the history of its request, which holds on to neither body. */
function finished(
  { routing, position }: Run,
  { name, method, url }: Transfer,
  outcome: Outcome,
): FinishedRest {
  return {
    method,
    milliseconds: outcome.times.total,
    outcome: outcomeLabel(outcome),
    answer: outcomeText(outcome),
    url: () => urlForLog(url),
    caller: () => `${name}(), ${routing.place(position).replace(/^.*\//, '')}`,
  };
}

/** `opensips.cfg:12: rest_get() of http://127.0.0.1/credit`, for the log. */
function called(run: Run, { name, url }: Transfer): string {
  return `${run.routing.place(run.position)}: ${name}() of ${urlForLog(url)}`;
}

/** The output variables of a call. */
export interface Outputs {
  readonly body?: Reference | undefined;
  readonly contentType?: Reference | undefined;
  readonly status?: Reference | undefined;
}

/** Sets the output variables. */
export const into =
  (outputs: Outputs): Finish =>
  (run, outcome, mode) =>
    store(run, outcome, outputs, mode);

/**
 * Always sets the status; sets body and type if a reply was accepted, even if incomplete (rest-get-stall,
 * rest-get-short).
 */
function store(
  run: Run,
  outcome: Outcome,
  { body, contentType, status }: Outputs,
  mode: Invocation<Run>['mode'],
): number {
  status?.set(run, outcome.retcode);
  if (outcome.kind !== 'response' && outcome.kind !== 'timeout') return outcome.rc;
  if (!hasRoom(run, outcome.body.length)) return -10;
  // a blocking call trims the body (rest-get-padded), an async one does not (async-chain)
  body?.set(run, mode === 'blocking' ? trimmed(outcome.body) : outcome.body.toString('latin1'));
  contentType?.set(run, outcome.contentType);
  return outcome.rc;
}

/** Whether the heap has room for a body as text. */
export function hasRoom(run: Run, length: number): boolean {
  if (length < largeBody || run.routing.host.memory.heap.hasRoomFor(length)) return true;
  run.log(
    -1,
    `${run.routing.place(run.position)}: not enough memory for a reply of ${length} bytes; raise --max-old-space-size (NODE_OPTIONS)`,
  );
  return false;
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
