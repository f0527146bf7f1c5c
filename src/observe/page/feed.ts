/** Reads the figures, keeps five minutes of them, and sends them to open pages. */
import type { ServerResponse } from 'node:http';
import { type Clock, every, type Repetition, systemClock } from '../../timers/index.ts';
import type { HttpStream } from '../http/endpoint.ts';
import { type PageSample, type PageStatus, sampleOf, slowestOf } from './sample.ts';

/** How often the figures are read while a page is open, in ms. */
const period = 2000;
/** Of so many readings, one is made while no page is open: it costs time that calls could have. */
const unwatched = 5;
/** How far the samples reach back, in s. */
const kept = 300;
/** A page that has not read so many bytes is closed; its browser connects again. */
const mostUnread = 4 * 1024 * 1024;

export class PageFeed {
  readonly #read: () => Promise<PageStatus>;
  readonly #samples: PageSample[] = [];
  readonly #pages = new Set<ServerResponse>();
  readonly #clock: Clock;
  readonly #sampling: Repetition;
  /** Of all samples, in s. */
  #length = 0;
  #leftOut = unwatched;
  #before: PageStatus | null = null;
  /** The slowest calls, as they were sent last. */
  #slowest = eventText('slowest', []);
  #readAt = 0;
  #isReading = false;

  constructor(read: () => Promise<PageStatus>, clock: Clock = systemClock) {
    this.#read = read;
    this.#clock = clock;
    this.#sampling = every(clock, period, () => this.#look());
  }

  get stream(): HttpStream {
    return {
      type: 'text/event-stream',
      open: (response) => {
        this.#pages.add(response);
        response.once('close', () => this.#pages.delete(response));
        response.write(this.#slowest);
        response.write(eventText('history', this.#samples));
      },
    };
  }

  close(): void {
    this.#sampling.stop();
  }

  #look(): void {
    if (this.#isReading || (this.#pages.size === 0 && ++this.#leftOut < unwatched)) return;
    this.#leftOut = 0;
    void this.#sample();
  }

  async #sample(): Promise<void> {
    this.#isReading = true;
    try {
      const now = await this.#read();
      const at = this.#clock.now();
      this.#show(slowestOf(now));
      if (this.#before !== null) this.#add(sampleOf(this.#before, now, (at - this.#readAt) / 1000));
      this.#before = now;
      this.#readAt = at;
    } finally {
      this.#isReading = false;
    }
  }

  #add(sample: PageSample): void {
    this.#samples.push(sample);
    this.#length += sample.seconds;
    while (this.#length > kept) this.#length -= this.#samples.shift()?.seconds ?? this.#length;
    this.#send(eventText('sample', sample));
  }

  /** Their ladders are long, and seldom change. */
  #show(slowest: ReturnType<typeof slowestOf>): void {
    const text = eventText('slowest', slowest);
    if (text === this.#slowest) return;
    this.#slowest = text;
    this.#send(text);
  }

  #send(text: string): void {
    for (const page of this.#pages)
      if (page.writableLength > mostUnread) page.destroy();
      else page.write(text);
  }
}

const eventText = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
