import { once } from 'node:events';
import net from 'node:net';
import { StreamPeer } from './stream-peer.ts';

/** A peer that speaks SIP over TCP: it accepts connections or opens one, and does what the test says and nothing by itself. */
export class TcpPeer extends StreamPeer {
  /** Listens on a port of 127.0.0.1. Closed after the test. */
  static async listen(): Promise<TcpPeer> {
    const server = net.createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = new TcpPeer(server, (server.address() as net.AddressInfo).port);
    server.on('connection', (socket) => peer.add(socket, 'end'));
    return peer;
  }

  /** Connected to a port of 127.0.0.1. Closed after the test. */
  static async connect(port: number): Promise<TcpPeer> {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    const peer = new TcpPeer(null, socket.localPort ?? 0);
    peer.add(socket, 'end');
    return peer;
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.sockets.length;
  }

  /** Says that nothing more will be sent. */
  half(): void {
    for (const socket of this.sockets) socket.end();
  }
}
