/** A lane delivers in order, and is patient with a service that fails. */
import { expect, test } from 'vitest';
import { type Attempt, Lane, type LaneOptions } from '../../../src/modules/rest-queue/lane.ts';
import type { QueuedMessage } from '../../../src/modules/rest-queue/message.ts';
import { SimulatedClock } from '../../../src/timers/index.ts';

const down: Extract<Attempt, { kind: 'failed' }> = {
  kind: 'failed',
  reason: 'refused',
  isOfMessage: false,
  retryAfter: 0,
};
const bad: Attempt = { kind: 'failed', reason: 'status 422', isOfMessage: true, retryAfter: 0 };
const fine: Attempt = { kind: 'accepted' };

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** `answer` decides about each attempt; sent messages are named as they were queued. */
function bench(answer: (id: string) => Attempt | Promise<Attempt>, more: Partial<LaneOptions> = {}) {
  const clock = new SimulatedClock(1_000_000);
  const [sent, done, changes]: string[][] = [[], [], []];
  const lane = new Lane({
    clock,
    concurrency: 3,
    firstDelay: 1000,
    longestDelay: 8000,
    lifetime: 3_600_000,
    send: async ({ id }) => {
      sent?.push(id);
      return answer(id);
    },
    done: ({ id }, outcome) => done?.push(`${id} ${outcome}`),
    changed: (failure) => changes?.push(failure === null ? 'works' : failure.reason),
    ...more,
  });
  const add = (...ids: readonly string[]) => {
    for (const id of ids) {
      const message: QueuedMessage = { id, url: '', key: id.slice(0, 1), at: clock.date(), body: '' };
      lane.add(message);
    }
  };
  const pass = async (milliseconds: number) => {
    clock.advance(milliseconds);
    await settle();
  };
  return { lane, clock, add, pass, sent: sent ?? [], done: done ?? [], changes: changes ?? [] };
}

test('messages with one key are sent one after the other, others side by side', async () => {
  const held: (() => void)[] = [];
  const { add, sent } = bench(() => new Promise((resolve) => held.push(() => resolve(fine))));
  add('a1', 'a2', 'b1', 'c1', 'd1');
  await settle();
  expect(sent).toEqual(['a1', 'b1', 'c1']);
  held[1]?.();
  await settle();
  expect(sent).toEqual(['a1', 'b1', 'c1', 'd1']);
  held[0]?.();
  await settle();
  expect(sent).toEqual(['a1', 'b1', 'c1', 'd1', 'a2']);
});

test('after a failure one message is tried at a time, after twice the time, until one is accepted', async () => {
  let answer: Attempt = down;
  const { add, pass, sent, done, changes } = bench(() => answer);
  add('a1');
  await settle();
  add('b1', 'b2', 'c1');
  await settle();
  expect(sent).toEqual(['a1']);
  // each wait is random within 20 %
  for (const [wait, count] of [
    [799, 1],
    [402, 2],
    [1599 - 402, 2],
    [1204, 3],
    [7 * 9600, 10],
  ] as const) {
    await pass(wait);
    expect(sent.length).toBeLessThanOrEqual(count);
  }
  expect(sent.length).toBeGreaterThan(3);
  expect(done).toEqual([]);
  answer = fine;
  for (let i = 0; i < 3; i++) await pass(10_000);
  expect(done.toSorted()).toEqual(['a1', 'b1', 'b2', 'c1'].map((id) => `${id} delivered`));
  expect(done.indexOf('b1 delivered')).toBeLessThan(done.indexOf('b2 delivered'));
  expect(changes).toEqual(['refused', 'works']);
});

test('a message that the service does not accept holds up those with its key alone', async () => {
  const { add, pass, done, lane } = bench((id) => (id === 'a1' ? bad : fine));
  add('a1', 'a2', 'b1', 'c1', 'd1', 'e1');
  await settle();
  expect(done.toSorted()).toEqual(['b1', 'c1', 'd1', 'e1'].map((id) => `${id} delivered`));
  await pass(3_600_001);
  await pass(20_000);
  expect(done).toContain('a1 expired');
  expect(done.at(-1)).toBe('a2 expired');
  expect(lane.waiting).toBe(0);
});

test('a service that says when to come back is left alone until then', async () => {
  let isBusy = true;
  const busy: Attempt = { ...down, retryAfter: 5000 };
  const { add, pass, sent } = bench(() => (isBusy ? busy : fine));
  add('a1');
  await settle();
  await pass(4999);
  expect(sent).toEqual(['a1']);
  isBusy = false;
  await pass(2);
  expect(sent).toEqual(['a1', 'a1']);
});

test('retry() ends all waits', async () => {
  let answer: Attempt = down;
  const { add, lane, done } = bench(() => answer);
  add('a1', 'b1');
  await settle();
  answer = fine;
  lane.retry();
  await settle();
  expect(done.toSorted()).toEqual(['a1 delivered', 'b1 delivered']);
});

test('a stopped lane sends nothing', async () => {
  const { add, lane, pass, sent } = bench(() => down);
  add('a1');
  await settle();
  lane.stop();
  add('b1');
  await pass(100_000);
  expect(sent).toEqual(['a1']);
});
