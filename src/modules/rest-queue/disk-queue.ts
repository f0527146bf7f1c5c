/** The messages of a file, in the order in which they were queued. */
import { unlink } from 'node:fs/promises';
import { KeyedLog, type LogContents } from '../../files/index.ts';
import { decode, encode, type QueuedMessage, sizeOf } from './message.ts';

export class DiskQueue {
  readonly path: string;
  readonly #messages = new Map<string, QueuedMessage>();
  #bytes = 0;
  #log: KeyedLog | null = null;

  private constructor(path: string) {
    this.path = path;
  }

  /** Null if another process uses the file. Rejects with a FileError. */
  static async open(path: string): Promise<DiskQueue | null> {
    const queue = new DiskQueue(path);
    queue.#log = await KeyedLog.open(path, {
      entries: () => queue.#entries(),
      read: (id, text) => {
        const message = text === null ? null : decode(id, text);
        if (message === null) queue.#forget(id);
        else queue.#keep(message);
      },
    });
    return queue.#log === null ? null : queue;
  }

  get messages(): Iterable<QueuedMessage> {
    return this.#messages.values();
  }

  get size(): number {
    return this.#messages.size;
  }

  /** In memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What was read from the file. */
  get contents(): LogContents | null {
    return this.#log?.contents ?? null;
  }

  /** Why messages are not on the disk; null if they are. */
  get failure(): string | null {
    return this.#log?.failure ?? null;
  }

  add(message: QueuedMessage): void {
    this.#keep(message);
    this.#log?.set(message.id, encode(message));
  }

  remove({ id }: QueuedMessage): void {
    this.#forget(id);
    this.#log?.set(id, null);
  }

  /** To be called every few seconds: tries the disk again after a failure. */
  look(): void {
    this.#log?.look();
  }

  close(): Promise<void> {
    return this.#log?.close() ?? Promise.resolve();
  }

  /** Closes the file and removes it, if it is empty. */
  async finish(): Promise<void> {
    if (this.size === 0) await unlink(this.path).catch(() => undefined);
    await this.close();
  }

  #keep(message: QueuedMessage): void {
    this.#forget(message.id);
    this.#messages.set(message.id, message);
    this.#bytes += sizeOf(message);
  }

  #forget(id: string): void {
    const known = this.#messages.get(id);
    if (known === undefined) return;
    this.#messages.delete(id);
    this.#bytes -= sizeOf(known);
  }

  *#entries(): Generator<readonly [id: string, text: string]> {
    for (const message of this.#messages.values()) yield [message.id, encode(message)];
  }
}
