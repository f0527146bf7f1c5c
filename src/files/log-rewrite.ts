/**
 * Writes a keyed log anew, beside the one in use: first what the user of the log has, a slice at a time, so that nothing
 * else has to wait, and whatever is appended meanwhile; the finished file then replaces the other one.
 */
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encodeEntries, firstLine, type LogEntry } from './log-format.ts';
import { reasonOf } from './regular-file.ts';
import { writeAll } from './write-all.ts';

/** Most bytes of a slice, by estimate. */
const sliceSize = 256 * 1024;

export type Rewritten =
  | { readonly file: FileHandle; readonly size: number }
  /** The file in use stays. */
  | { readonly failure: string };

export class LogRewrite {
  readonly #path: string;
  readonly #entries: Iterator<readonly [key: string, value: string]>;
  readonly #wake: () => void;
  #file: FileHandle | null = null;
  #size = 0;
  #state: 'copying' | 'syncing' | 'synced' = 'copying';
  #failure: string | null = null;

  /** @param wake called when there is something to do again */
  constructor(path: string, entries: Iterable<readonly [key: string, value: string]>, wake: () => void) {
    this.#path = path;
    this.#entries = entries[Symbol.iterator]();
    this.#wake = wake;
  }

  /** The file that is written, beside the one that it will replace. */
  static pathFor(path: string): string {
    return `${path}.new`;
  }

  /** Whether {@link goOn} has something to do. */
  get isReady(): boolean {
    return this.#state !== 'syncing' || this.#failure !== null;
  }

  /** Does the next part; null if the file is not finished. */
  async goOn(): Promise<Rewritten | null> {
    try {
      if (this.#failure !== null) return await this.#fail(this.#failure);
      const file = await this.#open();
      if (this.#state === 'copying') await this.#copy(file);
      if (this.#state !== 'synced') return null;
      // what was appended since
      await file.datasync();
      await rename(LogRewrite.pathFor(this.#path), this.#path);
      await syncFolder(dirname(this.#path));
      return { file, size: this.#size };
    } catch (error) {
      return this.#fail(reasonOf(error));
    }
  }

  /** Appends records to what is copied. */
  async write(data: Buffer): Promise<void> {
    if (this.#file === null || this.#failure !== null) return;
    try {
      await this.#append(this.#file, data);
    } catch (error) {
      this.#failure = reasonOf(error);
    }
  }

  /** Removes the unfinished file. */
  async abandon(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    await unlink(LogRewrite.pathFor(this.#path)).catch(() => undefined);
  }

  async #open(): Promise<FileHandle> {
    if (this.#file === null) {
      this.#file = await open(LogRewrite.pathFor(this.#path), 'w', 0o600);
      await this.#append(this.#file, firstLine);
    }
    return this.#file;
  }

  async #copy(file: FileHandle): Promise<void> {
    const slice: LogEntry[] = [];
    for (let size = 0; size < sliceSize; ) {
      const next = this.#entries.next();
      if (next.done === true) break;
      const [key, value] = next.value;
      slice.push({ key, value });
      size += key.length + value.length;
    }
    if (slice.length > 0) {
      await this.#append(file, encodeEntries(slice));
      return;
    }
    this.#state = 'syncing';
    // takes as long as the disk does, while the other file is written on
    void file.sync().then(
      () => {
        this.#state = 'synced';
        this.#wake();
      },
      (error: unknown) => {
        this.#failure = reasonOf(error);
        this.#wake();
      },
    );
  }

  async #append(file: FileHandle, data: Buffer): Promise<void> {
    await writeAll(file, data, this.#size);
    this.#size += data.length;
  }

  async #fail(failure: string): Promise<Rewritten> {
    await this.abandon();
    return { failure };
  }
}

/** So that the name survives a loss of power as well; some file systems cannot. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
