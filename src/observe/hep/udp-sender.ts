import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { PacketSender } from './packet-sender.ts';

/** The most bytes that wait in a socket; further packets are lost. */
const mostWaiting = 1024 * 1024;

/** Of one address family. */
interface OpenSocket {
  readonly socket: Socket;
  waiting: number;
}

export class UdpSender implements PacketSender {
  readonly #sockets = new Map<'udp4' | 'udp6', OpenSocket>();

  send(packet: Buffer, address: string, port: number, done: (isSent: boolean) => void): void {
    const sender = this.#socket(isIP(address) === 6 ? 'udp6' : 'udp4');
    if (sender.waiting > mostWaiting) return done(false);
    sender.waiting += packet.length;
    try {
      sender.socket.send(packet, port, address, (error) => {
        sender.waiting -= packet.length;
        done(error === null);
      });
    } catch {
      sender.waiting -= packet.length;
      done(false); // the socket has just been closed
    }
  }

  close(): void {
    for (const { socket } of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #socket(type: 'udp4' | 'udp6'): OpenSocket {
    const open = this.#sockets.get(type);
    if (open !== undefined) return open;
    const sender: OpenSocket = { socket: createSocket(type).unref(), waiting: 0 };
    this.#sockets.set(type, sender);
    // no descriptor, for example: the next packet tries again
    sender.socket.once('error', () => {
      if (this.#sockets.get(type) === sender) this.#sockets.delete(type);
      sender.socket.on('error', () => undefined);
      sender.socket.close();
    });
    return sender;
  }
}
