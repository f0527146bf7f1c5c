/** How often the live page's figures are read, and what a page gets. */
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { PageFeed } from '../../src/observe/index.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';

/** A page that is open: the events that it has got, by name. */
class Page extends EventEmitter {
  readonly writableLength = 0;
  readonly events: (readonly [name: string, data: unknown])[] = [];

  write(text: string): void {
    const [, name = '', data = ''] = /^event: (.*)\ndata: (.*)\n\n$/.exec(text) ?? [];
    this.events.push([name, JSON.parse(data)]);
  }
}

function begin() {
  const clock = new SimulatedClock();
  let readings = 0;
  const feed = new PageFeed(async () => {
    readings++;
    const total = { replies: { 200: 10 * readings } };
    return { state: 'running', processes: [], total, histograms: {} };
  }, clock);
  return {
    open(): Page {
      const page = new Page();
      feed.stream.open(page as unknown as ServerResponse);
      return page;
    },
    /** Lets seconds pass; returns how often the figures were read meanwhile. */
    async pass(seconds: number): Promise<number> {
      const before = readings;
      for (let i = 0; i < seconds; i++) {
        clock.advance(1000);
        await new Promise(setImmediate);
      }
      return readings - before;
    },
  };
}

it('reads every ten seconds while no page is open, and every two for a page', async () => {
  const { open, pass } = begin();
  expect(await pass(2)).toBe(1);
  expect(await pass(60)).toBe(6);
  const page = open();
  expect(await pass(20)).toBe(10);
  page.emit('close');
  expect(await pass(60)).toBe(6);
});

it('sends the last five minutes, then each sample with the time that it covers', async () => {
  const { open, pass } = begin();
  await pass(1000);
  const page = open();
  await pass(4);
  const [, [, history] = [], ...further] = page.events;
  expect(page.events.map(([name]) => name)).toEqual(['slowest', 'history', 'sample', 'sample']);
  expect((history as readonly unknown[]).length).toBe(30);
  expect((history as readonly unknown[])[29]).toMatchObject({ seconds: 10, replies: { '2xx': 1 } });
  expect(further.at(-1)?.[1]).toMatchObject({ seconds: 2, replies: { '2xx': 5 } });
});
