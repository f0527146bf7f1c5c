/** Destinations with several targets: which of them are tried, and which are avoided. */
import { expect, test } from 'vitest';
import { type Simulation, simulate } from '../../src/testing/index.ts';

const gateways = 'sip:bob@gw.example:5060';
const dead = 'udp:192.0.2.31:5060 (gw.example)';

interface Bench {
  readonly kit: Simulation;
  readonly first: ReturnType<Simulation['callee']>;
  readonly second: ReturnType<Simulation['callee']>;
  /** Calls, and tells the final status and after how many ms. */
  call(uri?: string): Promise<readonly [status: number, after: number]>;
  /** What is logged about targets. */
  told(): readonly string[];
}

async function bench(settings = ''): Promise<Bench & AsyncDisposable> {
  const kit = await simulate({
    script: `socket = udp:192.0.2.1:5060\n${settings}\nloadmodule "tm.so"\nroute { t_relay(); }`,
  });
  kit.names.set('gw.example', ['192.0.2.31', '192.0.2.32']);
  const [first, second] = [kit.callee('192.0.2.31').silent(), kit.callee('192.0.2.32')];
  const caller = kit.caller();
  return {
    kit,
    first,
    second,
    call: async (uri = gateways) => {
      const before = kit.clock.now;
      const { status } = await caller.invite(uri).final();
      return [status, Math.round((kit.clock.now - before) / 100) * 100];
    },
    told: () => kit.log.flatMap(({ text }) => (/avoiding|answers again/.test(text) ? text : [])),
    [Symbol.asyncDispose]: () => kit[Symbol.asyncDispose](),
  };
}

test('the first call waits 8 T1 for a dead target, and the second loses no time', async () => {
  await using at = await bench();
  expect(await at.call()).toEqual([200, 4000]);
  expect(await at.call()).toEqual([200, 0]);
  expect(at.told()).toEqual([`avoiding ${dead} for 30 s: no response within 4 s`]);
  expect(at.kit.figure('targets_avoided')).toEqual({ timeout: 1 });
  expect(at.kit.figure('target_failures')).toEqual({ timeout: 1, transport: 0, unavailable: 0 });
  expect(at.kit.figure('targets_passed_over')).toBe(1);
});

test('one call tries it when its time is over, which doubles if that fails', async () => {
  await using at = await bench();
  await at.call();
  await at.kit.clock.advance(30_000);
  const [tried, other] = await Promise.all([at.call(), at.call()]);
  expect([tried, other]).toEqual([
    [200, 4000],
    [200, 0],
  ]);
  expect(at.told()[1]).toBe(`still avoiding ${dead} for 60 s: no response within 4 s`);
  at.first.answers(200);
  await at.kit.clock.advance(56_000);
  const before = at.first.requests.length;
  expect(await at.call()).toEqual([200, 0]);
  expect(at.first.requests).toHaveLength(before);
  await at.kit.clock.advance(4_100);
  expect(await at.call()).toEqual([200, 0]);
  expect(at.first.requests.length).toBeGreaterThan(before);
  expect(at.told()[2]).toMatch(
    /^udp:192\.0\.2\.31:5060 \(gw\.example\) answers again, \d+ s after it failed$/,
  );
  expect(at.kit.figure('targets_avoided')).toEqual({});
});

test.each([
  ['modparam("tm", "failover_timeout", 1000)', 1000],
  ['modparam("tm", "failover_timeout", 0)\nmodparam("tm", "fr_timeout", 10)', 10_000],
  ['modparam("tm", "T1_timer", 100)', 800],
  ['modparam("tm", "fr_timeout", 2)', 2000],
])('with %s the next target is tried after %i ms', async (parameters, after) => {
  await using at = await bench(parameters);
  expect(await at.call()).toEqual([200, after]);
});

test('without another target a call waits for fr_timeout, each time', async () => {
  await using at = await bench();
  expect(await at.call('sip:bob@192.0.2.31')).toEqual([408, 30_000]);
  expect(await at.call('sip:bob@192.0.2.31')).toEqual([408, 30_000]);
  expect(at.told()).toEqual([]);
});

test('a 503 counts for as long as its Retry-After says', async () => {
  await using at = await bench();
  at.first.answers({ status: 503, headers: { 'Retry-After': '120 (overload)' } });
  expect(await at.call()).toEqual([200, 0]);
  expect(at.told()).toEqual([`avoiding ${dead} for 120 s: it answers 503`]);
  await at.kit.clock.advance(119_000);
  await at.call();
  expect(at.first.methods.filter((method) => method === 'INVITE')).toHaveLength(1);
  await at.kit.clock.advance(2_000);
  await at.call();
  expect(at.first.methods.filter((method) => method === 'INVITE')).toHaveLength(2);
});

test('a request that is not INVITE may take its time after a provisional response', async () => {
  await using at = await bench();
  at.first.on('MESSAGE', [100, { after: 6000, status: 200 }]);
  const sent = at.kit.caller('carol').send('MESSAGE', gateways);
  expect((await sent.final()).status).toBe(200);
  expect(at.second.requests).toEqual([]);
});

test('with disable_dns_blacklist=no nothing is sent to it, until one request tries it', async () => {
  await using at = await bench('disable_dns_blacklist=no\nmodparam("tm", "fr_timeout", 5)');
  const only = 'sip:bob@192.0.2.31';
  expect(await at.call(only)).toEqual([408, 5000]);
  expect(await at.call(only)).toEqual([473, 0]);
  expect(await at.call()).toEqual([200, 0]);
  at.first.answers(200);
  await at.kit.clock.advance(30_000);
  expect(await at.call(only)).toEqual([200, 0]);
  expect(await at.call(only)).toEqual([200, 0]);
});

test('with disable_dns_blacklist=yes each call tries it', async () => {
  await using at = await bench('disable_dns_blacklist=yes');
  expect(await at.call()).toEqual([200, 4000]);
  expect(await at.call()).toEqual([200, 4000]);
  expect(at.told()).toEqual([]);
});

test('probes find out that it answers again, and no call waits', async () => {
  await using at = await bench('dns_blacklist_probe=yes\ndns_blacklist_time=10');
  await at.call();
  await at.kit.clock.advance(15_000);
  expect(at.first.methods.filter((method) => method === 'OPTIONS')).toHaveLength(1);
  expect(await at.call()).toEqual([200, 0]);
  expect(at.told()[1]).toBe(`still avoiding ${dead} for 20 s: no answer to OPTIONS`);
  at.first.on('OPTIONS', [405]).on('INVITE', [200]);
  await at.kit.clock.advance(20_000);
  expect(at.told()[2]).toContain('answers again');
  const before = at.first.requests.length;
  expect(await at.call()).toEqual([200, 0]);
  expect(at.first.requests.length).toBeGreaterThan(before);
});
