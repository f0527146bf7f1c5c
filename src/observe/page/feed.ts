/** Reads the figures every two seconds, keeps five minutes of them, and sends them to open pages. */
import type { ServerResponse } from 'node:http';
import { every, systemClock } from '../../timers/index.ts';
import type { HttpStream } from '../http/endpoint.ts';
import { type PageSample, type PageStatus, sampleOf } from './sample.ts';

/** In ms. */
const period = 2000;
/** Number of samples: five minutes. */
const most = 150;
/** A page that has not read so many bytes is closed; its browser connects again. */
const mostUnread = 4 * 1024 * 1024;

export class PageFeed {
  readonly #read: () => Promise<PageStatus>;
  readonly #samples: PageSample[] = [];
  readonly #pages = new Set<ServerResponse>();
  readonly #sampling = every(systemClock, period, () => void this.#sample());
  #before: PageStatus | null = null;
  #readAt = 0;
  #isReading = false;

  constructor(read: () => Promise<PageStatus>) {
    this.#read = read;
  }

  get stream(): HttpStream {
    return {
      type: 'text/event-stream',
      open: (response) => {
        this.#pages.add(response);
        response.once('close', () => this.#pages.delete(response));
        response.write(eventText('history', this.#samples));
      },
    };
  }

  close(): void {
    this.#sampling.stop();
  }

  async #sample(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const now = await this.#read();
      const at = systemClock.now();
      if (this.#before !== null) this.#add(sampleOf(this.#before, now, (at - this.#readAt) / 1000));
      this.#before = now;
      this.#readAt = at;
    } finally {
      this.#isReading = false;
    }
  }

  #add(sample: PageSample): void {
    this.#samples.push(sample);
    if (this.#samples.length > most) this.#samples.shift();
    if (this.#pages.size === 0) return;
    const text = eventText('sample', sample);
    for (const page of this.#pages)
      if (page.writableLength > mostUnread) page.destroy();
      else page.write(text);
  }
}

const eventText = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
