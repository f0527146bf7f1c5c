import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls, { type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { StreamPeer } from './stream-peer.ts';

/** A peer that speaks SIP over TLS: it accepts connections or opens one, and does nothing by itself. */
export class TlsPeer extends StreamPeer<TLSSocket> {
  /** Why connections failed. */
  readonly errors: string[] = [];

  /** Listens on a port of 127.0.0.1. Closed after the test. */
  static async listen(options: TlsOptions): Promise<TlsPeer> {
    const server = tls.createServer(options);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = new TlsPeer(server, (server.address() as AddressInfo).port);
    server.on('secureConnection', (socket) => peer.add(socket, 'close'));
    server.on('tlsClientError', (error) => peer.failed(error));
    return peer;
  }

  /** Connected to a port of 127.0.0.1, whatever certificate it shows. Rejects if the handshake fails. Closed after the test. */
  static async connect(port: number, options: ConnectionOptions = {}): Promise<TlsPeer> {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    const peer = new TlsPeer(null, socket.localPort ?? 0);
    peer.add(socket, 'close');
    return peer;
  }

  protected override failed(error: Error): void {
    this.errors.push(error.message);
    this.look();
  }
}
