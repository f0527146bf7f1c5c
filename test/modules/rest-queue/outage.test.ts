/** A service that takes records badly: down for an hour, slow, failing, or forgetful. The clock is simulated. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Delivery } from '../../../src/modules/rest-queue/delivery.ts';
import type { RestClient } from '../../../src/rest/index.ts';
import type { Host, Log } from '../../../src/runtime/index.ts';
import { SimulatedClock } from '../../../src/timers/index.ts';
import { closeLater } from '../../support/close-later.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';

type Answer = { readonly kind: string; readonly status?: number; readonly reason?: string };

const refused: Answer = { kind: 'refused', reason: 'connection refused' };
const timedOut: Answer = { kind: 'timeout', reason: 'no answer in time' };
const status = (number: number) => ({ kind: 'response', status: number, header: () => undefined });

const options = {
  folder: '',
  max_size: 64,
  lifetime: 259_200,
  timeout: 10,
  first_delay: 1000,
  longest_delay: 60_000,
  concurrency: 10,
} as unknown as Parameters<typeof Delivery.open>[1];

interface Seen {
  readonly id: string;
  readonly key: string;
  readonly n: number;
}

/** A queue whose service answers as told; it is given back with what the service has seen, and what it has accepted. */
async function bench(answer: (seen: Seen) => Answer | Promise<Answer>, folder = temporaryFolder('queue')) {
  const clock = new SimulatedClock(1_800_000_000_000);
  const seen: Seen[] = [];
  const accepted: Seen[] = [];
  const log: string[] = [];
  const client = {
    post: async (_: string, body: string, { headers }: { headers: Record<string, string> }) => {
      const one = JSON.parse(body) as Seen;
      expect(headers['Idempotency-Key']).toBe(one.id);
      seen.push(one);
      const outcome = await answer(one);
      if (outcome.status === 204) accepted.push(one);
      return outcome;
    },
  } as unknown as RestClient;
  const note = (text: string) => log.push(text);
  const delivery = await Delivery.open({ clock, number: 0 } as unknown as Host, options, join(folder, 'q'));
  closeLater({
    close: async () => {
      const closed = delivery.close();
      clock.advance(10_000);
      await closed;
    },
  });
  delivery.useMeans({ client, log: { error: note, warning: note, notice: note } as unknown as Log });
  let count = 0;
  const post = (key: string) => {
    count++;
    expect(delivery.post('http://cdr.example/', key, { key, n: count })).toBe(true);
  };
  /** In steps, so that what is sent meanwhile is answered. */
  const pass = async (milliseconds: number, step = 10_000) => {
    for (let passed = 0; passed < milliseconds; passed += step) {
      clock.advance(Math.min(step, milliseconds - passed));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, delivery, seen, accepted, log, post, pass };
}

const perCall = (records: readonly Seen[]) => {
  const calls = new Map<string, number[]>();
  for (const { key, n } of records) calls.set(key, [...(calls.get(key) ?? []), n]);
  return calls;
};

test('after an hour of outage every record arrives once, in the order of its call', async () => {
  let isDown = true;
  const { delivery, seen, accepted, log, post, pass } = await bench(() => (isDown ? refused : status(204)));
  for (let minute = 0; minute < 60; minute++) {
    for (const call of ['a', 'b', 'c']) post(`${call}${minute % 10}`);
    await pass(60_000);
  }
  expect([accepted.length, delivery.waiting]).toEqual([0, 180]);
  // it is not asked more often than once a minute or so
  expect(seen.length).toBeLessThan(100);
  isDown = false;
  await pass(180_000);
  await until(() => delivery.waiting === 0);
  expect(accepted).toHaveLength(180);
  expect(new Set(accepted.map(({ id }) => id)).size).toBe(180);
  for (const numbers of perCall(accepted).values())
    expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));
  expect(log.filter((line) => line.includes('accepted no message'))).toHaveLength(1);
  expect(log.at(-1)).toContain('accepts messages again');
});

test.each([
  ['answers 500', () => status(500)],
  ['answers 404', () => status(404)],
  ['is too slow', () => timedOut],
])('a service that %s for a while gets all records later', async (_, failing) => {
  let attempts = 0;
  const { delivery, accepted, post, pass } = await bench(() => (++attempts < 8 ? failing() : status(204)));
  for (const call of ['a', 'b', 'a', 'b']) post(call);
  await pass(600_000);
  expect(delivery.waiting).toBe(0);
  const calls = perCall(accepted);
  expect([calls.get('a'), calls.get('b')]).toEqual([
    [1, 3],
    [2, 4],
  ]);
});

test('a slow service holds up nobody else, and no more than `concurrency` records are with it', async () => {
  const held: (() => void)[] = [];
  const { delivery, seen, post, pass } = await bench(
    () => new Promise((resolve) => held.push(() => resolve(status(204)))),
  );
  for (let i = 0; i < 30; i++) post(`call${i}`);
  await pass(1000);
  expect(seen).toHaveLength(10);
  for (let i = 0; i < 30; i++) {
    held[i]?.();
    await pass(10);
  }
  expect(delivery.waiting).toBe(0);
});

test('a record whose acceptance was lost comes again with the key of the first time', async () => {
  let isFirst = true;
  const { seen, post, pass } = await bench(() => {
    const outcome = isFirst ? timedOut : status(204);
    isFirst = false;
    return outcome;
  });
  post('a');
  await pass(5000, 500);
  expect(seen.map(({ id }) => id)).toEqual([seen[0]?.id, seen[0]?.id]);
});

test('what waited for longer than lifetime is dropped, and is whole in the log', async () => {
  const { delivery, log, post, pass } = await bench(() => refused);
  post('a');
  await pass(259_200_000 + 120_000, 30_000);
  expect(delivery.waiting).toBe(0);
  expect(log.join('\n')).toMatch(
    /gave up a message to http:\/\/cdr\.example\/ after 259200 s: \{"id":.*"n":1\}/,
  );
});
