/**
 * Finds what handlers of a simulation wait for outside of its clock and network: real timers, connections, name
 * lookups, processes. Such a test would hang, or depend on the machine, so it fails and says where the wait began.
 *
 * A handler runs in an asynchronous context of its own. A hook notes the real resources that are created there, which are few or
 * none; only then a second hook learns of their ends. Work on files, and what Node computes in threads, ends by itself: the
 * simulation waits for it while its time stands still.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { HandlerWatch, type WatchedHandler } from '../routing/index.ts';
import { callerPlace } from './caller-place.ts';
import { isSimulatedFetch } from './simulated-fetch.ts';

/** A kind of real resource. */
interface RealKind {
  /** As errors name it, before its place. */
  readonly name: string;
  /** Whether the handler goes on with its first event; what stays open ends when it is closed. */
  readonly endsByEvent: boolean;
  /** What to do instead. */
  readonly instead: string;
}

const outside = 'a simulation reaches nothing outside of it: use services.on() and callee()';
const timer: RealKind = {
  name: 'a real timer set at',
  endsByEvent: true,
  instead: 'use call.sleep(), or simulate(policy, { globals: true })',
};
const connection: RealKind = { name: 'a real connection opened at', endsByEvent: false, instead: outside };
const connecting: RealKind = { ...connection, endsByEvent: true };
const lookup: RealKind = { name: 'a real name lookup begun at', endsByEvent: true, instead: outside };
const datagrams: RealKind = { ...connection, name: 'a real UDP socket opened at' };
const fetching: RealKind = {
  name: 'a real fetch() called at',
  endsByEvent: true,
  instead: 'use call.rest, or simulate(policy, { globals: true })',
};
const child: RealKind = {
  ...connection,
  name: 'a process started at',
  instead: 'no real time passes for it',
};

/** Its threads do not say when they are done. */
const compression: RealKind = {
  name: 'compression in a thread begun at',
  endsByEvent: true,
  instead: 'use gzipSync() and its like',
};

/** By the types of Node's asynchronous resources. */
const realKinds: ReadonlyMap<string, RealKind> = new Map([
  ['Timeout', timer],
  ['TCPWRAP', connection],
  ['TCPCONNECTWRAP', connecting],
  ['PIPEWRAP', connection],
  ['PIPECONNECTWRAP', connecting],
  ['TLSWRAP', connection],
  ['GETADDRINFOREQWRAP', lookup],
  ['GETNAMEINFOREQWRAP', lookup],
  ['QUERYWRAP', lookup],
  ['UDPWRAP', datagrams],
  ['ZLIB', compression],
  ['PROCESSWRAP', child],
  ['WORKER', { ...child, name: 'a worker thread started at' }],
]);

/** Work that ends by itself: on files, and in Node's threads. */
const work: ReadonlySet<string> = new Set([
  'FILEHANDLECLOSEREQ',
  'FSREQCALLBACK',
  'FSREQPROMISE',
  'CHECKPRIMEREQUEST',
  'CIPHERREQUEST',
  'DERIVEBITSREQUEST',
  'HASHREQUEST',
  'KEYGENREQUEST',
  'KEYPAIRGENREQUEST',
  'PBKDF2REQUEST',
  'RANDOMBYTESREQUEST',
  'RANDOMPRIMEREQUEST',
  'SCRYPTREQUEST',
  'SIGNREQUEST',
  'VERIFYREQUEST',
]);

/** A real resource of a handler. */
interface RealWait {
  readonly run: HandlerRun;
  /** Null for work. */
  readonly kind: RealKind | null;
  readonly place: string;
}

/** A handler under way, and the real resources that it has. */
interface HandlerRun {
  readonly handler: WatchedHandler;
  readonly watch: RealWaits;
  readonly waits: Map<number, RealWait>;
}

const runs = new AsyncLocalStorage<HandlerRun>();
/** All real resources of handlers, by their numbers. */
const waits = new Map<number, RealWait>();

const beginnings = createHook({
  init(id, type) {
    const kind = realKinds.get(type) ?? null;
    if (kind !== null || work.has(type)) note(id, kind);
  },
});

/** Costs something for each promise, and so runs only while there are real resources. */
const endings = createHook({
  before: (id) => {
    const wait = waits.get(id);
    if (wait !== undefined && wait.kind?.endsByEvent !== false) ended(id, wait);
  },
  destroy: (id) => forget(id),
});

function note(id: number, kind: RealKind | null): void {
  const run = runs.getStore();
  if (run === undefined) return;
  const wait: RealWait = { run, kind, place: kind === null ? '' : callerPlace() };
  run.waits.set(id, wait);
  waits.set(id, wait);
  endings.enable();
}

function ended(id: number, wait: RealWait): void {
  const { run, kind } = wait;
  // it was faster than the simulation by chance
  if (kind !== null && run.handler.waitsElsewhere) run.watch.refuse(run);
  forget(id);
}

function forget(id: number): void {
  waits.get(id)?.run.waits.delete(id);
  waits.delete(id);
  if (waits.size === 0) endings.disable();
}

/** Numbers of calls of fetch(), below those of Node. */
let fetches = 0;
type Fetch = typeof globalThis.fetch;
let fetchBefore: Fetch = globalThis.fetch;

/** What fetch() waits for begins later and elsewhere, in code of Node: so the call itself is noted. */
const notedFetch: Fetch = (...args) => {
  const done = fetchBefore(...args);
  if (isSimulatedFetch(fetchBefore)) return done;
  const id = --fetches;
  note(id, fetching);
  const wait = waits.get(id);
  const end = () => {
    if (wait !== undefined && waits.has(id)) ended(id, wait);
  };
  void done.then(end, end);
  return done;
};

/** How many simulations have handlers. */
let watching = 0;

function beginWatching(): void {
  if (watching++ > 0) return;
  beginnings.enable();
  // a simulation that has taken the globals meanwhile may have given this one back
  if (globalThis.fetch !== notedFetch) fetchBefore = globalThis.fetch;
  globalThis.fetch = notedFetch;
}

function endWatching(): void {
  if (--watching > 0) return;
  beginnings.disable();
  if (globalThis.fetch === notedFetch) globalThis.fetch = fetchBefore;
}

/** The handlers of a simulation. */
export class RealWaits extends HandlerWatch {
  readonly #runs = new Set<HandlerRun>();
  readonly #problems: string[] = [];
  #isWatching = false;

  override run<A, R>(handler: WatchedHandler, body: (argument: A) => R, argument: A): R {
    if (!this.#isWatching) beginWatching();
    this.#isWatching = true;
    const run: HandlerRun = { handler, watch: this, waits: new Map() };
    this.#runs.add(run);
    return runs.run(run, () => super.run(handler, body, argument));
  }

  /** Whether handlers wait for work that ends by itself. */
  get isWorking(): boolean {
    return [...this.#runs].some((run) => [...run.waits.values()].some(({ kind }) => kind === null));
  }

  /** Names the handlers that wait for something real, each once. */
  refusals(): readonly string[] {
    for (const run of this.#runs)
      if (!run.handler.isUnderWay) this.#runs.delete(run);
      else if (run.handler.waitsElsewhere) this.refuse(run);
    return this.#problems.splice(0);
  }

  /** A handler waits for the first of its resources that are real, if any; that of its own code is the one to name. */
  refuse(run: HandlerRun): void {
    const all = [...run.waits.values()].filter(({ kind }) => kind !== null);
    const { kind, place } = all.find(({ place }) => place !== '') ?? all[0] ?? { kind: null };
    if (kind === null || !this.#runs.delete(run)) return;
    const what = place === '' ? kind.name.replace(/ \S+ at$/, '') : `${kind.name} ${place}`;
    this.#problems.push(`${run.handler.title} waits for ${what}: ${kind.instead}`);
  }

  /** Ends: what handlers still wait for is of no interest. */
  close(): void {
    for (const [id, { run }] of waits) if (run.watch === this) forget(id);
    this.#runs.clear();
    if (this.#isWatching) endWatching();
    this.#isWatching = false;
  }
}
