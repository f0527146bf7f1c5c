import { beforeEach, describe, expect, it, vi } from 'vitest';
import { WorkerPool } from '../../src/engine/pool.ts';
import type { Job, RunRouting, Worker } from '../../src/runtime/index.ts';
import { ByteBudget, type Clock, SimulatedClock, systemClock } from '../../src/timers/index.ts';
import { RunningScript } from '../../src/workers/running-script.ts';
import { benchOf } from '../support/script-bench.ts';

/** A job that waits until it is told to go on. */
function waiting(): { job: Job; readonly worker: Worker | null; finish(error?: Error): Promise<void> } {
  let worker: Worker | null = null;
  let settle: (error?: Error) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error));
  });
  return {
    job: (on) => {
      worker = on;
      return promise;
    },
    get worker() {
      return worker;
    },
    // the pool goes on in a later microtask
    finish: (error) => {
      settle(error);
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function poolOf(
  count: number,
  queueLimit = 10,
  memory = new ByteBudget(Number.POSITIVE_INFINITY),
  clock: Clock = systemClock,
): { pool: WorkerPool<RunRouting>; log: string[] } {
  const { routing, log } = benchOf('route { exit; }', [], undefined, { clock });
  return { pool: new WorkerPool<RunRouting>(routing, { count, queueLimit, memory }), log };
}

describe('a pool of workers', () => {
  it('gives each waiting job its own worker, and queues later ones', async () => {
    const { pool } = poolOf(2);
    const [first, second, third] = [waiting(), waiting(), waiting()];
    for (const { job } of [first, second, third]) expect(pool.submit(job)).toBe(true);
    expect([first, second, third].map(({ worker }) => worker?.id)).toEqual([0, 1, undefined]);
    expect([pool.busy, pool.queued]).toEqual([2, 1]);
    await second.finish();
    expect(third.worker).toBe(second.worker);
    expect([pool.busy, pool.queued]).toEqual([2, 0]);
    await first.finish();
    await third.finish();
    expect(pool.busy).toBe(0);
  });

  it('replaces workers that wait for something outside, until they go on', async () => {
    const { pool } = poolOf(1);
    pool.initialize([7]);
    const seen: unknown[] = [];
    const outside = [waiting(), waiting()].map((one) => {
      const promise = one.job({} as Worker) as Promise<void>;
      pool.submit((worker) => {
        seen.push(worker.slots[0]);
        worker.slots[0] = 'changed';
        worker.replaceUntil(promise);
        return promise.then(() => seen.push(worker.slots[0]));
      });
      return one;
    });
    expect([pool.busy, pool.size, seen]).toEqual([2, 3, [7, 7]]);
    const [blocked, later] = [waiting(), waiting()];
    pool.submit(blocked.job);
    pool.submit(later.job);
    expect([pool.busy, pool.queued]).toEqual([3, 1]);
    await outside[0]?.finish();
    // the first one goes on with what has waited
    expect([seen.at(-1), pool.busy, pool.queued, later.worker?.id]).toEqual(['changed', 3, 0, 0]);
    await outside[1]?.finish();
    await blocked.finish();
    expect([pool.busy, pool.size]).toEqual([1, 1]);
    // what one of them has begun it also continues
    blocked.worker?.resume(() => {
      seen.push(pool.size);
    });
    expect([seen.at(-1), pool.size]).toEqual([2, 1]);
    await later.finish();
    expect([pool.busy, pool.size]).toEqual([0, 1]);
  });

  it('does 64 things at a time with 64 workers', async () => {
    const { pool } = poolOf(64);
    const jobs = Array.from({ length: 65 }, waiting);
    for (const { job } of jobs) pool.submit(job);
    expect(new Set(jobs.slice(0, 64).map(({ worker }) => worker?.id)).size).toBe(64);
    expect(jobs[64]?.worker).toBeNull();
    for (const job of jobs) await job.finish();
    expect([pool.busy, pool.queued]).toEqual([0, 0]);
  });

  it('queues jobs up to a limit in bytes, and frees the bytes when they are done', async () => {
    const memory = new ByteBudget(100_000);
    const { pool } = poolOf(1, 10, memory);
    const busy = waiting();
    pool.submit(busy.job);
    const refuse = vi.fn<() => void>();
    const quick = vi.fn<() => void>();
    expect(pool.admit(quick, refuse, 0, 60_000)).toBe('waits');
    expect(pool.admit(quick, refuse, 0, 60_000)).toBe('refused');
    expect(pool.submit(quick, 60_000)).toBe(false);
    expect(pool.submit(quick, 10_000)).toBe(true);
    expect(memory.refused).toBe(2);
    await busy.finish();
    expect([quick.mock.calls.length, refuse.mock.calls.length, memory.used]).toEqual([2, 0, 0]);
  });

  it('picks the worker that was used last', async () => {
    const { pool } = poolOf(3);
    const used: number[] = [];
    for (let i = 0; i < 3; i++)
      pool.submit((worker) => {
        used.push(worker.id);
      });
    expect(used).toEqual([0, 0, 0]);
    const [a, b] = [waiting(), waiting()];
    pool.submit(a.job);
    pool.submit(b.job);
    await a.finish();
    await b.finish();
    pool.submit((worker) => {
      used.push(worker.id);
    });
    expect(used.at(-1)).toBe(b.worker?.id);
  });

  it('keeps the order of the queue, and refuses jobs beyond its limit', async () => {
    const { pool } = poolOf(1, 3);
    const blocker = waiting();
    const order: number[] = [];
    pool.submit(blocker.job);
    const accepted = [1, 2, 3, 4, 5].map((n) =>
      pool.submit(() => {
        order.push(n);
      }),
    );
    expect(accepted).toEqual([true, true, true, false, false]);
    await blocker.finish();
    expect(order).toEqual([1, 2, 3]);
    expect(pool.submit(() => {})).toBe(true);
  });

  it('resumes a script on its own worker, before new messages', async () => {
    const { pool } = poolOf(2);
    const [mine, other] = [waiting(), waiting()];
    pool.submit(mine.job);
    pool.submit(other.job);
    const order: string[] = [];
    pool.submit(() => {
      order.push('new message');
    });
    mine.worker?.resume((worker) => {
      order.push(`resumed on ${worker.id}`);
    });
    await mine.finish();
    expect(order).toEqual(['resumed on 0', 'new message']);
    await other.finish();
    // an idle worker resumes at once, and stays usable
    other.worker?.resume((worker) => {
      order.push(`resumed on ${worker.id}`);
    });
    expect(order.at(-1)).toBe('resumed on 1');
    const later = [waiting(), waiting()];
    for (const { job } of later) pool.submit(job);
    expect(new Set(later.map(({ worker }) => worker?.id))).toEqual(new Set([0, 1]));
    for (const one of later) await one.finish();
    expect(pool.busy).toBe(0);
  });

  it('logs a job that throws or rejects, and continues', async () => {
    const { pool, log } = poolOf(1);
    const rejected = waiting();
    pool.submit(() => {
      throw new Error('thrown at once');
    });
    pool.submit(rejected.job);
    let ran = false;
    pool.submit(() => {
      ran = true;
    });
    await rejected.finish(new Error('rejected later'));
    expect(ran).toBe(true);
    expect(pool.busy).toBe(0);
    expect(log.map((line) => line.split('\n')[0])).toEqual([
      expect.stringContaining('thrown at once'),
      expect.stringContaining('rejected later'),
    ]);
  });

  it('reports when it is idle', async () => {
    const { pool } = poolOf(1);
    await pool.idle();
    const [first, queued] = [waiting(), waiting()];
    pool.submit(first.job);
    pool.submit(queued.job);
    let isIdle = false;
    const idle = pool.idle().then(() => {
      isIdle = true;
    });
    await first.finish();
    expect(isIdle).toBe(false);
    await queued.finish();
    await idle;
    expect(isIdle).toBe(true);
  });

  it('drains a long queue without a deep stack', async () => {
    const { pool } = poolOf(1, 50_000);
    const blocker = waiting();
    pool.submit(blocker.job);
    let count = 0;
    for (let i = 0; i < 50_000; i++)
      pool.submit(() => {
        count++;
      });
    await blocker.finish();
    expect(count).toBe(50_000);
  });
});

describe('new requests that wait', () => {
  let clock = new SimulatedClock();
  const seconds = (count: number) => clock.advance(1000 * count);
  beforeEach(() => {
    clock = new SimulatedClock();
  });

  /** A pool whose only worker waits; each request that is admitted says how it fared. */
  function occupied() {
    const { pool } = poolOf(1, 10, undefined, clock);
    const blocker = waiting();
    pool.submit(blocker.job);
    const fared: string[] = [];
    const admit = (name: string) => {
      const next = waiting();
      const admission = pool.admit(
        (worker) => {
          fared.push(`${name} begun`);
          return next.job(worker);
        },
        () => fared.push(`${name} refused`),
      );
      return { admission, finish: next.finish };
    };
    return { pool, blocker, admit, fared };
  }

  it('come after messages of existing calls', async () => {
    const { pool, blocker, admit, fared } = occupied();
    const first = admit('new');
    pool.submit(() => {
      fared.push('of a call begun');
    });
    await blocker.finish();
    expect(fared).toEqual(['of a call begun', 'new begun']);
    await first.finish();
  });

  it('are served late in a burst, and refused if they would wait longer than the limit', async () => {
    const { blocker, admit, fared } = occupied();
    const [first, second] = [admit('first'), admit('second')];
    seconds(3.9);
    await blocker.finish();
    seconds(0.2);
    await first.finish();
    expect(fared).toEqual(['first begun', 'second refused']);
    expect(second.admission).toBe('waits');
  });

  it('count the wait in another process that handed them over late', async () => {
    const { pool, blocker } = occupied();
    const fared: string[] = [];
    const admit = (waited: number) =>
      pool.admit(
        () => fared.push(`${waited} begun`),
        () => fared.push(`${waited} refused`),
        waited,
      );
    for (const waited of [3900, 0]) admit(waited);
    seconds(0.2);
    await blocker.finish();
    expect(fared).toEqual(['3900 refused', '0 begun']);
  });

  it('wait only briefly if the queue has not been empty for longer than the limit', async () => {
    const { blocker, admit, fared } = occupied();
    const first = admit('first');
    seconds(2);
    admit('second');
    seconds(1.5);
    await blocker.finish();
    seconds(0.7);
    expect(admit('third').admission).toBe('refused');
    // better late than a worker without work
    await first.finish();
    expect(fared).toEqual(['first begun', 'second begun']);
  });
});

describe('while the CPU is the bottleneck', () => {
  it('scripts run in slices, and all finish', async () => {
    const { pool } = poolOf(2, 1000);
    pool.isBehind = true;
    let count = 0;
    let refused = 0;
    const spin: Job = () => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      count++;
    };
    for (let i = 0; i < 80; i++) pool.admit(spin, () => refused++);
    // one slice, and then what else there is to do has its turn
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(80);
    await pool.idle();
    // on a slow machine it is too late for some
    expect([count + refused, pool.queued, pool.busy]).toEqual([80, 0, 0]);
  });

  it('long scripts run a few at a time, until nothing waits', async () => {
    const { pool } = poolOf(2, 1000);
    pool.isBehind = true;
    let count = 0;
    const spin: Job = () => {
      const before = process.cpuUsage();
      while (process.cpuUsage(before).user < 4000);
      count++;
    };
    for (let i = 0; i < 20; i++) pool.admit(spin, () => undefined);
    expect(count).toBeLessThan(5);
    // one look in time does not mean that what waits may be done in one go
    pool.isBehind = false;
    pool.admit(spin, () => undefined);
    expect(count).toBeLessThan(5);
    await pool.idle();
  });
});

describe('state shared by the workers of a process', () => {
  it('is closed even if one of its parts fails', async () => {
    const { routing } = benchOf('route { exit; }');
    expect(routing).toBeInstanceOf(RunningScript);
    const closed: string[] = [];
    routing.listeners.closed.add(() => {
      throw new Error('no');
    });
    routing.listeners.closed.add(() => {
      closed.push('second');
    });
    await routing.close();
    expect(closed).toEqual(['second']);
  });
});

describe('handlers', () => {
  /** A handler that awaits twice. */
  const awaiting = (over: string[], name: string, until: Promise<void>) => async () => {
    over.push(`${name} begins`);
    await until;
    await Promise.resolve();
    over.push(`${name} ends`);
  };

  it('free their worker at the first await: a thousand wait on one worker', async () => {
    const { pool } = poolOf(1, 10);
    const order: string[] = [];
    let release = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (let i = 0; i < 1000; i++) expect(pool.submit(awaiting([], `${i}`, until), 0, 'handler')).toBe(true);
    expect([pool.busy, pool.queued, pool.handlers]).toEqual([0, 0, 1000]);
    pool.submit(() => order.push('a script'));
    expect(pool.admit(awaiting(order, 'a call', until), () => {}, 0, 0, 'handler')).toBe('begun');
    expect(order).toEqual(['a script', 'a call begins']);
    release();
    await pool.idle();
    expect(order.at(-1)).toBe('a call ends');
    expect([pool.busy, pool.queued, pool.handlers]).toEqual([0, 0, 0]);
  });

  it('wait behind a script that blocks the worker, and then do not block it', async () => {
    const { pool } = poolOf(1, 10);
    const script = waiting();
    const order: string[] = [];
    pool.submit(script.job);
    for (const name of ['a', 'b']) pool.submit(awaiting(order, name, Promise.resolve()), 0, 'handler');
    expect([order, pool.queued]).toEqual([[], 2]);
    await script.finish();
    expect(order.slice(0, 2)).toEqual(['a begins', 'b begins']);
    await pool.idle();
    expect(order.length).toBe(4);
  });

  it('count while they wait, in number and in bytes', async () => {
    const { routing } = benchOf('route { exit; }');
    const memory = new ByteBudget(50_000);
    const pool = new WorkerPool<RunRouting>(routing, { count: 1, handlerLimit: 3, memory });
    let release = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    const submit = (size: number) => pool.submit(() => until, size, 'handler');
    expect([submit(0), submit(0), submit(0), submit(0)]).toEqual([true, true, true, false]);
    expect(
      pool.admit(
        () => until,
        () => {},
        0,
        0,
        'handler',
      ),
    ).toBe('refused');
    // scripts go on
    expect(pool.submit(() => undefined)).toBe(true);
    release();
    await pool.idle();
    expect(memory.used).toBe(0);

    let releaseLarge = () => {};
    const large = new Promise<void>((resolve) => {
      releaseLarge = resolve;
    });
    expect(pool.submit(() => large, 60_000, 'handler')).toBe(true);
    expect([memory.isFull, submit(0)]).toEqual([true, false]);
    releaseLarge();
    await pool.idle();
    expect([memory.used, submit(0)]).toEqual([0, true]);
  });

  it('that fail are logged, and end', async () => {
    const { pool, log } = poolOf(1);
    pool.submit(
      async () => {
        await Promise.resolve();
        throw new Error('the handler has failed');
      },
      0,
      'handler',
    );
    expect(pool.handlers).toBe(1);
    // a stop, and a reload, wait for them
    await Promise.all([pool.idle(), pool.idle()]);
    expect(pool.handlers).toBe(0);
    expect(log.join()).toContain('the handler has failed');
  });
});
