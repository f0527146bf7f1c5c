/** One of several processes of a server: it hands messages over to those that own their transactions. */
import type { ListeningSocket } from '../runtime/index.ts';
import { branchProcess, Checksum, type SipMessage, type Transport } from '../sip/index.ts';
import { memoryBudgets } from '../timers/index.ts';
import { ConnectionDirectory } from './connection-directory.ts';
import { type Endpoint, type Frame, socketId } from './frames.ts';
import { loadSource } from './load-script.ts';
import { Peers } from './peers.ts';
import { ProcessHost } from './process-host.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';
import { RemoteConnection } from './remote-connection.ts';
import { RunningServer } from './server.ts';
import { ServerLogs } from './server-logs.ts';
import { StartError } from './start-error.ts';
import { RemoteStore } from './stores/remote-store.ts';

/** A datagram that took so long from one process to another has come again meanwhile, in ms: T2 is the longest that a client waits before it sends a request again (RFC 3261, 17.1.2.1). */
const stale = 4000;

/** `sent` is called when the message has left this process. */
type SendMessage = (message: FromProcess, sent?: () => void) => void;

export class MemberProcess {
  readonly #send: SendMessage;
  readonly #exit: (code: number) => void;
  /** From the start message on, which has the values that there are. */
  #store: RemoteStore | null = null;
  #host: ProcessHost | null = null;
  #peers: Peers | null = null;
  readonly #connections = new ConnectionDirectory();
  #server: RunningServer | null = null;
  #onEnd: (() => void) | null = null;
  #idsOf: readonly ListeningSocket[] | null = null;
  #pendingOf: readonly ListeningSocket[] | null = null;
  #socketIds: ReadonlyMap<Transport, number> = new Map();

  constructor(send: SendMessage, exit: (code: number) => void) {
    this.#send = send;
    this.#exit = exit;
  }

  receive(message: ToProcess): void {
    switch (message.kind) {
      case 'start':
        void this.#start(message);
        break;
      case 'prepare':
        void this.#reload(message.id, async (server) => server.prepare(loadSource(message.source)));
        break;
      case 'proceed':
        void this.#reload(message.id, (server) => server.proceed());
        break;
      case 'abandon':
        void this.#server?.abandon();
        break;
      case 'stop':
        this.stop(message.grace);
        break;
      case 'end':
        this.#onEnd?.();
        break;
      case 'ping':
        this.#send({ kind: 'pong' });
        break;
      case 'figures':
        if (this.#server !== null)
          this.#send({ kind: 'figures', id: message.id, figures: this.#server.figures });
        break;
      case 'store':
        this.#store?.receive(message.changes, message.answers);
    }
  }

  /** Lets calls end, then the process. */
  stop(grace?: number): void {
    const stopped = this.#server?.stop({ grace }) ?? Promise.resolve();
    void stopped.then(() => this.#exit(0));
  }

  async #start(message: Extract<ToProcess, { kind: 'start' }>): Promise<void> {
    const { number, count, directory, source, options, isFirst, values } = message;
    const memory = memoryBudgets(count);
    const store = new RemoteStore({
      send: (requests, sent) => this.#send({ kind: 'store', requests }, sent),
      memory: memory.shared,
    });
    store.receive(values, []);
    this.#store = store;
    try {
      const script = loadSource(source);
      const peers = new Peers({
        directory,
        number,
        count,
        onFrame: (frame, from) => this.#onFrame(frame, from),
      });
      const host = new ProcessHost({
        number,
        count,
        memory,
        store,
        runsStartupRoute: isFirst,
        logs: new ServerLogs(options),
        peers: peers.counts,
      });
      this.#host = host;
      this.#peers = peers;
      // before the others hear of any connection of this process
      peers.broadcast(frameOf('hello'));
      this.#server = await RunningServer.start(script, options, {
        host,
        handOver: (sip, data) => this.#handOver(sip, data),
        mayEnd: () =>
          new Promise((resolve) => {
            this.#onEnd = resolve;
            this.#send({ kind: 'drained' });
          }),
        sockets: {
          onConnection: (...about) => this.#onConnection(...about),
          elsewhere: (...wanted) => this.#elsewhere(...wanted),
        },
      });
      // until now what the others have for it waits with them
      await peers.listen();
      this.#send({ kind: 'ready', sockets: this.#server.sockets });
    } catch (error) {
      const { code, socket } = error instanceof StartError ? error : {};
      this.#send({ kind: 'failed', message: explain(error), code, socket });
      // once it has gone out
      setImmediate(() => this.#exit(1));
    }
  }

  async #reload(id: number, half: (server: RunningServer) => Promise<void>): Promise<void> {
    try {
      if (this.#server !== null) await half(this.#server);
      this.#send({ kind: 'reloaded', id, error: null, sockets: this.#server?.sockets ?? [] });
    } catch (error) {
      this.#send({ kind: 'reloaded', id, error: explain(error), sockets: [] });
    }
  }

  /**
   * A request belongs to the process that its Call-ID names, so that a retransmission, a CANCEL and an ACK find its
   * transaction; a response to the one whose number is in its branch.
   */
  #handOver(message: SipMessage, data: Uint8Array): boolean {
    const [host, peers] = [this.#host, this.#peers];
    if (host === null || peers === null) return false;
    const owner =
      message.kind === 'request'
        ? new Checksum().add(message.callId).number % host.count
        : branchProcess(message.via.branch ?? '');
    if (owner === null || owner >= host.count || owner === host.number) return false;
    const transport = message.socket?.listener ?? message.socket;
    const socket = transport === null ? undefined : this.#ids().get(transport);
    if (socket === undefined) return false;
    const { source: from } = message;
    peers.send(owner, frameOf('message', { socket, at: host.clock.date(), from, to: from, data }));
    return true;
  }

  #onFrame({ kind, socket, at, from, to, data }: Frame, process: number): void {
    const [host, peers] = [this.#host, this.#peers];
    if (host === null || peers === null) return;
    if (kind === 'hello') {
      this.#connections.forget(process);
      for (const { socket: id, peer } of this.#connections.own)
        peers.send(process, frameOf('opened', { socket: id, from: peer }));
      return;
    }
    if (kind === 'opened' || kind === 'closed') {
      this.#connections.set(process, socket, from, kind === 'opened');
      return;
    }
    const transport = this.#transportOf(socket);
    if (transport === null || this.#server === null) return;
    const connection = transport.connectionTo?.(from.address, from.port) ?? null;
    switch (kind) {
      case 'message': {
        const waited = Math.max(host.clock.date() - at, 0);
        if (!transport.reliable && waited > stale) return;
        const source = { ...from, transport: transport.protocol };
        const back = transport.reliable
          ? new RemoteConnection(transport, from, socket, process, peers)
          : transport;
        const message = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
        this.#server.receiveOwn(message, source, back, waited);
        break;
      }
      case 'send':
        if (connection !== null) connection.send(data, to.address, to.port);
        else transport.sendHere?.(data, to.address, to.port);
        break;
      case 'alias':
        connection?.alias?.(to.port);
        break;
      case 'end':
        void connection?.close();
    }
  }

  /** The others hear of each connection, so that their requests to its peer take it. */
  #onConnection(transport: Transport, address: string, port: number, isOpen: boolean): void {
    const socket = this.#ids().get(transport);
    if (socket === undefined) return;
    const from = { address, port };
    this.#connections.setOwn(socket, from, isOpen);
    this.#peers?.broadcast(frameOf(isOpen ? 'opened' : 'closed', { socket, from }));
  }

  #elsewhere(transport: Transport, address: string, port: number): Transport | null {
    const socket = this.#ids().get(transport);
    if (socket === undefined || this.#peers === null) return null;
    const peer = { address, port };
    const process = this.#connections.find(socket, peer);
    return process === null ? null : new RemoteConnection(transport, peer, socket, process, this.#peers);
  }

  #transportOf(id: number): Transport | null {
    for (const [transport, own] of this.#ids()) if (own === id) return transport;
    return null;
  }

  /** Of the open sockets. */
  #ids(): ReadonlyMap<Transport, number> {
    const sockets = this.#host?.sockets ?? [];
    const pending = this.#host?.pending ?? [];
    if (this.#idsOf !== sockets || this.#pendingOf !== pending) {
      this.#idsOf = sockets;
      this.#pendingOf = pending;
      this.#socketIds = new Map(
        [...pending, ...sockets].map(({ transport, configured }) => [transport, socketId(configured)]),
      );
    }
    return this.#socketIds;
  }
}

const nowhere: Endpoint = { address: '', port: 0 };

function frameOf(kind: Frame['kind'], parts: Partial<Frame> = {}): Frame {
  return { kind, socket: 0, at: 0, from: nowhere, to: nowhere, data: noData, ...parts };
}

const noData = new Uint8Array(0);

const explain = (error: unknown) =>
  error instanceof StartError
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
