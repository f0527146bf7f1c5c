import { describe, expect, it } from 'vitest';
import { AFTERWARDS, count, RING, RING_ANSWER, SILENT, scene } from './proxy-scene.ts';

describe('CANCEL', () => {
  it('cancels ringing branches, and forwards 487', async () => {
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

  it('is sent only after a provisional response', async () => {
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

  it('ends in 487 if the callee never answers', async () => {
    const { network, caller, proxy, callees } = scene([SILENT]);
    caller.send();
    await network.run(500);
    caller.cancel();
    await network.run(40_000);
    expect(caller.statuses).toEqual([100, 487]);
    expect(count(callees[0], 'CANCEL')).toBe(0);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('does not try the other targets of a branch', async () => {
    const { network, caller, callees } = scene([SILENT, RING_ANSWER], {
      branches: [[7001, 7002]],
      settings: { frTimeout: 3000 },
    });
    caller.send();
    await network.run(500);
    caller.cancel();
    await network.run(5000);
    expect(callees[1]?.methods).toEqual([]);
    expect(caller.statuses).toEqual([100, 487]);
  });

  it('ends in 487 if the callee rings and ignores it (9.1)', async () => {
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

  it('loses to a 200 that it crosses', async () => {
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
    expect(count(callees[0], 'ACK')).toBe(1);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('forwards a refusal that it crosses (16.7, 6)', async () => {
    const { network, caller, proxy } = scene([
      [
        [10, 180],
        [500, 486],
      ],
    ]);
    caller.send();
    await network.run(500);
    caller.cancel();
    await network.run(2000);
    expect(caller.statuses).toEqual([100, 180, 486]);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('does nothing after the call was answered', async () => {
    const { network, caller, callees } = scene([[[10, 200]]]);
    caller.send();
    await network.run(1000);
    caller.cancel();
    await network.run(1000);
    expect(count(callees[0], 'CANCEL')).toBe(0);
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

describe('a CANCEL that siprest generates', () => {
  it('may be changed by a hook', async () => {
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
