import type { OnReadOpts, Socket } from 'node:net';

const READ_SIZE = 65_536;
/** One read is over before the next begins, whichever socket it is for. */
const arrival = Buffer.allocUnsafeSlow(READ_SIZE);

type Read = (size?: number) => Buffer | null;

/**
 * Reads a socket past its stream: into one buffer of all sockets, from which each piece is copied. The usual
 * way costs an allocation of 64 KiB for each read and the stream's own book-keeping.
 */
export class SocketReader {
  readonly onread: OnReadOpts;
  #socket: Socket | null = null;
  #pieces: Buffer[] = [];

  constructor() {
    this.onread = {
      buffer: arrival,
      callback: (length) => {
        const piece = Buffer.allocUnsafe(length);
        arrival.copy(piece, 0, 0, length);
        this.#pieces.push(piece);
        this.#socket?.emit('readable');
        return true;
      },
    };
  }

  /** What stands in for the socket's own read from here on. */
  attach(socket: Socket): Read {
    this.#socket = socket;
    const read = socket.read.bind(socket) as Read;
    // A size is what Node asks with, at the start and at the end of the stream.
    return (size) => (size === undefined ? (this.#pieces.shift() ?? null) : read(size));
  }
}
