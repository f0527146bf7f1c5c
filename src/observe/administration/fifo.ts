/**
 * JSON-RPC over a FIFO: each command names the FIFO for its answer, a file of the reply directory. Source:
 * modules/mi_fifo of the manual.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../runtime/index.ts';
import { every, pause, systemClock } from '../../timers/index.ts';
import { type Channel, type ChannelOptions, written } from './channel.ts';
import { CommandStream } from './command-stream.ts';

export interface FifoOptions extends ChannelOptions {
  readonly path: string;
  /** Permissions, such as 0o660. */
  readonly mode: number;
  /** The name or number of its owner and group. Default: those of the process. */
  readonly user: string | null;
  readonly group: string | null;
  /** The directory of reply FIFOs. */
  readonly replyDirectory: string;
  readonly isPretty: boolean;
}

const run = promisify(execFile);

/** How often to check that the FIFO still exists, in ms. */
const lookAfter = 1000;
/** Time limit for the end of a command, in ms. */
const completeWithin = 5000;
/** How long a client may take to open its reply FIFO, and to read the answer, in ms. */
const [openWithin, readWithin] = [2000, 5000];
const tryAgain = 10;
/** Limits the answers that wait for their readers. */
const mostWaiting = 100;

export class Fifo implements Channel {
  readonly #options: FifoOptions;
  readonly #looking;
  #socket: Socket | null = null;
  #inode = 0;
  #waiting = 0;
  #isClosed = false;
  #isOpening = false;

  private constructor(options: FifoOptions) {
    this.#options = options;
    this.#looking = every(systemClock, lookAfter, () => void this.#lookAfter());
  }

  /** Creates the FIFO unless it exists. Rejects with an error for people. */
  static async open(options: FifoOptions): Promise<Fifo> {
    const fifo = new Fifo(options);
    try {
      await fifo.#open();
      return fifo;
    } catch (error) {
      fifo.close();
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#looking.stop();
    this.#socket?.destroy();
    if (this.#inode !== 0 && this.#inode === inodeOf(this.#options.path))
      void unlink(this.#options.path).catch(() => undefined);
  }

  async #open(): Promise<void> {
    const { path, mode, user, group } = this.#options;
    const file = lstatSync(path, { throwIfNoEntry: false });
    if (file === undefined) await run('mkfifo', ['-m', mode.toString(8), '--', path]);
    else if (!file.isFIFO()) throw new Error(`${path} is a file, not a FIFO`);
    if (user !== null || group !== null)
      await run('chown', ['--', `${user ?? ''}${group === null ? '' : `:${group}`}`, path]);
    // for writing as well, so that it never ends when a client closes it
    const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    this.#inode = fstatSync(descriptor).ino;
    const socket = new Socket({ fd: descriptor, readable: true, writable: false });
    const stream = new CommandStream(() =>
      this.#options.onError(`mi_fifo: expected ":reply_fifo:JSON" in ${path}`),
    );
    let timer: NodeJS.Timeout | null = null;
    socket.on('data', (chunk: Buffer) => {
      if (timer !== null) clearTimeout(timer);
      for (const command of stream.push(chunk)) void this.#answer(command);
      timer = stream.isOpen ? setTimeout(() => stream.clear(), completeWithin).unref() : null;
    });
    socket.on('error', (error) => this.#options.onError(`mi_fifo: ${error.message}`));
    socket.unref();
    this.#socket?.destroy();
    this.#socket = socket;
  }

  async #lookAfter(): Promise<void> {
    if (this.#isOpening || inodeOf(this.#options.path) === this.#inode) return;
    this.#isOpening = true;
    try {
      await this.#open();
      if (this.#isClosed) this.close();
    } catch (error) {
      this.#options.onError(`mi_fifo: ${messageOf(error)}`);
    } finally {
      this.#isOpening = false;
    }
  }

  async #answer({ replyTo, text }: { readonly replyTo: string; readonly text: string }): Promise<void> {
    const answer = await this.#options.answer(text);
    if (answer === null || replyTo === '' || this.#isClosed) return;
    if (replyTo.includes('/') || replyTo.includes('\0') || replyTo.startsWith('.')) {
      this.#options.onError(`mi_fifo: the reply FIFO must be a name in ${this.#options.replyDirectory}`);
      return;
    }
    if (this.#waiting >= mostWaiting) {
      this.#options.onError(`mi_fifo: ${mostWaiting} answers wait for their readers; one was dropped`);
      return;
    }
    this.#waiting++;
    try {
      await this.#reply(
        join(this.#options.replyDirectory, replyTo),
        `${written(answer, this.#options.isPretty)}\n`,
      );
    } catch (error) {
      this.#options.onError(`mi_fifo: cannot answer on ${replyTo}: ${messageOf(error)}`);
    } finally {
      this.#waiting--;
    }
  }

  /** The client opens its FIFO after it has sent the command. */
  async #reply(path: string, text: string): Promise<void> {
    const until = systemClock.now() + openWithin;
    let descriptor = openReply(path);
    while (descriptor === null) {
      if (systemClock.now() > until) throw new Error('nobody reads it');
      await pause(systemClock, tryAgain);
      descriptor = openReply(path);
    }
    const socket = new Socket({ fd: descriptor, readable: false, writable: true });
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(readWithin, () => socket.destroy(new Error('its reader is too slow')));
      socket.on('error', reject);
      socket.on('close', () => resolve());
      socket.end(text, () => socket.destroy());
    });
  }
}

/** Null while nobody reads it. */
function openReply(path: string): number | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return null;
    throw error;
  }
  if (fstatSync(descriptor).isFIFO()) return descriptor;
  closeSync(descriptor);
  throw new Error('it is not a FIFO');
}

const inodeOf = (path: string): number => lstatSync(path, { throwIfNoEntry: false })?.ino ?? 0;
