import { once } from 'node:events';
import net from 'node:net';
import { closeLater } from './close-later.ts';

/** A peer that speaks SIP over TCP: it accepts connections or opens one, and does what the test says and nothing by itself. */
export class TcpPeer {
  readonly port: number;
  /** The bytes of all its connections. */
  received = '';
  readonly #server: net.Server | null;
  readonly #sockets: net.Socket[] = [];
  readonly #waiting = new Set<() => void>();
  #ended = 0;

  private constructor(server: net.Server | null, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on a port of 127.0.0.1. Closed after the test. */
  static async listen(): Promise<TcpPeer> {
    const server = net.createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = new TcpPeer(server, (server.address() as net.AddressInfo).port);
    server.on('connection', (socket) => peer.#add(socket));
    return closeLater(peer);
  }

  /** Connected to a port of 127.0.0.1. Closed after the test. */
  static async connect(port: number): Promise<TcpPeer> {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    const peer = new TcpPeer(null, socket.localPort ?? 0);
    peer.#add(socket);
    return closeLater(peer);
  }

  #add(socket: net.Socket): void {
    this.#sockets.push(socket);
    socket.on('data', (data) => {
      this.received += data.toString('latin1');
      this.#look();
    });
    socket.on('error', () => undefined);
    socket.on('end', () => {
      this.#ended++;
      this.#look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#sockets.length;
  }

  /** Resolves to what was received, once that matches. */
  async sees(pattern: RegExp): Promise<string> {
    await this.#until(() => pattern.test(this.received));
    return this.received;
  }

  /** Resolves once the other side has closed a connection. */
  hasEnded(): Promise<void> {
    return this.#until(() => this.#ended > 0);
  }

  #until(holds: () => boolean): Promise<void> {
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
    this.#sockets.at(-1)?.write(text, 'latin1');
  }

  /** Says that nothing more will be sent. */
  half(): void {
    for (const socket of this.#sockets) socket.end();
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    this.#server?.close();
  }
}
