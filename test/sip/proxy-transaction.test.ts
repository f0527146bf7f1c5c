import { describe, expect, it } from 'vitest';
import {
  branchTo,
  Callee,
  Caller,
  contactOf,
  type Plan,
  type ProxyOptions,
  ProxyUnderTest,
  SimulatedNetwork,
} from './simulated-network.ts';

interface Scene {
  readonly network: SimulatedNetwork;
  readonly caller: Caller;
  readonly proxy: ProxyUnderTest;
  readonly callees: Callee[];
}

/** A caller, a proxy, and callees on ports 7001, 7002, ... */
function scene(plans: readonly Plan[], options: ProxyOptions = {}): Scene {
  const network = new SimulatedNetwork();
  const callees = plans.map((plan, i) => new Callee(network, 7001 + i, plan, contactOf(7001 + i)));
  const proxy = new ProxyUnderTest(network, { branches: plans.map((_, i) => 7001 + i), ...options });
  return { network, caller: new Caller(network), proxy, callees };
}

const RING_ANSWER: Plan = [
  [10, 180],
  [500, 200],
];
const RING: Plan = [[10, 180]];
const SILENT: Plan = [];
const refuse = (status: number, after = 50): Plan => [[after, status]];

/** Longer than any transaction may live once its call is decided. */
const AFTERWARDS = 70_000;

describe('one branch', () => {
  it('passes ringing and answer on, and the ACK', async () => {
    const { network, caller, proxy, callees } = scene([RING_ANSWER]);
    caller.send();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 180, 200]);
    expect(callees[0]?.methods).toEqual(['INVITE', 'ACK']);
    expect(callees[0]?.requests[0]?.vias).toHaveLength(2);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('acknowledges a refusal itself and passes it on', async () => {
    const { network, caller, proxy, callees } = scene([refuse(486)]);
    caller.send();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 486]);
    expect(callees[0]?.methods).toEqual(['INVITE', 'ACK']);
    expect(callees[0]?.requests[1]?.vias).toHaveLength(1);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('answers 408 when nobody answers', async () => {
    const { network, caller, proxy } = scene([SILENT], { settings: { frTimeout: 5000 } });
    caller.send();
    await network.run(4900);
    expect(caller.statuses).toEqual([100]);
    await network.run(300);
    expect(caller.statuses).toEqual([100, 408]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('gives up what rings too long: CANCEL, and 408', async () => {
    const { network, caller, proxy, callees } = scene([RING], { settings: { frInvTimeout: 20_000 } });
    caller.send();
    await network.run(19_000);
    expect(caller.statuses).toEqual([100, 180]);
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 180, 408]);
    expect(callees[0]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('starts timer C anew with each provisional response, or not, as it is told', async () => {
    const plan: Plan = [
      [10, 180],
      [15_000, 183],
      [30_000, 200],
    ];
    const patient = scene([plan], { settings: { frInvTimeout: 20_000 } });
    patient.caller.send();
    await patient.network.run(32_000);
    expect(patient.caller.statuses).toEqual([100, 180, 183, 200]);
    const strict = scene([plan], { settings: { frInvTimeout: 20_000, restartOnEachReply: false } });
    strict.caller.send();
    await strict.network.run(32_000);
    expect(strict.caller.statuses).toEqual([100, 180, 183, 408]);
  });

  it('sends a request of another method again as timer E says, and 408 at timer F', async () => {
    const { network, caller, proxy } = scene([SILENT]);
    caller.send('OPTIONS');
    await network.run(31_000);
    const sent = network.log.filter(({ to }) => to === 7001).map(({ at }) => at - 1);
    expect(sent).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500]);
    expect(caller.statuses).toEqual([408]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('passes a repeated 2xx on without asking the hook again', async () => {
    let asked = 0;
    const { network, caller } = scene([[[10, 200]]], {
      hooks: {
        onReply: (_, { status }) => {
          if (status === 200) asked++;
          return 'forward';
        },
      },
    });
    network.weather = { isLost: (data, from) => from === 5066 && data.toString().startsWith('ACK') };
    caller.send();
    await network.run(10_000);
    expect(caller.responses.filter(({ status }) => status === 200).length).toBeGreaterThan(3);
    expect(asked).toBe(1);
  });

  it('translates 503 to 500, or not', async () => {
    const plain = scene([refuse(503)]);
    plain.caller.send();
    await plain.network.run(1000);
    expect(plain.caller.statuses).toEqual([100, 500]);
    const kept = scene([refuse(503)], { settings: { translate503: false } });
    kept.caller.send();
    await kept.network.run(1000);
    expect(kept.caller.statuses).toEqual([100, 503]);
  });

  it('takes the next target after a 503, a refusal to send, and silence', async () => {
    const { network, caller, callees, proxy } = scene([refuse(503), SILENT, refuse(200)], {
      branches: [[7999, 7001, 7002, 7003]],
      settings: { frTimeout: 3000 },
    });
    proxy.transport.refused.add(7999);
    caller.send();
    await network.run(10_000);
    expect(caller.statuses).toEqual([100, 200]);
    expect(callees.map(({ methods }) => methods[0])).toEqual(['INVITE', 'INVITE', 'INVITE']);
    const branches = callees.map(({ requests }) => requests[0]?.via.branch);
    expect(new Set(branches).size).toBe(3);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('answers 500 when it cannot be sent at all', async () => {
    const { network, caller, proxy } = scene([SILENT]);
    proxy.transport.refused.add(7001);
    caller.send();
    await network.run(1000);
    expect(caller.statuses).toEqual([100, 500]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });
});

describe('forking', () => {
  it('lets the first answer win and cancels the others', async () => {
    const { network, caller, proxy, callees } = scene([RING_ANSWER, RING, RING]);
    caller.send();
    await network.run(3000);
    expect(caller.statuses.at(-1)).toBe(200);
    expect(callees[1]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    expect(callees[2]?.requests[1]?.header('reason')).toBe('SIP;cause=200;text="Call completed elsewhere"');
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
    expect(caller.statuses.at(-1)).toBe(200);
  });

  it('passes a second 2xx on that crossed the CANCEL', async () => {
    const { network, caller, callees } = scene([
      [
        [100, 180],
        [500, 200],
      ],
      [
        [100, 180],
        [500, 202],
      ],
    ]);
    caller.send();
    await network.run(3000);
    expect(caller.responses.filter(({ status }) => status >= 200).map(({ status }) => status)).toEqual([
      200, 202,
    ]);
    expect(callees.map((callee) => callee.count('ACK'))).toEqual([1, 1]);
  });

  it('cancels a branch that has not answered yet only when it does (9.1)', async () => {
    const { network, caller, callees } = scene([[[300, 200]], [[2000, 180]]]);
    caller.send();
    await network.run(1500);
    expect(callees[1]?.methods).toEqual(['INVITE']);
    await network.run(1500);
    expect(callees[1]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
  });

  it('waits for all branches before a refusal goes up', async () => {
    const { network, caller } = scene([refuse(486, 50), refuse(404, 5000)]);
    caller.send();
    await network.run(4000);
    expect(caller.statuses).toEqual([100]);
    await network.run(3000);
    expect(caller.statuses).toEqual([100, 404]);
  });

  const BEST: readonly (readonly [readonly number[], number])[] = [
    [[486, 404], 404],
    [[404, 302], 302],
    [[500, 486], 486],
    [[486, 600], 600],
    [[302, 603], 603],
    [[404, 401], 401],
    [[404, 484], 484],
    [[404, 420, 415], 415],
    [[503, 502], 502],
    [[503, 503], 500],
    [[487, 480], 480],
  ];
  it.each(BEST)('chooses from %j: %i', async (statuses, best) => {
    const { network, caller } = scene(statuses.map((status, i) => refuse(status, 50 + 100 * i)));
    caller.send();
    await network.run(5000);
    expect(caller.statuses).toEqual([100, best]);
  });

  it('prefers what was received to its own 408', async () => {
    const { network, caller } = scene([SILENT, refuse(486)], { settings: { frTimeout: 3000 } });
    caller.send();
    await network.run(5000);
    expect(caller.statuses).toEqual([100, 486]);
  });

  it('collects the challenges of all branches (16.7, 7)', async () => {
    const network = new SimulatedNetwork();
    for (const port of [7001, 7002])
      new Callee(network, port, refuse(407), (status) =>
        status === 407 ? `Proxy-Authenticate: Digest realm="${port}"\r\n` : '',
      );
    new ProxyUnderTest(network, { branches: [7001, 7002] });
    const caller = new Caller(network);
    caller.send();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 407]);
    expect(caller.responses.at(-1)?.headerAll('proxy-authenticate').sort()).toEqual([
      'Digest realm="7001"',
      'Digest realm="7002"',
    ]);
  });

  it('lets a 6xx end the search, but an answer that comes meanwhile still wins', async () => {
    const { network, caller, callees } = scene([refuse(603, 100), RING]);
    caller.send();
    await network.run(2000);
    expect(callees[1]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    expect(caller.statuses).toEqual([100, 180, 603]);
    const crossing = scene([
      refuse(603, 100),
      [
        [100, 180],
        [101, 200],
      ],
    ]);
    crossing.caller.send();
    await crossing.network.run(2000);
    expect(crossing.caller.statuses).toEqual([100, 180, 200]);
  });
});

describe('CANCEL', () => {
  it('cancels what rings, and 487 goes up', async () => {
    const { network, caller, proxy, callees } = scene([RING, RING]);
    caller.send();
    await network.run(500);
    caller.cancel();
    await network.run(1000);
    expect(caller.statuses).toEqual([100, 180, 487]);
    expect(caller.responses.find(({ cseq }) => cseq.method === 'CANCEL')?.status).toBe(200);
    expect(callees.map(({ methods }) => methods)).toEqual([
      ['INVITE', 'CANCEL', 'ACK'],
      ['INVITE', 'CANCEL', 'ACK'],
    ]);
    expect(proxy.proxy?.wasCancelled).toBe(true);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('waits for a provisional response, and goes out with that', async () => {
    const { network, caller, callees } = scene([[[1000, 180]]]);
    caller.send();
    await network.run(200);
    caller.cancel();
    await network.run(500);
    expect(callees[0]?.methods).toEqual(['INVITE']);
    await network.run(1000);
    expect(callees[0]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    expect(caller.statuses).toEqual([100, 180, 487]);
  });

  it('ends in 487 when the callee never answers', async () => {
    const { network, caller, proxy, callees } = scene([SILENT]);
    caller.send();
    await network.run(500);
    caller.cancel();
    await network.run(40_000);
    expect(caller.statuses).toEqual([100, 487]);
    expect(callees[0]?.count('CANCEL')).toBe(0);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('ends in 487 when the callee rings and ignores it (9.1)', async () => {
    const { network, caller, proxy, callees } = scene([RING]);
    if (callees[0]) callees[0].honoursCancel = false;
    caller.send();
    await network.run(500);
    caller.cancel();
    await network.run(31_000);
    expect(caller.statuses).toEqual([100, 180]);
    await network.run(3000);
    expect(caller.statuses).toEqual([100, 180, 487]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('loses against a 200 that it crosses', async () => {
    const { network, caller, callees, proxy } = scene([
      [
        [10, 180],
        [500, 200],
      ],
    ]);
    caller.send();
    await network.run(500);
    caller.cancel();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 180, 200]);
    expect(callees[0]?.count('ACK')).toBe(1);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('does nothing once the call is answered', async () => {
    const { network, caller, callees } = scene([[[10, 200]]]);
    caller.send();
    await network.run(1000);
    caller.cancel();
    await network.run(1000);
    expect(callees[0]?.count('CANCEL')).toBe(0);
    expect(caller.statuses).toEqual([100, 200]);
  });

  it('of one branch leaves the others alone', async () => {
    const { network, caller, proxy, callees } = scene([
      RING,
      [
        [10, 180],
        [1000, 200],
      ],
    ]);
    caller.send();
    await network.run(500);
    const first = proxy.proxy?.branches[0];
    if (first) proxy.proxy?.cancelBranch(first);
    await network.run(2000);
    expect(callees[0]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    expect(callees[1]?.methods).toEqual(['INVITE', 'ACK']);
    expect(caller.statuses.at(-1)).toBe(200);
  });
});

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

  it('is asked again about each round, and the last round counts', async () => {
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

  it('may answer itself', async () => {
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

  it('holds the response back while its promise waits', async () => {
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

  it('gets no branch any more when the caller cancels while it waits', async () => {
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

  it('is barred by a 6xx, unless that is switched off', async () => {
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

  it('that throws or rejects counts as none', async () => {
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

  it('still hears of the answer of a branch that it gave up', async () => {
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
    expect(callees[0]?.count('CANCEL')).toBe(1);
    expect(callees[1]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    expect(caller.statuses).toEqual([100, 180, 200]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });
});

describe('the reply hook', () => {
  it('keeps provisional responses back, final ones never', async () => {
    const { network, caller } = scene([RING_ANSWER], { hooks: { onReply: () => 'drop' } });
    caller.send();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 200]);
  });

  it('changes what goes up', async () => {
    const { network, caller } = scene([refuse(486)], {
      hooks: { onReply: async () => ({ appended: ['X-Seen: yes\r\n' as never] }) },
    });
    caller.send();
    await network.run(2000);
    expect(caller.responses.at(-1)?.header('x-seen')).toBe('yes');
  });

  it('keeps the order of what it makes wait', async () => {
    const delays: Record<number, number> = { 180: 20, 200: 0 };
    const { network, caller, proxy } = scene(
      [
        [
          [10, 180],
          [15, 200],
        ],
      ],
      {
        hooks: {
          onReply: async (_, { status }) => {
            for (let i = 0; i < (delays[status] ?? 0); i++) await Promise.resolve();
            return 'forward' as const;
          },
        },
      },
    );
    caller.send();
    await network.run(3000, 1);
    expect(caller.statuses).toEqual([100, 180, 200]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });
});

describe('a CANCEL that siprest makes', () => {
  it('may be changed by its hook', async () => {
    const { network, caller, callees } = scene([RING], {
      hooks: { onCancel: async () => ({ appended: ['X-Local: route\r\n' as never] }) },
    });
    caller.send();
    await network.run(500);
    caller.cancel();
    await network.run(1000);
    expect(callees[0]?.requests[1]?.header('x-local')).toBe('route');
    expect(caller.statuses).toEqual([100, 180, 487]);
  });
});

describe('a bad network', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'every call ends as it must with one datagram in five lost and reordered (seed %i)',
    async (seed) => {
      const random = generator(seed);
      const { network, caller, proxy, callees } = scene([
        [
          [100, 180],
          [3000, 200],
        ],
        refuse(486, 700),
      ]);
      network.weather = { delay: () => 1 + random() * 40, isLost: () => random() < 0.2 };
      caller.sendUntilAnswered();
      await network.run(40_000);
      expect(caller.statuses.at(-1)).toBe(200);
      expect(callees[0]?.count('ACK')).toBeGreaterThan(0);
      await network.run(AFTERWARDS);
      expect(proxy.isIdle).toBe(true);
    },
  );
});

/** Park and Miller's: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
