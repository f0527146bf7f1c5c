import { once } from 'node:events';
import type { Socket } from 'node:net';
import tls, { type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { closeLater } from './close-later.ts';

/** A peer that speaks SIP over TLS: it accepts connections or opens one, and does nothing by itself. */
export class TlsPeer {
  readonly port: number;
  /** The bytes of all its connections. */
  received = '';
  readonly sockets: TLSSocket[] = [];
  /** Why connections failed. */
  readonly errors: string[] = [];
  readonly #server: tls.Server | null;
  readonly #waiting = new Set<() => void>();
  #ended = 0;

  private constructor(server: tls.Server | null, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on a port of 127.0.0.1. Closed after the test. */
  static async listen(options: TlsOptions): Promise<TlsPeer> {
    const server = tls.createServer(options);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = new TlsPeer(server, (server.address() as { port: number }).port);
    server.on('secureConnection', (socket) => peer.#add(socket));
    server.on('tlsClientError', (error) => peer.#failed(error));
    return closeLater(peer);
  }

  /** Connected to a port of 127.0.0.1, whatever certificate it shows. Rejects if the handshake fails. Closed after the test. */
  static async connect(port: number, options: ConnectionOptions = {}): Promise<TlsPeer> {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    const peer = new TlsPeer(null, socket.localPort ?? 0);
    peer.#add(socket);
    return closeLater(peer);
  }

  #failed(error: Error): void {
    this.errors.push(error.message);
    this.#look();
  }

  #add(socket: TLSSocket): void {
    this.sockets.push(socket);
    socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1');
      this.#look();
    });
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => {
      this.#ended++;
      this.#look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves to what was received, once that matches. */
  async sees(pattern: RegExp): Promise<string> {
    await this.until(() => pattern.test(this.received));
    return this.received;
  }

  /** Resolves once a connection is closed. */
  hasEnded(): Promise<void> {
    return this.until(() => this.#ended > 0);
  }

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** By the newest connection. */
  send(text: string): void {
    this.sockets.at(-1)?.write(text, 'latin1');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) (socket as Socket).destroy();
    this.#server?.close();
  }
}
