/**
 * Texts by key in a file, for state that has to survive the process: each change is appended as a record, and the file is
 * written anew when most of it is out of date. A process that dies at any moment, or a machine without power, leaves a
 * file whose complete records are all read back.
 *
 * The texts themselves are in the memory of the user of the log, who gives them for each rewriting; so the log of a table,
 * of a queue or of running dialogs is the same.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, unlink } from 'node:fs/promises';
import { type FileLock, lockFile } from './file-lock.ts';
import { encodeEntries, firstLine, type LogEntry, largestRecord, readRecords } from './log-format.ts';
import { LogRewrite } from './log-rewrite.ts';
import { FileError, kindOf, reasonOf } from './regular-file.ts';
import { writeAll } from './write-all.ts';

export interface KeyedLogOptions {
  /** All current entries, for rewriting the file. They may change while they are iterated, as those of a Map may. */
  readonly entries: () => Iterable<readonly [key: string, value: string]>;
  /** Called for each record of the file, in order; a value of null deletes its key. */
  readonly read: (key: string, value: string | null) => void;
  /**
   * Whether an entry is written only once it is on the disk, which survives a loss of power; otherwise once the system
   * has it, which survives the end of the process. Entries that come meanwhile share one fsync. Default false.
   */
  readonly sync?: boolean;
}

/** What a log found in its file. */
export interface LogContents {
  readonly records: number;
  /** Bytes of an incomplete record at the end, which were cut off. */
  readonly cut: number;
  /** Damaged bytes elsewhere, which were left out. */
  readonly skipped: number;
}

interface Pending extends LogEntry {
  readonly done: ((isWritten: boolean) => void) | undefined;
}

/** Most bytes that wait for the disk. */
const mostWaiting = 32 * 1024 * 1024;
/** Size of a waiting entry without its texts. */
const overhead = 64;
/** How much a file may grow before it is rewritten, however small it is. */
const slack = 4 * 1024 * 1024;

const endOfTurn = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve);
  });

export class KeyedLog {
  readonly path: string;
  readonly contents: LogContents;
  readonly #entries: KeyedLogOptions['entries'];
  readonly #sync: boolean;
  readonly #lock: FileLock;
  #file: FileHandle;
  #size: number;
  /** When the file was rewritten last, or a guess of what that would give. */
  #sizeThen: number;
  #waiting: Pending[] = [];
  #waitingBytes = 0;
  #work: Promise<void> | null = null;
  #rewrite: LogRewrite | null = null;
  #failure: string | null = null;
  #isClosed = false;

  private constructor(
    path: string,
    { entries, sync = false }: KeyedLogOptions,
    [file, lock]: readonly [FileHandle, FileLock],
    [contents, size]: readonly [LogContents, number],
  ) {
    this.path = path;
    this.contents = contents;
    this.#entries = entries;
    this.#sync = sync;
    this.#file = file;
    this.#lock = lock;
    this.#size = size;
    this.#sizeThen = size;
  }

  /**
   * Opens a file, creating it if there is none, and reads it. Null if another server uses it. Rejects with a {@link FileError}
   * if it cannot be opened, or if it is another kind of file, which stays as it is.
   */
  static async open(path: string, options: KeyedLogOptions): Promise<KeyedLog | null> {
    let lock: FileLock | null = null;
    let file: FileHandle | null = null;
    try {
      const target = await realpath(path).catch(() => path);
      lock = await lockFile(target);
      if (lock === null) return null;
      // without O_NONBLOCK opening a FIFO waits for a reader
      const { O_RDWR, O_CREAT, O_NONBLOCK } = constants;
      file = await open(target, O_RDWR | O_CREAT | O_NONBLOCK, 0o600);
      const stats = await file.stat();
      await checkKind(file, stats);
      // of a rewriting that was not finished
      await unlink(LogRewrite.pathFor(target)).catch(() => undefined);
      const known = new Set<string>();
      const { records, end, skipped } = readRecords(file.fd, firstLine.length, stats.size, (key, value) => {
        if (value === null) known.delete(key);
        else known.add(key);
        options.read(key, value);
      });
      if (stats.size < firstLine.length) await file.write(firstLine, 0, firstLine.length, 0);
      const cut = Math.max(0, stats.size - end);
      if (cut > 0) await file.truncate(end);
      const log = new KeyedLog(target, options, [file, lock], [{ records, cut, skipped }, end]);
      log.#sizeThen = (end * known.size) / Math.max(1, records);
      return log;
    } catch (error) {
      await file?.close();
      lock?.release();
      throw error instanceof FileError ? error : new FileError(reasonOf(error), { cause: error });
    }
  }

  /** In bytes, without what waits. */
  get size(): number {
    return this.#size;
  }

  /** Why the file is not up to date; null if it is. */
  get failure(): string | null {
    return this.#failure;
  }

  /**
   * Stores a text under a key; null deletes it. `done` is called when the entry is written, or with false when it cannot be:
   * it is then written by the rewriting that ends the failure.
   */
  set(key: string, value: string | null, done?: (isWritten: boolean) => void): void {
    const bytes = overhead + key.length + (value?.length ?? 0);
    const isTooLarge = 3 * bytes > largestRecord;
    if (this.#isClosed || isTooLarge || this.#waitingBytes + bytes > mostWaiting) {
      if (!this.#isClosed && !isTooLarge) this.#failure ??= 'the disk is too slow';
      done?.(false);
      return;
    }
    this.#waiting.push({ key, value, done });
    this.#waitingBytes += bytes;
    this.#wake();
  }

  /** To be called every few seconds: tries again after a failure. */
  look(): void {
    if (this.#failure !== null) this.#startRewriting();
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#work !== null) await this.#work;
    await this.#rewrite?.abandon();
    await this.#file.close();
    this.#lock.release();
  }

  get #hasWork(): boolean {
    return this.#waiting.length > 0 || (!this.#isClosed && this.#rewrite?.isReady === true);
  }

  #wake(): void {
    this.#work ??= this.#run().finally(() => {
      this.#work = null;
      if (this.#hasWork) this.#wake();
    });
  }

  async #run(): Promise<void> {
    // what one turn of the event loop appends is one write
    await endOfTurn();
    do {
      await this.#writeWaiting();
      if (this.#size > 2 * this.#sizeThen + slack) this.#startRewriting();
      await this.#goOnRewriting();
    } while (this.#hasWork);
  }

  async #writeWaiting(): Promise<void> {
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const data = encodeEntries(group);
    const isWritten = this.#failure === null && (await this.#write(data));
    for (const { done } of group) done?.(isWritten);
    await this.#rewrite?.write(data);
  }

  async #write(data: Buffer): Promise<boolean> {
    try {
      await writeAll(this.#file, data, this.#size);
      if (this.#sync) await this.#file.datasync();
      this.#size += data.length;
      return true;
    } catch (error) {
      this.#failure = reasonOf(error);
      // half a record would be read as damage
      await this.#file.truncate(this.#size).catch(() => undefined);
      return false;
    }
  }

  #startRewriting(): void {
    if (this.#rewrite !== null || this.#isClosed) return;
    this.#rewrite = new LogRewrite(this.path, this.#entries(), () => this.#wake());
    this.#wake();
  }

  /** Copies the next entries, or puts the finished file in place of this one. */
  async #goOnRewriting(): Promise<void> {
    const rewrite = this.#rewrite;
    if (rewrite === null) return;
    const next = await rewrite.goOn();
    if (next === null) return;
    this.#rewrite = null;
    if ('failure' in next) {
      // the file in use goes on, and grows; not at once again
      this.#sizeThen = this.#size;
      return;
    }
    await this.#file.close().catch(() => undefined);
    this.#file = next.file;
    this.#size = next.size;
    this.#sizeThen = next.size;
    this.#failure = null;
  }
}

/** Refuses anything but an empty file, or one that begins as a log. */
async function checkKind(file: FileHandle, stats: Stats): Promise<void> {
  const kind = kindOf(stats);
  if (kind !== null) throw new FileError(`it is ${kind}`);
  const size = Math.min(stats.size, firstLine.length);
  const { buffer } = await file.read(Buffer.alloc(size), 0, size, 0);
  if (!buffer.equals(firstLine.subarray(0, size)))
    throw new FileError('it is another kind of file, which siprest does not overwrite');
}
