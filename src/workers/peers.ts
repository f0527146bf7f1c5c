/**
 * The streams between the processes of a server. Each listens on a socket in a directory created for this start and
 * accessible to nobody else, and connects to the others on demand.
 */
import { unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { encodeFrame, type Frame, FrameReader } from './frames.ts';

export interface PeersOptions {
  readonly directory: string;
  readonly number: number;
  readonly count: number;
  readonly onFrame: (frame: Frame, process: number) => void;
}

export interface PeerCounts {
  sent: number;
  received: number;
  /** Frames that a process did not accept in time. */
  lost: number;
}

/** Limit on bytes that wait for a process that has died or stopped reading. */
const queueBytes = 8 * 1024 * 1024;
/** Interval of attempts to reach a restarting process, in ms of real time. */
const retryAfter = 20;

class Link {
  readonly #path: string;
  readonly #sender: number;
  readonly #counts: PeerCounts;
  #socket: Socket | null = null;
  /** A socket that failed to connect silently accepts writes until it is closed. */
  #isConnected = false;
  #queue: Buffer[] = [];
  #queued = 0;
  #isFlushing = false;
  readonly #flush = (): void => this.#write();
  #retry: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(path: string, sender: number, counts: PeerCounts) {
    this.#path = path;
    this.#sender = sender;
    this.#counts = counts;
  }

  send(frame: Buffer): void {
    if (this.#queued + (this.#socket?.writableLength ?? 0) + frame.length > queueBytes) {
      this.#counts.lost++;
      return;
    }
    this.#queue.push(frame);
    this.#queued += frame.length;
    if (this.#isFlushing) return;
    // write immediately, before other work of this turn: the receiver may already have read later messages from its sockets
    this.#isFlushing = true;
    process.nextTick(this.#flush);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#socket?.destroy();
  }

  #write(): void {
    this.#isFlushing = false;
    if (this.#queued === 0 || this.#isClosed) return;
    if (this.#socket === null) this.#connect();
    else if (this.#isConnected) {
      this.#counts.sent += this.#queue.length;
      const [first] = this.#queue;
      this.#socket.write(
        this.#queue.length === 1 && first !== undefined ? first : Buffer.concat(this.#queue, this.#queued),
      );
      this.#queue = [];
      this.#queued = 0;
    }
  }

  #connect(): void {
    if (this.#isClosed || this.#retry !== null) return;
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.once('connect', () => {
      this.#isConnected = true;
      socket.write(Buffer.from([this.#sender]));
      this.#write();
    });
    // `close` follows
    socket.on('error', () => {
      this.#isConnected = false;
    });
    socket.once('close', () => {
      this.#isConnected = false;
      this.#socket = null;
      if (this.#isClosed || this.#queued === 0) return;
      this.#retry = setTimeout(() => {
        this.#retry = null;
        this.#connect();
      }, retryAfter);
    });
  }
}

export class Peers {
  readonly counts: PeerCounts = { sent: 0, received: 0, lost: 0 };
  readonly #options: PeersOptions;
  readonly #links: readonly Link[];
  #server: Server | null = null;
  readonly #incoming = new Set<Socket>();

  constructor(options: PeersOptions) {
    this.#options = options;
    const { directory, number, count } = options;
    this.#links = Array.from(
      { length: count },
      (_, to) => new Link(pathOf(directory, to), number, this.counts),
    );
  }

  /** Starts receiving from the others. */
  async listen(): Promise<void> {
    const { directory, number } = this.#options;
    const path = pathOf(directory, number);
    try {
      unlinkSync(path); // left by the previous process with this number
    } catch {
      // missing
    }
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // of its own: otherwise the supervisor, which may hang, accepts the connections
      server.listen({ path, exclusive: true }, resolve);
    });
  }

  send(process: number, frame: Frame): void {
    this.#links[process]?.send(encodeFrame(frame));
  }

  /** Sends to all other processes. */
  broadcast(frame: Frame): void {
    const encoded = encodeFrame(frame);
    for (const [number, link] of this.#links.entries())
      if (number !== this.#options.number) link.send(encoded);
  }

  close(): void {
    for (const link of this.#links) link.close();
    for (const socket of this.#incoming) socket.destroy();
    this.#server?.close();
  }

  #accept(socket: Socket): void {
    const reader = new FrameReader();
    let from: number | null = null;
    this.#incoming.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#incoming.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      let bytes = chunk;
      if (from === null) {
        from = bytes.readUInt8(0);
        bytes = bytes.subarray(1);
      }
      const frames = reader.push(bytes);
      if (frames === null) {
        socket.destroy();
        return;
      }
      this.counts.received += frames.length;
      for (const frame of frames) this.#options.onFrame(frame, from);
    });
  }
}

const pathOf = (directory: string, number: number) => join(directory, `${number}.sock`);
