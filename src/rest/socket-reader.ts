import type { OnReadOpts } from 'node:net';

/** Takes input: the first `length` bytes of a buffer that is filled again afterwards. */
export type Receive = (bytes: Buffer, length: number) => void;

const READ_SIZE = 65_536;
/** One read ends before the next begins, on any socket. */
const arrival = Buffer.allocUnsafeSlow(READ_SIZE);

function ignore(): void {}

/**
 * Reads a socket past its stream, into one buffer of all sockets. The usual way costs an allocation of 64 KiB for
 * each read and the stream's own book-keeping.
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
