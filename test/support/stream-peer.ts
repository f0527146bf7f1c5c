import type { Server, Socket } from 'node:net';
import { closeLater } from './close-later.ts';

/** A peer over a stream: it collects what its connections receive, and does nothing by itself. */
export class StreamPeer<S extends Socket = Socket> {
  readonly port: number;
  /** The bytes of all its connections. */
  received = '';
  readonly sockets: S[] = [];
  readonly #server: Server | null;
  readonly #waiting = new Set<() => void>();
  #ended = 0;

  protected constructor(server: Server | null, port: number) {
    this.#server = server;
    this.port = port;
    closeLater(this);
  }

  /** `ending`: the event that counts as the end of a connection. */
  protected add(socket: S, ending: 'close' | 'end'): void {
    this.sockets.push(socket);
    socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1');
      this.look();
    });
    socket.on('error', (error: Error) => this.failed(error));
    socket.on(ending, () => {
      this.#ended++;
      this.look();
    });
  }

  /** A connection has failed, or an attempt at one. */
  protected failed(_error: Error): void {}

  protected look(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves to what was received, once that matches. */
  async sees(pattern: RegExp): Promise<string> {
    await this.until(() => pattern.test(this.received));
    return this.received;
  }

  /** Resolves once a connection has ended. */
  hasEnded(): Promise<void> {
    return this.until(() => this.#ended > 0);
  }

  /** Resolves once this holds, which is looked at after each event. */
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

  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    this.#server?.close();
  }
}
