import type { OnReadOpts } from 'node:net';

/** Receives input: the first `length` bytes of a buffer that will be overwritten. */
export type Receive = (bytes: Buffer, length: number) => void;

const READ_SIZE = 65_536;
/** Shared by all sockets: one read ends before the next begins. */
const arrival = Buffer.allocUnsafeSlow(READ_SIZE);

function ignore(): void {}

/**
 * Reads a socket without its stream, into one buffer shared by all sockets. The stream would allocate 64 KiB for each
 * read, and do its own book-keeping.
 */
export class SocketReader {
  readonly onread: OnReadOpts;
  receive: Receive = ignore;

  constructor() {
    this.onread = {
      buffer: arrival,
      callback: (length) => {
        this.receive(arrival, length);
        return true;
      },
    };
  }
}
