/** The queue of a process: messages on the disk and in memory, and a lane for each URL. It outlives a reload. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { busyFor, type Outcome, type RestClient, urlForLog } from '../../rest/index.ts';
import { type Host, type Log, messageOf, StateKey } from '../../runtime/index.ts';
import type { RowValues } from '../../script/index.ts';
import { every, pause, type Repetition } from '../../timers/index.ts';
import { DiskQueue } from './disk-queue.ts';
import { type Attempt, Lane } from './lane.ts';
import { type QueuedMessage, sizeOf } from './message.ts';
import type { parameters } from './parameters.ts';

/** Largest body of a message, in characters. */
const longestBody = 262_144;
const mostLanes = 1000;
const mostFiles = 1000;
/** How often the disk is tried again after a failure, and files of ended processes are looked for, in ms. */
const [lookPeriod, adoptPeriod] = [5_000, 15_000];
/** How long attempts that are under way may take when the server stops, in ms. */
const lastWait = 3_000;

const fileName = (number: number) => `${number}.queue`;
const isFileName = /^\d+\.queue$/;

/** What a Routing gives to the deliveries of its process. */
export interface DeliveryMeans {
  readonly client: RestClient;
  readonly log: Log;
}

export interface DeliveryCounts {
  delivered: number;
  failed: number;
  expired: number;
  refused: number;
}

export class Delivery {
  readonly counts: DeliveryCounts = { delivered: 0, failed: 0, expired: 0, refused: 0 };
  readonly #host: Host;
  readonly #options: RowValues<typeof parameters>;
  readonly #folder: string;
  readonly #own: DiskQueue;
  /** The files of processes that have ended. */
  readonly #adopted = new Set<DiskQueue>();
  readonly #lanes = new Map<string, Lane>();
  /** The files of adopted messages, by their ids; others are in the own one. */
  readonly #fileOf = new Map<string, DiskQueue>();
  readonly #repetitions: readonly Repetition[];
  #means: DeliveryMeans | null = null;
  #isFailing = false;
  #isFull = false;

  private constructor(host: Host, options: RowValues<typeof parameters>, folder: string, own: DiskQueue) {
    this.#host = host;
    this.#options = options;
    this.#folder = folder;
    this.#own = own;
    this.#repetitions = [
      every(host.clock, lookPeriod, () => this.#look()),
      every(host.clock, adoptPeriod, () => void this.#adopt()),
    ];
  }

  /** Opens the first file of the folder that no other process uses. Rejects if there is none. */
  static async open(host: Host, options: RowValues<typeof parameters>, folder: string): Promise<Delivery> {
    await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    for (let number = host.number; number < host.number + mostFiles; number++) {
      const own = await DiskQueue.open(join(folder, fileName(number)));
      if (own !== null) return new Delivery(host, options, folder, own);
    }
    throw new Error(`all queues of ${folder} are in use`);
  }

  get folder(): string {
    return this.#folder;
  }

  get waiting(): number {
    let sum = this.#own.size;
    for (const { size } of this.#adopted) sum += size;
    return sum;
  }

  get bytes(): number {
    let sum = this.#own.bytes;
    for (const { bytes } of this.#adopted) sum += bytes;
    return sum;
  }

  get lanes(): Iterable<readonly [url: string, lane: Lane]> {
    return this.#lanes;
  }

  /** Delivers from now on with the client and log of this Routing. */
  useMeans(means: DeliveryMeans): void {
    const isFirst = this.#means === null;
    this.#means = means;
    if (!isFirst) return;
    const { records = 0, cut = 0, skipped = 0 } = this.#own.contents ?? {};
    if (cut + skipped > 0)
      means.log.warning(`rest_queue: ${cut + skipped} bytes of ${this.#own.path} were damaged and left out`);
    if (records > 0 && this.#own.size > 0)
      means.log.notice(`rest_queue: ${this.#own.size} messages wait in ${this.#own.path}`);
    for (const message of this.#own.messages) this.#enter(message);
  }

  /** Whether these are the means in use. */
  uses(client: RestClient): boolean {
    return this.#means?.client === client;
  }

  /**
   * Queues a message: JSON, with its id as the member `id`. False, with a line in the log, if the queue is full or the
   * message too long.
   */
  post(url: string, key: string, content: Readonly<Record<string, unknown>>): boolean {
    const id = randomUUID();
    const message = { id, url, key, at: this.#host.clock.date(), body: JSON.stringify({ id, ...content }) };
    const problem = this.#refuses(message);
    if (problem !== null) {
      this.counts.refused++;
      if (!this.#isFull)
        this.#means?.log.error(`rest_queue: ${problem}: refused a message to ${urlForLog(url)}`);
      this.#isFull = true;
      return false;
    }
    this.#isFull = false;
    this.#own.add(message);
    // before it takes effect a Routing has no client; useMeans() enters what waits
    if (this.#means !== null) this.#enter(message);
    return true;
  }

  #refuses(message: QueuedMessage): string | null {
    if (message.body.length > longestBody) return `it has more than ${longestBody} characters`;
    if (this.bytes + sizeOf(message) > this.#options.max_size * 1_048_576)
      return 'the queue is full (max_size)';
    if (!this.#lanes.has(message.url) && this.#lanes.size >= mostLanes) return `more than ${mostLanes} URLs`;
    return null;
  }

  #enter(message: QueuedMessage): void {
    let lane = this.#lanes.get(message.url);
    if (lane === undefined) {
      lane = this.#openLane(message.url);
      this.#lanes.set(message.url, lane);
    }
    lane.add(message);
  }

  #openLane(url: string): Lane {
    const { concurrency, first_delay, longest_delay, lifetime } = this.#options;
    const shown = urlForLog(url);
    const lane = new Lane({
      clock: this.#host.clock,
      concurrency,
      firstDelay: first_delay,
      longestDelay: longest_delay,
      lifetime: 1000 * lifetime,
      send: (message) => this.#send(message),
      done: (message, outcome) => {
        this.counts[outcome]++;
        if (outcome === 'expired')
          this.#means?.log.error(
            `rest_queue: gave up a message to ${shown} after ${lifetime} s: ${message.body}`,
          );
        (this.#fileOf.get(message.id) ?? this.#own).remove(message);
        this.#fileOf.delete(message.id);
      },
      changed: (failure) => {
        const log = this.#means?.log;
        if (failure === null)
          log?.notice(`rest_queue: ${shown} accepts messages again; ${lane.waiting} wait`);
        else
          log?.warning(
            `rest_queue: ${shown} accepted no message: ${failure.reason}; tried again in ${Math.round(failure.delay)} ms`,
          );
      },
    });
    return lane;
  }

  async #send({ id, url, body }: QueuedMessage): Promise<Attempt> {
    const client = this.#means?.client;
    if (client === undefined) return failed('the server is starting', false);
    try {
      const outcome = await client.post(url, body, {
        contentType: 'application/json',
        headers: { 'Idempotency-Key': id },
        timeout: 1000 * this.#options.timeout,
      });
      const attempt = attemptOf(outcome, this.#host.clock.date());
      if (attempt.kind === 'failed') this.counts.failed++;
      return attempt;
    } catch (error) {
      this.counts.failed++;
      return failed(messageOf(error), true);
    }
  }

  /** Ends all waits; the number of messages. */
  retry(): number {
    for (const lane of this.#lanes.values()) lane.retry();
    return this.waiting;
  }

  #look(): void {
    const all = [this.#own, ...this.#adopted];
    for (const file of all) file.look();
    const failure = all.find((file) => file.failure !== null)?.failure ?? null;
    if (failure !== null && !this.#isFailing)
      this.#means?.log.error(
        `rest_queue: cannot write to ${this.#folder}: ${failure}; new messages wait in memory`,
      );
    if (failure === null && this.#isFailing)
      this.#means?.log.notice(`rest_queue: all messages are in ${this.#folder} again`);
    this.#isFailing = failure !== null;
    for (const file of this.#adopted)
      if (file.size === 0) {
        this.#adopted.delete(file);
        void file.finish();
      }
  }

  /** Takes over the files of processes that have ended and were not started again. */
  async #adopt(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    const known = new Set([this.#own, ...this.#adopted].map(({ path }) => path));
    for (const name of names) {
      const path = join(this.#folder, name);
      if (!isFileName.test(name) || known.has(path)) continue;
      const file = await DiskQueue.open(path).catch((error: unknown) => {
        this.#means?.log.warning(`rest_queue: cannot read ${path}: ${messageOf(error)}`);
        return null;
      });
      if (file === null) continue;
      this.#adopted.add(file);
      if (file.size > 0) this.#means?.log.notice(`rest_queue: took over ${file.size} messages of ${path}`);
      for (const message of file.messages) {
        this.#fileOf.set(message.id, file);
        this.#enter(message);
      }
    }
  }

  /** Lets attempts that are under way end, and closes the files. */
  async close(): Promise<void> {
    for (const repetition of this.#repetitions) repetition.stop();
    for (const lane of this.#lanes.values()) lane.stop();
    const until = this.#host.clock.now() + lastWait;
    while (this.#sending > 0 && this.#host.clock.now() < until) await pause(this.#host.clock, 20);
    await Promise.all([this.#own.finish(), ...[...this.#adopted].map((file) => file.finish())]);
  }

  get #sending(): number {
    let sum = 0;
    for (const { sending } of this.#lanes.values()) sum += sending;
    return sum;
  }
}

const failed = (reason: string, isOfMessage: boolean, retryAfter = 0): Attempt => ({
  kind: 'failed',
  reason,
  isOfMessage,
  retryAfter,
});

/** Any status but a 2xx is a failure: a wrong path or password is often mended, and the message was promised. */
function attemptOf(outcome: Outcome, now: number): Attempt {
  if (outcome.kind !== 'response') return failed(outcome.reason, false);
  const { status } = outcome;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  const isOfMessage = status >= 400 && status < 500 && ![401, 403, 404, 408, 425, 429].includes(status);
  return failed(`status ${status}`, isOfMessage, busyFor(outcome, now) ?? 0);
}

/** The delivery of a process; null without rest_queue. */
export const delivery = new StateKey<Host, { current: Delivery | null }>('rest_queue', () => ({
  current: null,
}));
