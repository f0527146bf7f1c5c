import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { NameResolver, type Outcome, type ReplicaOptions, ResponseOutcome } from '../../../src/rest/index.ts';
import { ReplicaSet, type ReplicaSettings } from '../../../src/rest/policies/replica-set.ts';
import { createAuthority } from '../../support/certificates.ts';
import { startDeadHost } from '../../support/dead-host.ts';
import { startNameServer } from '../../support/name-server.ts';
import { steadyClock } from '../../support/steady-clock.ts';
import { until } from '../../support/until.ts';
import { closeLater, newClient, newServer, newShared, reasonOf, textOf } from '../fixture.ts';
import { fieldValues, type RawServer, reply } from '../raw-server.ts';
import { ended, simulate } from './simulated.ts';

const named = (name: string) => newServer((socket) => socket.write(reply(name)));

/** A port of 127.0.0.1 on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = await named('dead');
  await server.close();
  return server.port;
}

const places = (...servers: readonly (RawServer | number)[]) =>
  servers.map((one) => `127.0.0.1:${typeof one === 'number' ? one : one.port}`);

const client = (addresses: readonly string[], more: ReplicaOptions = {}, retry = false) =>
  newClient({
    hosts: { 'credit.test': { replicas: { addresses, ...more }, ...(retry ? { retry: {} } : {}) } },
  });

const settings: ReplicaSettings = {
  discover: 'list',
  addresses: [],
  service: '',
  refresh: 5_000,
  connectTimeout: 500,
  failures: 3,
  failureRate: 20,
  statuses: [503],
  ejectTime: 5_000,
  probePath: '',
  probeInterval: 2_000,
  probeTimeout: 1_000,
  hedge: false,
};

describe('replicas', () => {
  it('take turns, and get the host of the URL', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map(named));
    const all = client(places(...servers));
    const texts: string[] = [];
    for (let i = 0; i < 9; i++) texts.push(textOf(await all.get('http://credit.test/x')));
    expect(texts.sort().join('')).toBe('aaabbbccc');
    expect(servers.map(({ requests }) => fieldValues(requests[0], 'host'))).toEqual(
      ['credit.test', 'credit.test', 'credit.test'].map((name) => [name]),
    );
    // each keeps its own connection
    expect(servers.map(({ connections }) => connections)).toEqual([1, 1, 1]);
  });

  it('have to present a certificate for the host of the URL', async () => {
    const authority = createAuthority();
    const { key, cert } = authority.issue({ names: ['credit.test'] });
    const server = await newServer((socket) => socket.write(reply('secret')), { tls: { key, cert } });
    const replicas = { addresses: [`127.0.0.1:${server.port}`] };
    const secure = newClient({
      hosts: { 'credit.test': { replicas }, 'other.test': { replicas } },
      tls: { verifyPeer: false },
    });
    expect(textOf(await secure.get('https://credit.test/'))).toBe('secret');
    expect(await secure.get('https://other.test/')).toMatchObject({ kind: 'error', code: 'tls' });
  });

  it('replace a dead one at once, for a POST too, without a retry', async () => {
    const well = await named('well');
    const all = client([...places(await deadPort(), await deadPort()), ...places(well)]);
    for (let i = 0; i < 20; i++) expect((await all.post('http://credit.test/', 'once')).rc).toBe(1);
    expect(well.requests).toHaveLength(20);
  });

  it('are tried once each before the failure is the outcome', async () => {
    const all = client(places(await deadPort(), await deadPort()));
    for (let i = 0; i < 10; i++) expect((await all.get('http://credit.test/')).kind).toBe('refused');
  });

  it('never get a POST a second time once any of it was sent', async () => {
    const broken = await newServer((socket) => socket.resetAndDestroy());
    const well = await named('well');
    const all = client(places(broken, well), {}, true);
    let failed = 0;
    for (let i = 0; i < 20; i++)
      if ((await all.post('http://credit.test/', 'once')).kind === 'error') failed++;
    expect(broken.requests).toHaveLength(failed);
    expect(broken.requests.length + well.requests.length).toBe(20);
    expect(failed).toBe(3); // then it is ejected
  });

  it('get a GET that failed on another one, ignoring its Retry-After', async () => {
    const busy = await newServer((socket) =>
      socket.write('HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n'),
    );
    const well = await named('well');
    const all = client(places(busy, well), {}, true);
    for (let i = 0; i < 20; i++) expect(textOf(await all.get('http://credit.test/'))).toBe('well');
    // its Retry-After ejects it with the first answer
    expect(busy.requests).toHaveLength(1);
  });

  it('that hang while connecting are skipped for the next one', async () => {
    const hanging = closeLater(await startDeadHost());
    const well = await named('well');
    const all = client(places(Number(new URL(hanging.origin).port), well), {
      connectTimeout: 50,
      failures: 1,
    });
    for (let i = 0; i < 4; i++) expect(textOf(await all.get('http://credit.test/'))).toBe('well');
  });

  it('that are ejected are probed by path', async () => {
    let isWell = false;
    const flapping = await newServer((socket, { target }) =>
      socket.write(isWell ? reply(target) : 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'),
    );
    const other = await named('other');
    const changes: unknown[] = [];
    const onChange = (message: unknown): void => void changes.push(message);
    subscribe('siprest:rest:host', onChange);
    const all = client(places(flapping, other), {
      failures: 1,
      ejectTime: 60_000,
      probePath: '/health',
      probeInterval: 20,
    });
    for (let i = 0; i < 4; i++) await all.get('http://credit.test/');
    await until(() => flapping.requests.filter(({ target }) => target === '/health').length > 1);
    expect(changes).toMatchObject([
      { origin: 'http://credit.test:80', policy: 'replicas', state: 'ejected' },
    ]);
    isWell = true;
    await until(() => changes.length === 2);
    expect(changes[1]).toMatchObject({ state: 'readmitted', reason: `127.0.0.1:${flapping.port}` });
    unsubscribe('siprest:rest:host', onChange);
    const texts = new Set<string>();
    for (let i = 0; i < 4; i++) texts.add(textOf(await all.get('http://credit.test/')));
    expect(texts.has('/')).toBe(true);
  });

  it('are discovered by SRV and by address, without duplicates', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const dns = closeLater(
      await startNameServer({
        srv: {
          '_http._tcp.credit.test': [
            [0, 1, a.port, 'one.test'],
            [0, 1, a.port, 'one.test'],
            [0, 1, b.port, 'one.test'],
            [9, 1, b.port, '_http._tcp.credit.test'],
          ],
        },
        a: { 'one.test': ['127.0.0.1'], 'many.test': ['127.0.0.1', '127.0.0.1'] },
      }),
    );
    const shared = newShared({
      resolver: new NameResolver({ servers: [dns.address], timeout: 200, tries: 1, clock: steadyClock }),
    });
    const by = (replicas: ReplicaOptions) => newClient({ shared, hosts: { '*': { replicas } } });
    const srv = by({ discover: 'srv', service: '_http._tcp.credit.test' });
    const texts: string[] = [];
    for (let i = 0; i < 4; i++) texts.push(textOf(await srv.get('http://credit.test/')));
    expect(texts.sort()).toEqual(['a', 'a', 'b', 'b']);
    const addresses = by({ discover: 'addresses' });
    expect(textOf(await addresses.get(`http://many.test:${a.port}/`))).toBe('a');
    const none = by({ discover: 'srv', service: '_http._tcp.none.test' });
    const outcome = await none.get('http://credit.test/');
    expect(outcome).toMatchObject({ kind: 'error', code: 'dns' });
    expect(reasonOf(outcome)).toContain('_http._tcp.none.test has no SRV record');
  });

  it('answer instead of an unusually slow one, with hedging', async () => {
    let isSlow = false;
    const held: (() => void)[] = [];
    const sometimes = await newServer((socket) => {
      if (isSlow) held.push(() => socket.write(reply('late')));
      else socket.write(reply('slow'));
    });
    const quick = await named('quick');
    const all = client(places(sometimes, quick), { hedge: true });
    for (let i = 0; i < 60; i++) await all.get('http://credit.test/');
    isSlow = true;
    for (let i = 0; i < 8; i++) expect(textOf(await all.get('http://credit.test/'))).toBe('quick');
    expect(held.length).toBeGreaterThan(0);
    await until(() => all.active === 0);
    isSlow = false;
    expect((await all.post('http://credit.test/', 'x')).rc).toBe(1);
  });

  it('are validated', () => {
    const wrong = (replicas: unknown) => () =>
      newClient({ hosts: { a: { replicas: replicas as ReplicaOptions } } });
    expect(wrong({})).toThrow(
      "invalid hosts['a'].replicas: discover 'list' needs hosts['a'].replicas.addresses",
    );
    expect(wrong({ addresses: ['http://x'] })).toThrow("expected a host and port such as '192.0.2.1:8080'");
    expect(wrong({ addresses: ['x:0'] })).toThrow('expected a host and port');
    expect(wrong({ discover: 'srv', service: 'x' })).toThrow("such as '_http._tcp.example.org'");
    expect(wrong({ discover: 'dns' })).toThrow("expected 'list', 'addresses' or 'srv'");
    expect(wrong({ addresses: ['x'], probePath: 'health' })).toThrow("expected a path such as '/health'");
    expect(wrong({ addresses: Array(65).fill('x') })).toThrow('expected at most 64 entries');
  });
});

describe('a set of replicas', () => {
  const answer = (status: number) => ResponseOutcome.of({ status });
  const setOf = (count: number, weights: readonly number[] = []) => {
    const set = new ReplicaSet(settings);
    set.update(
      Array.from({ length: count }, (_, i) => ({
        hostname: `r${i}`,
        port: 80,
        priority: 0,
        weight: weights[i] ?? 1,
      })),
    );
    return set;
  };
  const one = (set: ReplicaSet, now: number, outcome: Outcome, busy = 0): string | undefined => {
    const replica = set.choose(new Set(), now);
    if (replica === null) return undefined;
    const isLastResort = set.begin(replica, now);
    set.end(replica, outcome, busy, now, isLastResort);
    return replica.hostname;
  };

  it('chooses the least loaded for its weight', () => {
    const set = setOf(3, [1, 1, 2]);
    const chosen: string[] = [];
    for (let i = 0; i < 8; i++) {
      const replica = set.choose(new Set(), 0);
      if (replica === null) continue;
      set.begin(replica, 0);
      chosen.push(replica.hostname);
    }
    expect(chosen.sort()).toEqual(['r0', 'r0', 'r1', 'r1', 'r2', 'r2', 'r2', 'r2']);
  });

  it('uses a lower priority only if no replica of a higher one is left', () => {
    const set = new ReplicaSet(settings);
    set.update(['first', 'second'].map((hostname, priority) => ({ hostname, port: 1, priority, weight: 1 })));
    for (let i = 0; i < 3; i++) expect(one(set, 0, answer(503))).toBe('first');
    expect(one(set, 0, answer(200))).toBe('second');
    expect(one(set, 5_000, answer(200))).toBe('first');
  });

  it('ejects for longer each time, tries again with one request, and falls back to ejected ones', () => {
    const set = setOf(1);
    const until: number[] = [];
    let now = 0;
    const [replica] = set.all;
    for (let i = 0; i < 3; i++) one(set, now, answer(503));
    for (let i = 0; i < 6; i++) {
      until.push((replica?.ejectedUntil ?? 0) - now);
      now = replica?.ejectedUntil ?? 0;
      one(set, now, answer(503));
    }
    expect(until).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 80_000]);
    now = replica?.ejectedUntil ?? 0;
    one(set, now, answer(200));
    expect(replica?.ejectedUntil).toBe(0);
  });

  it('readmits one early that answers while all are ejected', () => {
    const set = setOf(2);
    const [sick, well] = set.all;
    for (let i = 0; i < 6; i++) one(set, 0, answer(503));
    expect(set.ejected).toBe(2);
    const answers = { r0: answer(503), r1: answer(200) };
    for (let i = 0; i < 2; i++) {
      const replica = set.choose(new Set(), 1);
      if (replica === null) throw new Error('no replica');
      const outcome = replica === well ? answers.r1 : answers.r0;
      set.end(replica, outcome, 0, 1, set.begin(replica, 1));
    }
    expect([sick?.ejectedUntil, well?.ejectedUntil]).toEqual([5_000, 0]);
    for (let i = 0; i < 4; i++) expect(one(set, 2, answer(200))).toBe('r1');
  });

  it('ejects by failure rate too, keeps state across updates, and is limited', () => {
    const set = setOf(1);
    const [replica] = set.all;
    for (let i = 0; i < 22; i++) one(set, 0, answer(i % 3 === 0 ? 503 : 200));
    expect(replica?.ejectedUntil).toBe(5_000);
    set.update([
      { hostname: 'r0', port: 80, priority: 0, weight: 1 },
      ...Array.from({ length: 1_000 }, (_, i) => ({ hostname: 'x', port: i + 1, priority: 0, weight: 1 })),
    ]);
    expect([...set.all][0]).toBe(replica);
    expect(set.size).toBe(64);
  });
});

describe('a call over replicas', () => {
  it('stays within its time limit, whatever they do', async () => {
    const host = { replicas: { addresses: ['a', 'b', 'c'], connectTimeout: 400 }, retry: { count: 5 } };
    const simulation = simulate(
      host,
      (request, clock) =>
        new Promise((resolve) =>
          clock.setTimer(request.connectTimeout, () => resolve(ResponseOutcome.of({ status: 503 }))),
        ),
      { timeout: 1_000 },
    );
    const outcome = await ended(simulation.ask(), simulation);
    expect(outcome.kind).toBe('response');
    expect(simulation.clock.now()).toBeLessThan(1_020);
    expect(new Set(simulation.sent.map(({ route }) => route?.connectTo?.hostname)).size).toBe(3);
  });
});
