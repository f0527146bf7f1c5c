import { describe, expect, it } from 'vitest';
import { Caller, ProxyUnderTest, TestNetwork } from './proxy-network.ts';
import { AFTERWARDS, count, RING, RING_ANSWER, refuse, SILENT, scene } from './proxy-scene.ts';

describe('forking', () => {
  it('lets the first answer win, and cancels the others', async () => {
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

  it('forwards a second 2xx that crossed the CANCEL', async () => {
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
    expect(callees.map((callee) => count(callee, 'ACK'))).toEqual([1, 1]);
  });

  it('cancels a silent branch only after its first response (9.1)', async () => {
    const { network, caller, callees } = scene([[[300, 200]], [[2000, 180]]]);
    caller.send();
    await network.run(1500);
    expect(callees[1]?.methods).toEqual(['INVITE']);
    await network.run(1500);
    expect(callees[1]?.methods).toEqual(['INVITE', 'CANCEL', 'ACK']);
  });

  it('waits for all branches before forwarding a refusal', async () => {
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
    [[503, 504], 504],
    [[503, 503], 500],
    [[487, 480], 480],
    [[487, 488], 487],
    [[408, 480], 480],
    [[486, 408], 486],
    [[408, 487], 487],
    [[408, 500], 500],
    [[503, 408], 408],
    [[401, 380], 380],
    [[484, 405], 484],
    [[407, 500, 403], 407],
  ];
  it.each(BEST)('chooses from %j: %i', async (statuses, best) => {
    const { network, caller } = scene(statuses.map((status, i) => refuse(status, 50 + 100 * i)));
    caller.send();
    await network.run(5000);
    expect(caller.statuses).toEqual([100, best]);
  });

  it('prefers a received response to its own 408', async () => {
    const { network, caller } = scene([SILENT, refuse(486)], { settings: { frTimeout: 3000 } });
    caller.send();
    await network.run(5000);
    expect(caller.statuses).toEqual([100, 486]);
  });

  it('collects the challenges of all branches (16.7, 7)', async () => {
    const network = new TestNetwork();
    for (const port of [7001, 7002])
      network.callee(port, refuse(407), () => ({ 'Proxy-Authenticate': `Digest realm="${port}"` }));
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

  it('ends the search at a 6xx, but an answer that comes meanwhile still wins', async () => {
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
