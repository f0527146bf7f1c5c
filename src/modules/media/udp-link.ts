/** Commands over UDP: a lost one is sent again with its cookie, by which a relay knows that it has executed it. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { TimerHandle } from '../../timers/index.ts';
import {
  addressOf,
  causeOf,
  type Link,
  type LinkOptions,
  nextCookie,
  PendingCommands,
  type Reply,
  silent,
  tooMany,
} from './link.ts';

/** Longest payload of a datagram over IPv4. */
const longest = 65_507;

export class UdpLink implements Link {
  readonly #options: LinkOptions;
  readonly #pending: PendingCommands;
  /** Connected, so that it gets the answers of the relay only, and hears of a closed port. */
  #socket: Socket | null = null;
  #isConnected = false;
  #isNaming = false;
  #isClosed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#pending = new PendingCommands(options.stray);
  }

  ask(command: string): Promise<Reply> {
    const { clock, timeout, tries } = this.#options;
    const cookie = nextCookie();
    const data = Buffer.from(`${cookie} ${command}`, 'latin1');
    if (data.length > longest)
      return Promise.resolve({
        kind: 'refused',
        reason: `a command of ${data.length} bytes does not fit a datagram; use tcp: or http:// if the relay has it`,
      });
    if (this.#pending.isFull) return Promise.resolve(tooMany);
    return new Promise((resolve) => {
      let left = tries;
      let timer: TimerHandle | null = null;
      this.#pending.add(cookie, data, (reply) => {
        if (timer !== null) clock.clearTimer(timer);
        resolve(reply);
      });
      const next = (): void => {
        if (left-- === 0) return this.#pending.end(cookie, silent(timeout, tries));
        timer = clock.setTimer(timeout, next);
        this.#send(data);
      };
      next();
    });
  }

  #send(data: Buffer): void {
    if (this.#socket === null) void this.#open();
    else if (this.#isConnected) this.#sendBy(this.#socket, data);
  }

  #sendBy(socket: Socket, data: Buffer): void {
    socket.send(data, (error) => {
      if (error !== null) this.#ended(socket, causeOf(error));
    });
  }

  /** Everything that waits is sent once it is open. */
  async #open(): Promise<void> {
    if (this.#isNaming || this.#isClosed) return;
    this.#isNaming = true;
    const address = await addressOf(this.#options);
    this.#isNaming = false;
    if (address === null) return this.#failed(`the name ${this.#options.definition.host} has no address`);
    if (this.#isClosed) return;
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.unref();
    socket.on('error', (error) => this.#ended(socket, causeOf(error)));
    socket.on('message', (data) => this.#pending.answered(data));
    socket.connect(this.#options.definition.port, address, () => {
      if (this.#socket !== socket) return;
      this.#isConnected = true;
      for (const data of this.#pending.texts) this.#sendBy(socket, data);
    });
  }

  #ended(socket: Socket, reason: string): void {
    if (this.#socket === socket) this.#failed(reason);
  }

  /** The next command opens it again, and looks up the name again. */
  #failed(reason: string): void {
    this.#socket?.close();
    this.#socket = null;
    this.#isConnected = false;
    this.#pending.endAll(reason);
  }

  close(): void {
    this.#isClosed = true;
    this.#failed('the relay is not used any more');
  }
}
