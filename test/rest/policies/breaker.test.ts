import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { ResponseOutcome } from '../../../src/rest/index.ts';
import { OutcomeWindow } from '../../../src/rest/policies/outcome-window.ts';
import { later } from '../../support/steady-clock.ts';
import { newClient, newServer, reasonOf } from '../fixture.ts';
import { reply } from '../raw-server.ts';
import { simulate } from './simulated.ts';

const status = (code: number) => ResponseOutcome.of({ status: code });

describe('a circuit breaker', () => {
  const breaker = { minimum: 4, failureRate: 50, window: 1_000, openTime: 5_000, probes: 2 };

  it('opens by the rate of failures, refuses, probes and closes', async () => {
    let well = false;
    const simulation = simulate({ breaker }, () => status(well ? 200 : 503));
    const { ask, clock, sent, lines } = simulation;
    const changes: unknown[] = [];
    const onChange = (message: unknown): void => void changes.push(message);
    subscribe('siprest:rest:host', onChange);
    for (let i = 0; i < 4; i++) expect((await ask()).retcode).toBe(503);
    const refused = await ask();
    expect(refused).toMatchObject({ kind: 'blocked', rc: -5, policy: 'breaker' });
    expect(reasonOf(refused)).toBe(
      'http://credit.test:80: the circuit breaker is open for another 5000 ms, since 4 of the last 4 calls within 1000 ms failed',
    );
    expect(sent).toHaveLength(4);
    await clock.pass(5_000);
    expect((await ask()).retcode).toBe(503); // the probe fails, and it opens again
    expect((await ask()).kind).toBe('blocked');
    expect(sent).toHaveLength(5);
    well = true;
    await clock.pass(5_000);
    for (let i = 0; i < 6; i++) expect((await ask()).retcode).toBe(200);
    expect(sent).toHaveLength(11);
    unsubscribe('siprest:rest:host', onChange);
    expect(changes.map((change) => (change as { state: string }).state)).toEqual([
      'open',
      'half-open',
      'open',
      'half-open',
      'closed',
    ]);
    expect(lines[0]).toContain('the circuit breaker of http://credit.test:80 is open');
    expect(lines).toHaveLength(5);
  });

  it('lets only its probes through while half-open, and does not count inconclusive outcomes', async () => {
    const answers: ((code: number) => void)[] = [];
    let held = false;
    const simulation = simulate({ breaker }, () =>
      held ? new Promise((resolve) => answers.push((code) => resolve(status(code)))) : status(500),
    );
    for (let i = 0; i < 4; i++) await simulation.ask();
    held = true;
    await simulation.clock.pass(6_000);
    const probes = [simulation.ask(), simulation.ask()];
    const more = await simulation.ask();
    expect(reasonOf(more)).toContain('waits for its probes');
    for (const answer of answers) answer(200);
    expect((await Promise.all(probes)).map(({ rc }) => rc)).toEqual([1, 1]);
    held = false;
    expect((await simulation.ask()).rc).toBe(1);
  });

  it('opens because of slow calls, but not of few calls, old ones, or failures on this side', async () => {
    let took = 0;
    const slow = { breaker: { ...breaker, slowTime: 100, slowRate: 50 } };
    const server = await newServer((socket) => later(() => socket.write(reply('x')), took));
    const client = newClient({ hosts: { '*': slow } });
    for (let i = 0; i < 4; i++) expect((await client.get(server.origin)).rc).toBe(1);
    took = 150;
    let outcome = await client.get(server.origin);
    for (let i = 0; i < 20 && outcome.kind !== 'blocked'; i++) outcome = await client.get(server.origin);
    expect(reasonOf(outcome)).toMatch(/of the last \d+ calls within 1000 ms took more than 100 ms/);

    const failing = simulate({ breaker }, () => status(500));
    for (let i = 0; i < 12; i++) {
      expect((await failing.ask()).rc).toBe(1); // three in a second at most
      await failing.clock.pass(340);
    }
    const aborted = AbortSignal.abort();
    const own = newClient({ hosts: { '*': { breaker: { minimum: 1 } } } });
    for (let i = 0; i < 5; i++)
      expect((await own.get(server.origin, { signal: aborted })).kind).toBe('error');
    expect((await own.get(server.origin)).rc).toBe(1);
  });

  it('refuses queued requests as soon as it opens', async () => {
    const answers: (() => void)[] = [];
    const host = { breaker: { ...breaker, minimum: 1 }, limits: { concurrency: 1, queueTime: 60_000 } };
    const { ask } = simulate(host, () => new Promise((resolve) => answers.push(() => resolve(status(500)))));
    const first = ask();
    const second = ask();
    await new Promise(setImmediate);
    answers[0]?.();
    expect((await first).retcode).toBe(500);
    expect(reasonOf(await second)).toContain('the circuit breaker is open');
  });

  it('is shared by clients, and stays open across a reload that does not change it', async () => {
    const host = { breaker: { ...breaker, minimum: 1 } };
    const simulation = simulate(host, () => status(500));
    await simulation.ask();
    const next = newClient({ hosts: { 'credit.test': host }, shared: simulation.shared });
    expect((await next.get('http://credit.test/')).kind).toBe('blocked');
    const changed = newClient({
      hosts: { 'credit.test': { breaker: { minimum: 2 } } },
      shared: simulation.shared,
    });
    expect((await changed.get('http://credit.test/')).kind).not.toBe('blocked');
  });

  it('refuses immediately', async () => {
    const server = await newServer((socket) => socket.end());
    const client = newClient({ hosts: { '*': { breaker: { minimum: 1, openTime: 60_000 } } } });
    await client.get(server.origin);
    let turns = 0;
    const turned = setImmediate(() => turns++);
    for (let i = 0; i < 100; i++) expect((await client.get(server.origin)).rc).toBe(-5);
    // all of them within one turn of the event loop
    expect(turns).toBe(0);
    clearImmediate(turned);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a window of outcomes', () => {
  it('counts outcomes younger than its length, and forgets the rest', () => {
    const window = new OutcomeWindow(1_000);
    for (let now = 0; now < 1_000; now += 100) window.add(now % 200 === 0, false, now);
    expect(window.counts).toMatchObject({ total: 10, failures: 5 });
    window.move(1_500);
    expect(window.counts).toMatchObject({ total: 4, failures: 2 });
    window.move(1e9);
    expect(window.counts).toMatchObject({ total: 0, failures: 0, slow: 0 });
    window.add(true, true, 1e9);
    expect(window.counts).toMatchObject({ total: 1, failures: 1, slow: 1 });
  });
});
