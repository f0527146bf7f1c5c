/** The spaces of replicated values that are kept in files. */
import { FileError, KeyedLog } from '../../files/index.ts';
import type { KeptValues, StoreOperation, StoreResult } from '../../runtime/index.ts';
import { type Awaitable, type Clock, every, pause, type Repetition } from '../../timers/index.ts';
import type { ValueSpace } from './value-space.ts';

/** How long a change waits for the disk before it counts as not written, in ms. */
const writtenWithin = 1000;
/** How long to wait for a server that is about to end to close the file, in ms, and how often to look. */
const handover = { within: 3000, every: 50 };
/** How often overdue changes and failures are looked after, in ms. */
const period = 500;

interface Waiting {
  readonly since: number;
  readonly settle: (isWritten: boolean) => void;
}

/** One space with its file. */
class KeptSpace {
  readonly file: string;
  readonly opened: Promise<KeptValues>;
  readonly #clock: Clock;
  readonly #values: ValueSpace;
  readonly #waiting = new Set<Waiting>();
  readonly #sync: boolean;
  #log: KeyedLog | null = null;
  #timer: Repetition | null = null;

  constructor(clock: Clock, values: ValueSpace, file: string, sync: boolean) {
    this.file = file;
    this.#clock = clock;
    this.#values = values;
    this.#sync = sync;
    this.opened = this.#open();
  }

  get state(): StoreResult<'kept-state'> {
    const log = this.#log;
    return log === null ? null : { bytes: log.size, failure: log.failure };
  }

  async #open(): Promise<KeptValues> {
    try {
      const log = await this.#acquire();
      if (log === null) return { state: 'unkept', reason: 'another server uses it' };
      this.#log = log;
      this.#timer = every(this.#clock, period, () => this.#look(log));
      this.#values.keepBy((key, value) => this.#write(log, key, value));
      return { state: 'kept', ...log.contents };
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return { state: 'unkept', reason: error.message };
    }
  }

  async #acquire(): Promise<KeyedLog | null> {
    const values = this.#values;
    const options = {
      sync: this.#sync,
      entries: () => values.texts(),
      read: (key: string, value: string | null) => values.copy(key, value ?? undefined),
    };
    const until = this.#clock.now() + handover.within;
    for (;;) {
      const log = await KeyedLog.open(this.file, options);
      if (log !== null || this.#clock.now() >= until) return log;
      await pause(this.#clock, handover.every);
    }
  }

  #write(log: KeyedLog, key: string, value: string | null): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        since: this.#clock.now(),
        settle: (isWritten) => {
          this.#waiting.delete(waiting);
          resolve(isWritten);
        },
      };
      this.#waiting.add(waiting);
      log.set(key, value, waiting.settle);
    });
  }

  #look(log: KeyedLog): void {
    log.look();
    const overdue = this.#clock.now() - writtenWithin;
    for (const { since, settle } of this.#waiting) {
      if (since > overdue) break;
      settle(false);
    }
  }

  async close(): Promise<void> {
    await this.opened;
    this.#timer?.stop();
    await this.#log?.close();
  }
}

export class KeptSpaces {
  readonly #clock: Clock;
  readonly #spaces = new Map<string, KeptSpace>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reads the file into the values; `loaded` is called after the first time. */
  keep(
    { space, file, sync }: StoreOperation<'keep-values'>,
    values: ValueSpace,
    loaded: () => void,
  ): Promise<KeptValues> {
    const known = this.#spaces.get(space);
    if (known !== undefined)
      return known.file === file
        ? known.opened
        : Promise.resolve({ state: 'unkept', reason: `${known.file} is used until the server is restarted` });
    const kept = new KeptSpace(this.#clock, values, file, sync);
    this.#spaces.set(space, kept);
    void kept.opened.then((result) => {
      // one that could not be opened may be tried again
      if (result.state === 'kept') loaded();
      else this.#spaces.delete(space);
    });
    return kept.opened;
  }

  state(space: string): Awaitable<StoreResult<'kept-state'>> {
    return this.#spaces.get(space)?.state ?? null;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#spaces.values()].map((space) => space.close()));
  }
}
