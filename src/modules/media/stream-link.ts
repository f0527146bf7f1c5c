/** Commands over a connection that stays: each has a cookie, and answers come in any order. */
import { connect, type Socket } from 'node:net';
import {
  addressOf,
  causeOf,
  type Link,
  type LinkOptions,
  longestAnswer,
  nextCookie,
  PendingCommands,
  type Reply,
  silent,
  tooMany,
} from './link.ts';

/** The length of the first answer in a buffer; 0 while it is not whole, -1 for what is not one. */
export type AnswerLength = (received: Buffer) => number;

export class StreamLink implements Link {
  readonly #options: LinkOptions;
  readonly #lengthOf: AnswerLength;
  readonly #pending: PendingCommands;
  #socket: Socket | null = null;
  #isNaming = false;
  #isClosed = false;
  #received: Buffer = Buffer.alloc(0);

  constructor(options: LinkOptions, lengthOf: AnswerLength) {
    this.#options = options;
    this.#lengthOf = lengthOf;
    this.#pending = new PendingCommands(options.stray);
  }

  ask(command: string): Promise<Reply> {
    const { clock, timeout, tries } = this.#options;
    if (this.#pending.isFull) return Promise.resolve(tooMany);
    const cookie = nextCookie();
    const data = Buffer.from(`${cookie} ${command}`, 'latin1');
    return new Promise((resolve) => {
      const timer = clock.setTimer(timeout * tries, () =>
        this.#pending.end(cookie, silent(timeout * tries, 1)),
      );
      this.#pending.add(cookie, data, (reply) => {
        clock.clearTimer(timer);
        resolve(reply);
      });
      if (this.#socket === null) void this.#open();
      else this.#socket.write(data);
    });
  }

  async #open(): Promise<void> {
    if (this.#isNaming || this.#isClosed) return;
    this.#isNaming = true;
    const address = await addressOf(this.#options);
    this.#isNaming = false;
    if (address === null) return this.#failed(`the name ${this.#options.definition.host} has no address`);
    if (this.#isClosed) return;
    // what is written before it is connected is sent then
    const socket = connect({ host: address, port: this.#options.definition.port });
    this.#socket = socket;
    socket.unref();
    for (const data of this.#pending.texts) socket.write(data);
    socket.on('data', (data) => this.#read(data));
    socket.on('error', (error) => this.#ended(socket, causeOf(error)));
    socket.on('close', () => this.#ended(socket, 'the relay has closed the connection'));
  }

  #read(data: Buffer): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    for (;;) {
      const length = this.#lengthOf(this.#received);
      if (length < 0) return this.#failed('its answer does not follow the protocol');
      if (length === 0) break;
      this.#pending.answered(this.#received.subarray(0, length));
      this.#received = this.#received.subarray(length);
    }
    if (this.#received.length > longestAnswer)
      this.#failed(`its answer has more than ${longestAnswer} bytes`);
  }

  #ended(socket: Socket, reason: string): void {
    if (this.#socket === socket) this.#failed(reason);
  }

  #failed(reason: string): void {
    this.#socket?.destroy();
    this.#socket = null;
    this.#received = Buffer.alloc(0);
    this.#pending.endAll(reason);
  }

  close(): void {
    this.#isClosed = true;
    this.#failed('the relay is not used any more');
  }
}
