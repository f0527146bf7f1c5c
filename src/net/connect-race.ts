/** One TCP connection to a name: races its addresses as they are found (RFC 8305). */
import { connect as netConnect, type OnReadOpts } from 'node:net';
import { Timer, type TimerWheel } from '../timers/index.ts';
import type { Connect, Wire } from './connect.ts';
import { hostAndPort, isIP } from './ip-address.ts';
import { type LookupListener, type Names, OTHER_FAMILY_DELAY } from './lookup.ts';
import { type Shortage, shortageOf } from './shortage.ts';
import type { Address } from './system-files.ts';

/**
 * Why connecting failed. `refused` includes hosts without a route; `blocked`: no address is permitted; `dns`: the name
 * has no address; `descriptors`, `ports` and `busy`: a resource of this process or the system is exhausted; `network`: anything else.
 */
export interface RaceFailure {
  readonly kind: 'refused' | 'timeout' | 'blocked' | 'dns' | 'descriptors' | 'ports' | 'busy' | 'network';
  readonly reason: string;
}

/** Reads a socket's bytes without its stream: see `onread` of `net.connect`. */
export interface OwnReader {
  readonly onread: OnReadOpts;
}

export interface RaceGoal<R extends OwnReader> {
  /** Host name or address. */
  readonly hostname: string;
  readonly port: number;
  readonly names: Names;
  /** Null: node:net. */
  readonly connect: Connect | null;
  readonly timers: TimerWheel;
  /** Called for each attempt through node:net; null: the bytes arrive as events. */
  readonly newReader: () => R | null;
  /** Closes an idle connection to free an exhausted resource; false without an idle one. */
  readonly makeRoom: (shortage: Shortage) => boolean;
  /** Why an address may not be connected to; null: it may. Null instead of the function: all may. */
  readonly refusedAddress: ((address: string) => string | null) | null;
}

export interface RaceListener<R extends OwnReader> {
  /** Called when the name has an address and connecting begins. */
  onFound(): void;
  onConnected(socket: Wire, reader: R | null): void;
  onRaceFailed(failure: RaceFailure): void;
}

/** How long an address may take before the next one is tried in parallel (RFC 8305, section 5). */
const ATTEMPT_DELAY = 250;
/** How long to wait for the other family's addresses after all of one have failed. */
const LATE_FAMILY_DELAY = 2_000;
const MAX_ADDRESSES = 16;
const KEEPALIVE_DELAY = 60_000;

/** Codes of connect(2) for a refusing or unreachable host. */
const REFUSED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

/** Reasons of failed lookups that have nothing to do with the name. */
const LOOKUP_KINDS = new Map<string, RaceFailure['kind']>([
  ['EMFILE', 'descriptors'],
  ['EBUSY', 'busy'],
]);

function ignore(): void {}

export class ConnectRace<R extends OwnReader> implements LookupListener {
  readonly #goal: RaceGoal<R>;
  readonly #listener: RaceListener<R>;
  readonly #sockets = new Set<Wire>();
  readonly #waiting: Record<4 | 6, Address[]> = { 4: [], 6: [] };
  /** The family to try next. */
  #turn: 4 | 6 = 6;
  #known = 0;
  #tried = 0;
  readonly #next = new Timer(() => this.#tryNext());
  /** Ends the wait for the other family. */
  readonly #givesUp = new Timer(() => this.#failAll());
  #lookupOver = false;
  #over = false;
  #failure: RaceFailure | null = null;
  #mayAskAgain = true;

  constructor(goal: RaceGoal<R>, listener: RaceListener<R>) {
    this.#goal = goal;
    this.#listener = listener;
  }

  start(): void {
    const { hostname, names } = this.#goal;
    const family = isIP(hostname);
    if (family === 0) {
      names.lookup(hostname, this);
      return;
    }
    this.#lookupOver = true;
    this.onAddresses([{ address: hostname, family: family === 6 ? 6 : 4 }]);
  }

  /** Cancels the race without another call to the listener. */
  cancel(): void {
    if (this.#over) return;
    if (this.#tried > 0) this.#doubt();
    this.#close();
  }

  // --- the lookup ---

  onAddresses(found: readonly Address[]): void {
    if (this.#over) return;
    const addresses = found.filter((one) => this.#isPermitted(one));
    if (addresses.length === 0) {
      // of a literal address, or of both families, none is left
      if (this.#lookupOver && this.#known === 0) this.#failAll();
      return;
    }
    const first = this.#known === 0;
    for (const one of addresses) {
      if (this.#known >= MAX_ADDRESSES) break;
      this.#known++;
      this.#waiting[one.family].push(one);
    }
    if (first) {
      this.#turn = addresses[0]?.family ?? 6;
      this.#listener.onFound();
      // RFC 8305, section 3: IPv6 gets a head start if IPv4 is resolved first
      const both = addresses.some(({ family }) => family !== this.#turn);
      if (this.#turn === 6 || both || this.#lookupOver) this.#tryNext();
      else this.#wait(OTHER_FAMILY_DELAY);
      return;
    }
    if (this.#tried === 0) this.#turn = 6;
    // a late family joins the race: at once if no attempt is running, else in its turn
    if (this.#tried === 0 || this.#sockets.size === 0) this.#tryNext();
    else if (!this.#next.running) this.#wait(ATTEMPT_DELAY);
  }

  onLookupOver(error: NodeJS.ErrnoException | null): void {
    if (this.#over) return;
    this.#lookupOver = true;
    if (this.#known > 0) {
      if (this.#tried === 0 || this.#sockets.size === 0) this.#tryNext();
      return;
    }
    const { hostname, names, makeRoom } = this.#goal;
    if (this.#failure !== null) {
      this.#failAll(); // it has addresses, but none that may be connected to
      return;
    }
    if (error?.code === 'EMFILE' && this.#mayAskAgain && makeRoom('descriptors')) {
      this.#mayAskAgain = false;
      this.#lookupOver = false;
      setImmediate(() => {
        if (!this.#over) names.lookup(hostname, this);
      });
      return;
    }
    const why = error === null ? 'no address' : (error.code ?? error.message);
    const kind = LOOKUP_KINDS.get(error?.code ?? '') ?? 'dns';
    this.#fail({ kind, reason: `the name ${hostname} does not resolve: ${why}` });
  }

  #isPermitted({ address }: Address): boolean {
    const reason = this.#goal.refusedAddress?.(address) ?? null;
    if (reason !== null) this.#failure ??= { kind: 'blocked', reason };
    return reason === null;
  }

  // --- the race ---

  #take(): Address | undefined {
    const other = this.#turn === 6 ? 4 : 6;
    const address = this.#waiting[this.#turn].shift() ?? this.#waiting[other].shift();
    if (address !== undefined) this.#turn = address.family === 6 ? 4 : 6;
    return address;
  }

  #tryNext(): void {
    if (this.#over) return;
    this.#stopTimers();
    const target = this.#take();
    if (target === undefined) {
      if (this.#sockets.size > 0) return;
      if (this.#lookupOver) this.#failAll();
      else this.#goal.timers.start(this.#givesUp, LATE_FAMILY_DELAY);
      return;
    }
    this.#attempt(target);
    if (this.#waiting[4].length + this.#waiting[6].length > 0) this.#wait(ATTEMPT_DELAY);
  }

  #attempt(target: Address): void {
    this.#tried++;
    const { connect, newReader } = this.#goal;
    const reader = connect === null ? newReader() : null;
    const socket = this.#open(target, reader);
    this.#sockets.add(socket);
    const onError = (error: NodeJS.ErrnoException): void => {
      this.#sockets.delete(socket);
      if (!this.#over) this.#onAttemptFailed(target, error);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      socket.on('error', ignore); // keeps a listener when others leave
      if (this.#over) return;
      this.#sockets.delete(socket);
      this.#close();
      this.#listener.onConnected(socket, reader);
    });
  }

  #open({ address }: Address, reader: R | null): Wire {
    const { hostname, port, connect } = this.#goal;
    if (connect !== null) return connect({ hostname, address, port });
    return netConnect({
      ...(reader === null ? {} : { onread: reader.onread }),
      host: address,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_DELAY,
    });
  }

  #onAttemptFailed(target: Address, error: NodeJS.ErrnoException): void {
    const { port, makeRoom } = this.#goal;
    const shortage = shortageOf(error.code ?? '', target.address, port);
    // repeat while there is something to close: another attempt may have taken the freed resource
    if (shortage !== null && makeRoom(shortage)) {
      this.#waiting[target.family].unshift(target);
      this.#turn = target.family;
      setImmediate(() => this.#tryNext()); // closed resources are free in the next turn of the event loop
      return;
    }
    const failure = failureOf(error, target.address, port);
    // of several failures report the most specific one: refused
    if (this.#failure === null || this.#failure.kind === 'blocked' || failure.kind === 'refused')
      this.#failure = failure;
    this.#tryNext();
  }

  // --- the end ---

  #failAll(): void {
    this.#doubt();
    this.#fail(this.#failure ?? { kind: 'dns', reason: 'no address to connect to' });
  }

  #doubt(): void {
    const { hostname, names } = this.#goal;
    if (isIP(hostname) === 0) names.doubt(hostname);
  }

  #fail(failure: RaceFailure): void {
    if (this.#over) return;
    this.#close();
    this.#listener.onRaceFailed(failure);
  }

  #close(): void {
    this.#over = true;
    this.#stopTimers();
    for (const socket of this.#sockets) discard(socket);
    this.#sockets.clear();
  }

  #wait(milliseconds: number): void {
    this.#goal.timers.start(this.#next, milliseconds);
  }

  #stopTimers(): void {
    this.#goal.timers.stop(this.#next);
    this.#goal.timers.stop(this.#givesUp);
  }
}

export function discard(socket: Wire): void {
  socket.on('error', ignore);
  socket.destroy();
}

function failureOf(error: NodeJS.ErrnoException, address: string, port: number): RaceFailure {
  const code = error.code ?? error.message;
  const where = hostAndPort(address, port);
  if (REFUSED.has(code)) return { kind: 'refused', reason: `cannot connect to ${where}: ${code}` };
  if (code === 'ETIMEDOUT') return { kind: 'timeout', reason: `${where} did not answer: ${code}` };
  const shortage = shortageOf(code, address, port);
  const kind = shortage === null ? 'network' : shortage === 'descriptors' ? 'descriptors' : 'ports';
  return { kind, reason: `connecting to ${where} failed: ${code}` };
}
