import { describe, expect, it } from 'vitest';
import { Chance } from '../support/chance.ts';
import { type Plan } from './proxy-network.ts';
import { AFTERWARDS, count, RING, RING_ANSWER, refuse, SILENT, scene } from './proxy-scene.ts';

describe('one branch', () => {
  it('forwards ringing, the answer and the ACK', async () => {
    const { network, caller, proxy, callees } = scene([RING_ANSWER]);
    caller.send();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 180, 200]);
    expect(callees[0]?.methods).toEqual(['INVITE', 'ACK']);
    expect(callees[0]?.requests[0]?.vias).toHaveLength(2);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('acknowledges a refusal itself and forwards it', async () => {
    const { network, caller, proxy, callees } = scene([refuse(486)]);
    caller.send();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 486]);
    expect(callees[0]?.methods).toEqual(['INVITE', 'ACK']);
    expect(callees[0]?.requests[1]?.vias).toHaveLength(1);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('answers 408 if nobody answers', async () => {
    const { network, caller, proxy } = scene([SILENT], { settings: { frTimeout: 5000 } });
    caller.send();
    await network.run(4900);
    expect(caller.statuses).toEqual([100]);
    await network.run(300);
    expect(caller.statuses).toEqual([100, 408]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('gives up if it rings too long: CANCEL, and 408', async () => {
    const { network, caller, proxy, callees } = scene([RING], { settings: { frInvTimeout: 20_000 } });
    caller.send();
    await network.run(19_000);
    expect(caller.statuses).toEqual([100, 180]);
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 180, 408]);
    expect(callees[0]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
    // its 487 changes nothing any more
    expect(proxy.proxy?.branches.map((one) => [one.lastStatus, one.lastReceivedStatus])).toEqual([
      [408, 487],
    ]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('does not forward 100 (16.7, 5)', async () => {
    const hook: number[] = [];
    const { network, caller } = scene(
      [
        [
          [10, 100],
          [20, 180],
          [500, 200],
        ],
      ],
      {
        hooks: {
          onReply: (_, { status }) => {
            hook.push(status);
            return 'forward';
          },
        },
      },
    );
    caller.send();
    await network.run(2000);
    expect(caller.responses.map(({ status }) => status)).toEqual([100, 180, 200]);
    expect(hook).toEqual([100, 180, 200]);
  });

  it('restarts timer C at each provisional response, or not, as configured', async () => {
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

  it('retransmits a non-INVITE by timer E, and sends nothing at timer F (RFC 4320, 4.2)', async () => {
    const { network, caller, proxy } = scene([SILENT]);
    caller.send('OPTIONS');
    await network.run(31_000);
    const sent = network.log.filter(({ to }) => to === 7001).map(({ at }) => at - 1);
    expect(sent).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500]);
    expect(caller.statuses).toEqual([]);
    expect(proxy.proxy?.branches.map(({ lastStatus }) => lastStatus)).toEqual([408]);
    // a retransmission is not a new request
    caller.send('OPTIONS');
    await network.run(1000);
    expect(network.log.filter(({ to }) => to === 7001)).toHaveLength(sent.length);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('answers 408 if its user says so', async () => {
    const { network, caller, proxy } = scene([SILENT], {
      settings: { frTimeout: 3000 },
      hooks: {
        onFailure: ({ status }) => {
          proxy.proxy?.reply({ status });
        },
      },
    });
    caller.send('OPTIONS');
    await network.run(4000);
    expect(caller.statuses).toEqual([408]);
  });

  it.each([
    ['late', [[2000, 200]] as const],
    ['silent', SILENT],
  ])('does not send one again that was answered here, nor to the next target: %s', async (_, plan) => {
    const { network, caller, proxy, callees } = scene([plan, SILENT], {
      branches: [[7001, 7002]],
      settings: { frTimeout: 3000 },
    });
    caller.send('OPTIONS');
    await network.run(100);
    proxy.proxy?.reply({ status: 202 });
    await network.run(10_000);
    expect(callees.map(({ methods }) => methods)).toEqual([['OPTIONS'], []]);
    expect(caller.statuses).toEqual([202]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('forwards a retransmitted 2xx without calling the hook again', async () => {
    let asked = 0;
    const { network, caller } = scene([[[10, 200]]], {
      hooks: {
        onReply: (_, { status }) => {
          if (status === 200) asked++;
          return 'forward';
        },
      },
    });
    network.weather = {
      isLost: ({ data, from }) => from.endsWith(':5066') && data.toString().startsWith('ACK'),
    };
    caller.send();
    await network.run(10_000);
    expect(caller.responses.filter(({ status }) => status === 200).length).toBeGreaterThan(3);
    expect(asked).toBe(1);
  });

  it('translates 503 to 500, unless switched off', async () => {
    const plain = scene([refuse(503)]);
    plain.caller.send();
    await plain.network.run(1000);
    expect(plain.caller.statuses).toEqual([100, 500]);
    const kept = scene([refuse(503)], { settings: { translate503: false } });
    kept.caller.send();
    await kept.network.run(1000);
    expect(kept.caller.statuses).toEqual([100, 503]);
  });

  it('tries the next target after a 503, a failure to send, and silence', async () => {
    const { network, caller, callees, proxy } = scene([refuse(503), SILENT, refuse(200)], {
      branches: [[7999, 7001, 7002, 7003]],
      settings: { frTimeout: 3000 },
    });
    proxy.refuse(7999);
    caller.send();
    await network.run(10_000);
    expect(caller.statuses).toEqual([100, 200]);
    expect(callees.map(({ methods }) => methods[0])).toEqual(['INVITE', 'INVITE', 'INVITE']);
    const branches = callees.map(({ requests }) => requests[0]?.via.branch);
    expect(new Set(branches).size).toBe(3);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('answers 500 if no target can be sent to', async () => {
    const { network, caller, proxy } = scene([SILENT]);
    proxy.refuse(7001);
    caller.send();
    await network.run(1000);
    expect(caller.statuses).toEqual([100, 500]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });
});

describe('a bad network', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'every call ends as it must with one datagram in five lost and reordered (seed %i)',
    async (seed) => {
      const chance = new Chance(seed);
      const { network, caller, proxy, callees } = scene([
        [
          [100, 180],
          [3000, 200],
        ],
        refuse(486, 700),
      ]);
      network.weather = { delay: () => 1 + chance.below(40), isLost: () => chance.happens(0.2) };
      caller.sendUntilAnswered();
      await network.run(40_000);
      expect(caller.statuses.at(-1)).toBe(200);
      expect(count(callees[0], 'ACK')).toBeGreaterThan(0);
      await network.run(AFTERWARDS);
      expect(proxy.isIdle).toBe(true);
    },
  );
});
