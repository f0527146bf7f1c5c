import { connect, type Socket } from 'node:net';
import type { Clock } from '../../timers/index.ts';
import type { PacketSender } from './packet-sender.ts';

/** The most bytes that wait in a connection, also while it is established; further packets are lost. */
const mostWaiting = 1024 * 1024;
/** How long a connection may take to be established, or to accept anything, in ms. */
const longestStall = 5000;
/** After a connection has failed, packets are lost for so long before the next one is tried, in ms. */
const retryDelay = 1000;

interface Peer {
  /** Null: the connection has failed. */
  socket: Socket | null;
  /** When a connection may be tried again. */
  retryAt: number;
}

/** A connection for each collector, which is opened when it is needed and kept. */
export class TcpSender implements PacketSender {
  readonly #clock: Clock;
  readonly #peers = new Map<string, Peer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  send(packet: Buffer, address: string, port: number, done: (isSent: boolean) => void): void {
    const socket = this.#connection(address, port);
    if (socket === null || socket.writableLength + packet.length > mostWaiting) return done(false);
    socket.write(packet, (error) => done(error == null));
  }

  close(): void {
    for (const { socket } of this.#peers.values()) socket?.destroy();
    this.#peers.clear();
  }

  /** Null shortly after a failure. */
  #connection(address: string, port: number): Socket | null {
    const key = `${address} ${port}`;
    const peer = this.#peers.get(key) ?? { socket: null, retryAt: Number.NEGATIVE_INFINITY };
    this.#peers.set(key, peer);
    if (peer.socket !== null || this.#clock.now() < peer.retryAt) return peer.socket;
    const socket = connect({ host: address, port, noDelay: true });
    peer.socket = socket;
    socket.unref();
    socket.setTimeout(longestStall, () => {
      if (socket.connecting || socket.writableLength > 0) socket.destroy();
    });
    // collectors have nothing to say
    socket.resume();
    socket.on('error', () => undefined);
    socket.once('close', () => {
      peer.socket = null;
      peer.retryAt = this.#clock.now() + retryDelay;
    });
    return socket;
  }
}
