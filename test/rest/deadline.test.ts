import { describe, expect, it } from 'vitest';
import { cancelDeadline, Deadline, startDeadline } from '../../src/rest/deadline.ts';
import { sleep } from './fixture.ts';

class Recorded extends Deadline {
  firedAt = 0;
  override onDeadline(): void {
    this.firedAt = performance.now();
  }
}

describe('deadlines', () => {
  it('never fire early, each fires once, and cancelled ones never', async () => {
    const kept: Recorded[] = [];
    const cancelled: Recorded[] = [];
    for (let i = 0; i < 3000; i++) {
      const node = new Recorded();
      startDeadline(node, 5 + (i % 40) * 1.7, performance.now());
      if (i % 3 === 0) {
        cancelDeadline(node);
        cancelDeadline(node);
        cancelled.push(node);
      } else kept.push(node);
      if (i % 500 === 0) await sleep(1);
    }
    await sleep(150);
    expect(kept.filter((n) => n.firedAt === 0)).toEqual([]);
    expect(kept.filter((n) => n.firedAt < n.due)).toEqual([]);
    expect(cancelled.filter((n) => n.firedAt !== 0)).toEqual([]);
  });

  it('one may be started and cancelled by another that fires', async () => {
    const next = new Recorded();
    const gone = new Recorded();
    class First extends Deadline {
      override onDeadline(): void {
        cancelDeadline(gone);
        startDeadline(next, 10, performance.now());
      }
    }
    const now = performance.now();
    startDeadline(new First(), 10, now);
    startDeadline(gone, 10, now);
    await sleep(60);
    expect([gone.firedAt === 0, next.firedAt > 0]).toEqual([true, true]);
  });
});
