/**
 * Where log lines leave the process: a file descriptor on which nothing blocks and whose errors are harmless. A slow
 * reader gets the lines later, up to a number of bytes; beyond, and while writing fails (a full disk, a closed reader),
 * lines are dropped and counted. Waiting for another program takes real time, whatever the host's clock.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { Backlog } from './backlog.ts';

/** Lines that were not written, by reason. */
export interface LogLosses {
  /** Writing failed: a full disk, a closed reader. */
  unwritable: number;
  /** Too many bytes wait for a slow reader. */
  backlog: number;
}

/** Limit on bytes that wait for a slow reader. */
const mostWaiting = 4 * 1024 * 1024;
/** Time until the next attempt after an error, in ms. */
const retryAfter = 100;
/** Time until the next attempt while bytes wait, in ms: the first, and the maximum. */
const [firstLook, slowestLook] = [5, 80];

/** Also tries after this many bytes within one turn of the event loop. */
const triedAfter = 64 * 1024;

const slowReader = 'its reader is too slow';

/** The form of a log: several may write to the same descriptor. */
export interface StandardErrorForm {
  /** A string of latin1 is bytes. */
  readonly encoding: 'latin1' | 'utf8';
  /** The line that tells of lost ones. */
  describe(text: string): string;
}

export class StandardError {
  readonly losses: LogLosses = { unwritable: 0, backlog: 0 };
  /** Of the log that wrote last. */
  #form: StandardErrorForm | null = null;
  #descriptor: Descriptor | null = null;
  readonly #backlog: Backlog;
  /** Why the last attempt failed. */
  #failure: string | null = null;
  #retryAt = 0;
  /** Whether the last written line is incomplete. */
  #isTorn = false;
  /** Lost lines since the last report. */
  #untold = 0;
  #look = firstLook;
  /** Bytes buffered since the last attempt to write. */
  #kept = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor() {
    this.#backlog = new Backlog(mostWaiting);
  }

  /** Writes whole lines. */
  write(lines: string, form: StandardErrorForm): void {
    const { encoding } = form;
    this.#form = form;
    if (this.#backlog.size > 0) this.#keep(Buffer.from(lines, encoding));
    else if (this.#failure === null) this.#send(lines, encoding);
    else if (performance.now() < this.#retryAt) this.#lose('unwritable', 1);
    else if (this.#resume()) this.#send(lines, encoding);
    else this.#lose('unwritable', 1);
  }

  /** Resolves when everything is written, or after `within` ms. */
  async flush(within: number): Promise<void> {
    const until = performance.now() + within;
    this.#drain();
    while (this.#backlog.size > 0 && performance.now() < until) {
      await new Promise((resolve) => {
        setTimeout(resolve, firstLook);
      });
      this.#drain();
    }
  }

  #send(lines: string, encoding: 'latin1' | 'utf8'): void {
    const written = this.#attempt(() => writeSync(this.#open(), lines, null, encoding));
    if (written === null) {
      this.#lose('unwritable', 1);
      return;
    }
    if (written === (encoding === 'latin1' ? lines.length : Buffer.byteLength(lines))) return;
    if (written > 0) this.#isTorn = true;
    this.#keep(Buffer.from(lines, encoding).subarray(written));
  }

  /** The number of written bytes; null if writing fails. */
  #attempt(write: () => number): number | null {
    try {
      const written = write();
      this.#failure = null;
      return written;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') {
        this.#failure = null;
        return 0;
      }
      this.#failure = reasons[code ?? ''] ?? message;
      this.#retryAt = performance.now() + retryAfter;
      return null;
    }
  }

  #keep(bytes: Buffer): void {
    if (!this.#backlog.append(bytes)) {
      // the rest of a partly written line is small and fits into an empty backlog
      this.#lose('backlog', 1);
      return;
    }
    this.#kept += bytes.length;
    if (this.#kept >= triedAfter) this.#drain();
    if (this.#timer === null) this.#later();
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#drain();
      if (this.#backlog.size > 0) this.#later();
    }, this.#look).unref();
  }

  #drain(): void {
    const before = this.#backlog.size;
    this.#kept = 0;
    while (this.#backlog.size > 0) {
      const bytes = this.#backlog.peek();
      const written = this.#attempt(() => writeSync(this.#open(), bytes, 0, bytes.length));
      if (written === null) {
        this.#lose('unwritable', this.#backlog.clear());
        return;
      }
      if (written === 0) break;
      this.#isTorn = bytes[written - 1] !== 0x0a;
      this.#backlog.advance(written);
    }
    this.#look = this.#backlog.size < before ? firstLook : Math.min(2 * this.#look, slowestLook);
    if (this.#backlog.size === 0 && before > 0) this.#tell(slowReader);
  }

  /** After an error: tries to write the line that reports the losses; true if that works again. */
  #resume(): boolean {
    const why = this.#failure ?? slowReader;
    if (this.#isTorn && this.#attempt(() => writeSync(this.#open(), '\n')) === null) return false;
    this.#isTorn = false;
    return this.#tell(why);
  }

  #tell(why: string): boolean {
    const lost = this.#untold;
    if (lost === 0) return true;
    this.#untold = 0;
    const text = `${lost.toLocaleString('en')} ${lost === 1 ? 'line of the log was' : 'lines of the log were'} lost: ${why}`;
    const line = this.#form?.describe(text) ?? `${text}\n`;
    const written = this.#attempt(() => writeSync(this.#open(), line, null, 'latin1'));
    if (written === null) {
      this.#untold = lost;
      return false;
    }
    if (written < line.length) {
      this.#isTorn = written > 0;
      this.#keep(Buffer.from(line, 'latin1').subarray(written));
    }
    return true;
  }

  #lose(reason: keyof LogLosses, lines: number): void {
    this.losses[reason] += lines;
    this.#untold += lines;
  }

  /** The descriptor, in non-blocking mode. */
  #open(): number {
    this.#descriptor ??= openStandardError();
    this.#descriptor.unblock?.();
    return this.#descriptor.number;
  }
}

const reasons: Readonly<Record<string, string>> = {
  EPIPE: 'nobody reads it',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is as large as it may become',
  EIO: 'input/output error',
};

interface Descriptor {
  readonly number: number;
  /** Called before each write to a shared descriptor. */
  readonly unblock?: () => void;
}

/**
 * Opens a pipe or terminal once more in non-blocking mode, which belongs to the open file, that other programs may
 * share. A socket (the journal's) cannot be opened again, so the flag is set for all of them before each write: every
 * ending process of Node.js clears it.
 */
function openStandardError(): Descriptor {
  const number = 2;
  try {
    if (isatty(number) || fstatSync(number).isFIFO()) {
      const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
      return { number: openSync(`/proc/self/fd/${number}`, flags) };
    }
  } catch {
    // another user's, or a pipe without a reader
  }
  const { stderr } = process;
  stderr.on('error', () => undefined);
  const { _handle: handle } = stderr as { _handle?: { setBlocking?(isBlocking: boolean): number } | null };
  return handle?.setBlocking === undefined
    ? { number }
    : { number, unblock: () => handle.setBlocking?.(false) };
}

let ofProcess: StandardError | null = null;

/** The output of this process. */
export function standardError(): StandardError {
  ofProcess ??= new StandardError();
  return ofProcess;
}
