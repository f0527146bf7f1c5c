/** Queries name servers (RFC 1035) over UDP, and over TCP if an answer is too long. */

import { randomInt } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { Deadline, type TimerWheel } from '../timers/index.ts';
import {
  type DnsMessage,
  decodeAnswer,
  encodeQuestion,
  type RecordData,
  type RecordType,
} from './dns-message.ts';
import { isIP, isIPv6 } from './ip-address.ts';
import type { NameServer } from './system-files.ts';

/** How to query name servers: all of them in turn within `timeout` ms, `tries` times. */
export interface Asking {
  readonly timeout: number;
  /** At least 1. */
  readonly tries: number;
}

/** Records with their TTL in seconds, or the reason for having none (`code` is null for an answer). */
export interface DnsAnswer<T extends RecordType = RecordType> {
  readonly code: DnsFailure | null;
  readonly records: readonly RecordData[T][];
  /** NaN for a negative answer without a TTL. */
  readonly ttl: number;
}

/**
 * ENOTFOUND: the name does not exist; ENODATA: it has no such record; ETIMEOUT: no server answered in time; EMFILE:
 * no free descriptor; EBADNAME: not a valid DNS name; others: the servers failed or refused.
 */
export type DnsFailure =
  | 'ENOTFOUND'
  | 'ENODATA'
  | 'ETIMEOUT'
  | 'EMFILE'
  | 'EBADNAME'
  | 'ESERVFAIL'
  | 'EREFUSED'
  | 'EBADRESP'
  | 'ECONNREFUSED'
  | 'EBUSY';

const NO_SUCH_NAME = 3;
/** RFC 1035, 4.1.1: another server may know more after one of these. */
const REFUSALS = new Map<number, DnsFailure>([
  [2, 'ESERVFAIL'],
  [5, 'EREFUSED'],
]);
/** Limit per socket: every new socket has another source port, which an attacker has to guess. */
const MAX_ON_SOCKET = 64;
/** Limit on all pending queries. */
const MAX_UNDER_WAY = 20_000;

/** Whether this is a negative answer of the name servers. */
export const isNothing = (code: string): boolean => code === 'ENOTFOUND' || code === 'ENODATA';

export function failed(code: DnsFailure, name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${name}: ${code}`), { code });
}

const failure = (code: DnsFailure, ttl = Number.NaN): DnsAnswer => ({ code, records: [], ttl });

/** Queries name servers. */
export interface Questions {
  /** `done` is called once, never before this returns. */
  ask(
    name: string,
    type: RecordType,
    servers: readonly NameServer[],
    asking: Asking,
    done: (answer: DnsAnswer) => void,
  ): void;
}

export class DnsClient implements Questions {
  readonly #channels = new Map<string, Channel>();
  readonly timers: TimerWheel;
  #underWay = 0;

  constructor(timers: TimerWheel) {
    this.timers = timers;
  }

  ask(
    name: string,
    type: RecordType,
    servers: readonly NameServer[],
    asking: Asking,
    done: (answer: DnsAnswer) => void,
  ): void {
    if (encodeQuestion(0, name, type) === null || this.#underWay >= MAX_UNDER_WAY) {
      const code = this.#underWay >= MAX_UNDER_WAY ? 'EBUSY' : 'EBADNAME';
      queueMicrotask(() => done(failure(code)));
      return;
    }
    this.#underWay++;
    const exchange = new Exchange(this, name, type, servers, asking, (answer) => {
      this.#underWay--;
      done(answer);
    });
    exchange.begin();
  }

  /** A socket to the server with capacity for another query. */
  channel(server: NameServer): Channel {
    const key = `${server.address} ${server.port}`;
    const known = this.#channels.get(key);
    if (known?.hasRoom === true) return known;
    const channel = new Channel(server, (closed) => {
      if (this.#channels.get(key) === closed) this.#channels.delete(key);
    });
    this.#channels.set(key, channel);
    return channel;
  }
}

/** One query, until its answer or timeout. */
class Exchange extends Deadline {
  readonly name: string;
  readonly type: RecordType;
  readonly #client: DnsClient;
  readonly #servers: readonly NameServer[];
  readonly #slot: number;
  readonly #end: number;
  readonly #done: (answer: DnsAnswer) => void;
  readonly #channels = new Map<Channel, number>();
  readonly #failed = new Set<NameServer>();
  readonly #tcp = new Set<Socket>();
  #attempts: number;
  #next = 0;
  #worst: DnsFailure | null = null;
  #over = false;

  constructor(
    client: DnsClient,
    name: string,
    type: RecordType,
    servers: readonly NameServer[],
    { timeout, tries }: Asking,
    done: (answer: DnsAnswer) => void,
  ) {
    super();
    this.#client = client;
    this.name = name;
    this.type = type;
    this.#servers = servers;
    this.#slot = timeout / servers.length;
    this.#attempts = tries * servers.length;
    this.#end = client.timers.clock.now() + tries * timeout;
    this.#done = done;
  }

  begin(): void {
    this.#attempt();
  }

  #attempt(): void {
    const { timers } = this.#client;
    const now = timers.clock.now();
    let server: NameServer | undefined;
    while (server === undefined && this.#attempts > 0) {
      this.#attempts--;
      const one = this.#servers[this.#next++ % this.#servers.length];
      if (one !== undefined && !this.#failed.has(one)) server = one;
    }
    const last = this.#attempts === 0;
    timers.start(this, last ? this.#end - now : Math.min(this.#slot, this.#end - now), now);
    if (server === undefined) return;
    const channel = this.#client.channel(server);
    // on the same socket as before, repeat the same query
    const id = channel.send(this, this.#channels.get(channel));
    this.#channels.set(channel, id);
  }

  override onDeadline(): void {
    if (this.#attempts > 0) this.#attempt();
    else this.#finish(failure(this.#worst ?? 'ETIMEOUT'));
  }

  onMessage(server: NameServer, message: DnsMessage): void {
    if (this.#over) return;
    if (message.truncated) {
      this.#askByTcp(server);
      return;
    }
    const { rcode, records, ttl } = message;
    if (rcode === NO_SUCH_NAME) this.#finish(failure('ENOTFOUND', ttl));
    else if (rcode !== 0) this.onFailed(server, REFUSALS.get(rcode) ?? 'EBADRESP');
    else if (records.length === 0) this.#finish(failure('ENODATA', ttl));
    else this.#finish({ code: null, records, ttl });
  }

  /** The server will not answer: tries the next one at once. */
  onFailed(server: NameServer, code: DnsFailure): void {
    if (this.#over) return;
    this.#failed.add(server);
    // prefer an answer over a closed port, which says less
    if (this.#worst === null || code === 'EMFILE' || this.#worst === 'ECONNREFUSED') this.#worst = code;
    if (this.#failed.size >= new Set(this.#servers).size) this.#finish(failure(this.#worst));
    else if (this.#attempts > 0) this.#attempt();
  }

  #askByTcp(server: NameServer): void {
    const question = encodeQuestion(randomInt(65_536), this.name, this.type);
    if (question === null) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length);
    const socket = connect({ host: server.address, port: server.port });
    this.#tcp.add(socket);
    let received: Buffer = Buffer.alloc(0);
    const failed = (): void => {
      socket.destroy();
      if (this.#tcp.delete(socket)) this.onFailed(server, 'EBADRESP');
    };
    socket.on('error', failed);
    socket.on('close', failed);
    socket.on('data', (piece) => {
      received = received.length === 0 ? piece : Buffer.concat([received, piece]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const bytes = received.subarray(2, 2 + received.readUInt16BE(0));
      const message = decodeAnswer(bytes, this.name, this.type);
      if (message === null || message.truncated || bytes.readUInt16BE(0) !== question.readUInt16BE(0)) {
        failed();
        return;
      }
      this.#tcp.delete(socket);
      socket.destroy();
      this.onMessage(server, message);
    });
    socket.write(Buffer.concat([length, question]));
  }

  #finish(answer: DnsAnswer): void {
    this.#over = true;
    this.#client.timers.stop(this);
    for (const [channel, id] of this.#channels) channel.forget(id);
    for (const socket of this.#tcp) socket.destroy();
    this.#tcp.clear();
    this.#done(answer);
  }
}

/** A UDP socket connected to one server, with its pending queries; closed after the last one. */
class Channel {
  readonly #server: NameServer;
  readonly #onClosed: (closed: Channel) => void;
  readonly #socket: UdpSocket;
  readonly #asked = new Map<number, Exchange>();
  #waiting: Buffer[] | null = [];
  #total = 0;
  #closed = false;

  constructor(server: NameServer, onClosed: (closed: Channel) => void) {
    this.#server = server;
    this.#onClosed = onClosed;
    const { address, port } = server;
    this.#socket = createSocket({
      type: isIPv6(address) ? 'udp6' : 'udp4',
      // addresses need no getaddrinfo(), which would wait for a thread
      lookup: (literal, _options, callback) => process.nextTick(callback, null, literal, isIP(literal)),
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    this.#socket.on('message', (bytes) => this.#onMessage(bytes));
    // use the event: the callback is called after an error too
    this.#socket.once('connect', () => {
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      for (const question of waiting) this.#transmit(question);
    });
    this.#socket.connect(port, address);
  }

  get hasRoom(): boolean {
    return !this.#closed && this.#total < MAX_ON_SOCKET;
  }

  /** Sends the query, with the same ID if it was sent before; returns the ID. */
  send(exchange: Exchange, before: number | undefined): number {
    let id = before;
    if (id === undefined) {
      do id = randomInt(65_536);
      while (this.#asked.has(id));
      this.#total++;
    }
    this.#asked.set(id, exchange);
    const question = encodeQuestion(id, exchange.name, exchange.type);
    if (question === null) return id;
    if (this.#waiting === null) this.#transmit(question);
    else this.#waiting.push(question);
    return id;
  }

  #transmit(question: Buffer): void {
    if (this.#closed) return;
    this.#socket.send(question, (error) => {
      if (error !== null) this.#onError(error);
    });
  }

  forget(id: number): void {
    this.#asked.delete(id);
    if (this.#asked.size === 0) this.#close();
  }

  #onMessage(bytes: Buffer): void {
    if (bytes.length < 2) return;
    const exchange = this.#asked.get(bytes.readUInt16BE(0));
    if (exchange === undefined) return;
    const message = decodeAnswer(bytes, exchange.name, exchange.type);
    // an answer to another query may be forged, and the real one may still arrive
    if (message !== null) exchange.onMessage(this.#server, message);
  }

  #onError({ code }: NodeJS.ErrnoException): void {
    if (this.#closed) return;
    const asked = new Set(this.#asked.values());
    this.#asked.clear();
    this.#close();
    const reason = code === 'EMFILE' || code === 'ENFILE' ? 'EMFILE' : 'ECONNREFUSED';
    for (const exchange of asked) exchange.onFailed(this.#server, reason);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed(this);
    this.#socket.close();
  }
}
