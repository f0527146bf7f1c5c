import { describe, expect, it } from 'vitest';
import { branchTo } from './proxy-network.ts';
import { AFTERWARDS, count, RING, RING_ANSWER, refuse, SILENT, scene } from './proxy-scene.ts';

describe('the failure hook', () => {
  it('tries the next callee', async () => {
    const failures: number[] = [];
    const { network, caller, proxy, callees } = scene([refuse(486), RING_ANSWER], {
      branches: [7001],
      hooks: {
        onFailure: ({ status }) => {
          failures.push(status);
          proxy.proxy?.relay([branchTo(7002)]);
        },
      },
    });
    caller.send();
    await network.run(3000);
    expect(failures).toEqual([486]);
    expect(caller.statuses).toEqual([100, 180, 200]);
    expect(callees.map(({ methods }) => methods)).toEqual([
      ['INVITE', 'ACK'],
      ['INVITE', 'ACK'],
    ]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('is called after each round, and the last round counts', async () => {
    const failures: number[] = [];
    const { network, caller, proxy } = scene([refuse(404), refuse(486), refuse(480)], {
      branches: [7001],
      hooks: {
        onFailure: async ({ status }) => {
          failures.push(status);
          if (failures.length < 3) proxy.proxy?.relay([branchTo(7001 + failures.length)]);
        },
      },
    });
    caller.send();
    await network.run(3000);
    expect(failures).toEqual([404, 486, 480]);
    expect(caller.statuses).toEqual([100, 480]);
  });

  it('may answer the request itself', async () => {
    const { network, caller, proxy } = scene([SILENT], {
      settings: { frTimeout: 1000 },
      hooks: {
        onFailure: ({ status, response }) => {
          expect([status, response]).toEqual([408, null]);
          proxy.proxy?.reply({ status: 504, reason: 'Silent' });
        },
      },
    });
    caller.send();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 504]);
    expect(caller.responses.at(-1)?.reason).toBe('Silent');
  });

  it('delays the response while its promise is pending', async () => {
    let release = (): void => undefined;
    const { network, caller, proxy } = scene([refuse(486), RING_ANSWER], {
      branches: [7001],
      hooks: {
        onFailure: async () => {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          proxy.proxy?.relay([branchTo(7002)]);
        },
      },
    });
    caller.send();
    await network.run(5000);
    expect(caller.statuses).toEqual([100]);
    release();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 180, 200]);
  });

  it('cannot add a branch if the caller cancels meanwhile', async () => {
    let release = (): void => undefined;
    const outcomes: unknown[] = [];
    const { network, caller, proxy, callees } = scene([refuse(486), RING_ANSWER], {
      branches: [7001],
      hooks: {
        onFailure: async () => {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          outcomes.push(proxy.proxy?.relay([branchTo(7002)]));
        },
      },
    });
    caller.send();
    await network.run(1000);
    caller.cancel();
    await network.run(1000);
    release();
    await network.run(1000);
    expect(outcomes).toEqual(['cancelled']);
    expect(callees[1]?.methods).toEqual([]);
    expect(caller.statuses).toEqual([100, 487]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('is not called after a 6xx, unless that is switched off', async () => {
    const outcomes: unknown[] = [];
    for (const block6xx of [true, false]) {
      const { network, caller, proxy } = scene([refuse(603), RING_ANSWER], {
        branches: [7001],
        settings: { block6xx },
        hooks: {
          onFailure: () => {
            outcomes.push(proxy.proxy?.relay([branchTo(7002)]));
          },
        },
      });
      caller.send();
      await network.run(2000);
      outcomes.push(caller.statuses.at(-1));
    }
    expect(outcomes).toEqual(['blocked', 603, 'sent', 200]);
  });

  it('that throws or rejects is ignored', async () => {
    const errors: unknown[] = [];
    for (const onFailure of [
      () => {
        throw new Error('one');
      },
      async () => Promise.reject(new Error('two')),
    ]) {
      const { network, caller, proxy } = scene([refuse(486)], {
        hooks: { onFailure, onError: (error) => errors.push((error as Error).message) },
      });
      caller.send();
      await network.run(1000);
      expect(caller.statuses).toEqual([100, 486]);
      await network.run(AFTERWARDS);
      expect(proxy.isIdle).toBe(true);
    }
    expect(errors).toEqual(['one', 'two']);
  });

  it('still sees the response of an abandoned branch', async () => {
    const { network, caller, proxy, callees } = scene(
      [
        [
          [10, 180],
          [5035, 200],
        ],
        RING,
      ],
      {
        branches: [7001],
        settings: { frInvTimeout: 5000 },
        hooks: {
          onFailure: () => {
            proxy.proxy?.relay([branchTo(7002)]);
          },
        },
      },
    );
    network.weather = { delay: () => 20 };
    caller.send();
    await network.run(8000);
    expect(count(callees[0], 'CANCEL')).toBe(1);
    expect(callees[1]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    expect(caller.statuses).toEqual([100, 180, 200]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });
});

describe('the hook of branches', () => {
  it('is told once of each final status, received or made here', async () => {
    const ended: (readonly [index: number, status: number])[] = [];
    const { network, caller, proxy } = scene([refuse(486), SILENT, RING_ANSWER, RING], {
      settings: { frTimeout: 1000 },
      branches: [7001, 7002],
      hooks: {
        onBranchEnd: ({ index, lastStatus }) => {
          ended.push([index, lastStatus]);
        },
        onFailure: () => {
          proxy.proxy?.relay([branchTo(7003), branchTo(7004)]);
        },
      },
    });
    caller.send();
    await network.run(10_000);
    expect(caller.statuses).toEqual([100, 180, 200]);
    expect(ended).toEqual([
      [0, 486],
      [1, 408],
      [2, 200],
      [3, 487],
    ]);
    await network.run(AFTERWARDS);
    expect(ended.length).toBe(4);
  });
});

describe('the reply hook', () => {
  it('may drop provisional responses, never final ones', async () => {
    const { network, caller } = scene([RING_ANSWER], { hooks: { onReply: () => 'drop' } });
    caller.send();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 200]);
  });

  it('changes the forwarded response', async () => {
    const { network, caller } = scene([refuse(486)], {
      hooks: { onReply: async () => ({ appended: ['X-Seen: yes\r\n' as never] }) },
    });
    caller.send();
    await network.run(2000);
    expect(caller.responses.at(-1)?.header('x-seen')).toBe('yes');
  });

  it('keeps the order of delayed responses', async () => {
    let release = (): void => undefined;
    const { network, caller, proxy } = scene([RING_ANSWER], {
      hooks: {
        onReply: async (_, { status }) => {
          if (status === 180)
            await new Promise<void>((resolve) => {
              release = resolve;
            });
          return 'forward' as const;
        },
      },
    });
    caller.send();
    await network.run(1000);
    expect(caller.statuses).toEqual([100]);
    release();
    await network.run(1000);
    expect(caller.statuses).toEqual([100, 180, 200]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });
});
