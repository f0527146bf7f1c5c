/**
 * Passes messages to the processes that own their transactions, receives those for this process, and sends on
 * connections of other processes.
 */
import type { Passed } from '../engine/index.ts';
import { callIdOf } from '../runtime/index.ts';
import {
  branchProcess,
  Checksum,
  type ConnectionChange,
  isFactFor,
  type SecurePeer,
  type SipMessage,
  type Source,
  TRANSPORTS,
  type Transport,
} from '../sip/index.ts';
import { sharedTime } from '../timers/index.ts';
import { ConnectionDirectory } from './connection-directory.ts';
import { type Endpoint, type Frame, frameOf } from './frames.ts';
import type { Peers } from './peers.ts';
import type { ProcessHost } from './process-host.ts';
import { RemoteConnection } from './remote-connection.ts';
import { SocketIds } from './socket-ids.ts';
import { decodeFacts, encodeFacts } from './tls-facts.ts';

type Receive = (data: Buffer, source: Source, transport: Transport, passed: Passed) => void;

/**
 * Maximum age of a datagram from another process, in ms: T2, the longest interval of retransmissions (RFC 3261,
 * 17.1.2.1).
 */
const stale = 4000;

export class HandingOver {
  readonly #host: ProcessHost;
  readonly #peers: Peers;
  readonly #receive: Receive;
  readonly #connections = new ConnectionDirectory();
  readonly #sockets: SocketIds;

  constructor(host: ProcessHost, peers: Peers, receive: Receive) {
    this.#host = host;
    this.#peers = peers;
    this.#receive = receive;
    this.#sockets = new SocketIds(host);
  }

  /** Tells the others that this process has no connections yet; they answer with theirs. */
  begin(): void {
    this.#peers.broadcast(frameOf('hello'));
  }

  /**
   * Passes a message to its process; false if that is this process. A request belongs to the process that its Call-ID
   * selects, so that retransmissions, CANCEL and ACK find its transaction; a response to the process whose number is in
   * its branch. `at`: when it was read, by the clock of the machine.
   */
  give(message: SipMessage, data: Uint8Array, at: number): boolean {
    const { number, count } = this.#host;
    const owner =
      message.kind === 'request'
        ? new Checksum().add(callIdOf(this.#host, message)).number % count
        : branchProcess(message.via.branch ?? '');
    if (owner === null || owner >= count || owner === number) return false;
    const transport = message.socket?.listener ?? message.socket;
    const socket = transport === null ? undefined : this.#sockets.idOf(transport);
    if (socket === undefined) return false;
    const { source: from } = message;
    this.#peers.send(owner, frameOf('message', { socket, at, from, to: from, data }));
    return true;
  }

  /** Handles a frame from another process. */
  take({ kind, socket, at, from, to, data }: Frame, process: number): void {
    if (kind === 'hello') return this.#greet(process);
    if (kind === 'opened') return this.#connections.set(process, socket, from, { tls: decodeFacts(data) });
    if (kind === 'closed') return this.#connections.set(process, socket, from, null);
    const transport = this.#sockets.transportOf(socket);
    if (transport === undefined) return;
    const connection = transport.connectionTo?.(from.address, from.port) ?? null;
    switch (kind) {
      case 'message': {
        const waited = Math.max(sharedTime() - at, 0);
        if (!transport.reliable && waited > stale) return;
        const back = transport.reliable ? this.#remote(transport, socket, from, process) : transport;
        const message = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
        this.#receive(message, { ...from, transport: transport.protocol }, back, { at, waited });
        break;
      }
      case 'send':
        if (connection !== null) connection.send(data, to.address, to.port);
        // a client that has closed its WebSocket cannot be connected to (RFC 7118, 5)
        else if (TRANSPORTS[transport.protocol].clientsListen)
          transport.sendHere?.(data, to.address, to.port);
        break;
      case 'keep':
        connection?.keepOpen?.(at);
        break;
      case 'alias':
        connection?.alias?.(to.port);
        break;
      case 'end':
        void connection?.close();
    }
  }

  /** Reports a connection to the others, so that their requests to its peer use it. */
  announce(transport: Transport, { address, port, isOpen, secured }: ConnectionChange): void {
    const socket = this.#sockets.idOf(transport);
    if (socket === undefined) return;
    const from = { address, port };
    if (isOpen) this.#connections.opened({ socket, peer: from, secured });
    else this.#connections.closed(socket, from);
    this.#peers.broadcast(isOpen ? openedFrame(socket, from, secured) : frameOf('closed', { socket, from }));
  }

  /** Another process's connection to a peer, or null. */
  elsewhere(transport: Transport, address: string, port: number, wanted: SecurePeer = {}): Transport | null {
    const socket = this.#sockets.idOf(transport);
    if (socket === undefined) return null;
    const peer = { address, port };
    const found = this.#connections.find(socket, peer);
    if (found === null || (found.tls !== null && !isFactFor(found.tls, wanted))) return null;
    return this.#remote(transport, socket, peer, found.process);
  }

  #remote(transport: Transport, socket: number, peer: Endpoint, process: number): RemoteConnection {
    const tls = this.#connections.find(socket, peer)?.tls ?? null;
    return new RemoteConnection(transport, { peer, socket, process, tls }, this.#peers);
  }

  /** A process has started: its earlier connections are closed, and it knows none of this process's. */
  #greet(process: number): void {
    this.#connections.forget(process);
    for (const { socket, peer, secured } of this.#connections.own)
      this.#peers.send(process, openedFrame(socket, peer, secured));
  }
}

const openedFrame = (socket: number, from: Endpoint, secured: Transport['secured']): Frame =>
  frameOf('opened', { socket, from, data: encodeFacts(secured?.facts ?? null) });
