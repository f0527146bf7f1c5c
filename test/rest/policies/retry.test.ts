import { describe, expect, it } from 'vitest';
import { type HostOptions, type Outcome, ResponseOutcome } from '../../../src/rest/index.ts';
import { retryAfter } from '../../../src/rest/policies/retry-after.ts';
import { RetryBudget } from '../../../src/rest/policies/retry-budget.ts';
import { steadyClock } from '../../support/steady-clock.ts';
import { newClient, newServer, textOf } from '../fixture.ts';
import { reply } from '../raw-server.ts';
import { ended, simulate } from './simulated.ts';

const busy = 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n';
const status = (code: number, ...headers: (readonly [string, string])[]) =>
  ResponseOutcome.of({ status: code, headers });

/** Answers in turn, the last one for ever. */
function inTurn(...outcomes: Outcome[]): () => Outcome {
  let at = 0;
  return () => outcomes[Math.min(at++, outcomes.length - 1)] ?? status(500);
}

const hosts = (retry: HostOptions['retry']) => ({ '*': { retry: { backoff: 1, ...retry } } });

describe('retries', () => {
  it('repeat a request after a status, a refusal or a reset, up to count times', async () => {
    let left = 2;
    const server = await newServer((socket) => {
      if (left-- > 0) socket.resetAndDestroy();
      else socket.write(reply('at last'));
    });
    const client = newClient({ hosts: hosts({ count: 2 }) });
    expect(textOf(await client.get(server.origin))).toBe('at last');
    expect(server.requests).toHaveLength(3);
    left = 100;
    expect(await client.get(server.origin)).toMatchObject({ kind: 'error', code: 'reset' });
    // one more than the attempts: the kept connection turned out to be closed
    expect(server.requests.length).toBeLessThanOrEqual(7);
  });

  it.each([
    ['POST', {}, 1],
    ['PATCH', {}, 1],
    ['get', {}, 1],
    ['POST', { 'Idempotency-Key': 'order-7' }, 3],
    ['POST', { 'idempotency-key': '' }, 1],
    ['PUT', {}, 3],
    ['DELETE', {}, 3],
    ['GET', {}, 3],
  ])('send %s with %j %i times', async (method, headers, times) => {
    const { ask, sent, clock } = simulate({ retry: {} }, () => status(503));
    expect((await ended(ask(method, undefined, { headers }), { clock })).retcode).toBe(503);
    expect(sent).toHaveLength(times);
  });

  it('repeat a POST only if none of it was sent', async () => {
    const server = await newServer((socket) => socket.resetAndDestroy());
    const client = newClient({
      hosts: hosts({ failures: ['refused', 'reset', 'timeout', 'connect-timeout'] }),
    });
    for (let i = 0; i < 5; i++) expect((await client.post(server.origin, 'once')).rc).toBe(-10);
    expect(server.requests).toHaveLength(5);
    await server.close();
    const before = steadyClock.now();
    expect((await client.post(server.origin, 'once')).rc).toBe(-1);
    expect(steadyClock.now() - before).toBeLessThan(5_000);
  });

  it('back off with full jitter, doubling up to a bound', async () => {
    const pauses: number[] = [];
    const random = 0.75;
    let last = 0;
    const { ask, clock } = simulate(
      { retry: { count: 4, backoff: 100, maxBackoff: 300 } },
      (_, { now }) => {
        void now;
        pauses.push(clock.now() - last);
        last = clock.now();
        return status(503);
      },
      { random: () => random },
    );
    await ended(ask(), { clock }, 1);
    expect(pauses).toEqual([0, 75, 150, 225, 225]);
  });

  it('stay within the time limit of the call', async () => {
    const times: number[] = [];
    const { ask, clock } = simulate(
      { retry: { count: 10, backoff: 1_000, maxBackoff: 1_000, attemptTimeout: 300 } },
      (request) => {
        times.push(request.timeout);
        return new Promise((resolve) => clock.setTimer(request.timeout, () => resolve(status(503))));
      },
      { timeout: 2_000 },
    );
    expect((await ended(ask(), { clock })).retcode).toBe(503);
    expect(times).toEqual([300, 300, 300]);
    expect(clock.now()).toBeLessThan(2_010);
  });

  it('wait for Retry-After, unless it is too long', async () => {
    const answers = inTurn(
      status(503, ['Retry-After', '1']),
      status(429, ['Retry-After', 'Thu, 01 Jan 2026 00:00:03 GMT']),
      status(200),
    );
    const short = simulate({ retry: { maxRetryAfter: 5_000 } }, answers, { random: () => 0 });
    expect((await ended(short.ask(), short)).retcode).toBe(200);
    expect(short.clock.now()).toBeGreaterThanOrEqual(3_000);
    for (const value of ['3', '1000000000', '99999999999999999999', 'Fri, 01 Jan 2100 00:00:00 GMT']) {
      const long = simulate({ retry: { maxRetryAfter: 2_500 } }, () => status(503, ['Retry-After', value]));
      expect((await ended(long.ask(), long)).retcode).toBe(503);
      // what is not understood does not count
      expect([value, long.sent.length]).toEqual([value, value.length > 15 && /^\d+$/.test(value) ? 3 : 1]);
    }
  });

  it('end with the signal of the request', async () => {
    const server = await newServer((socket) => socket.write(busy));
    const client = newClient({ hosts: hosts({ backoff: 60_000, maxBackoff: 60_000 }), timeout: 300_000 });
    const outcome = await client.get(server.origin, { signal: AbortSignal.timeout(50) });
    expect(outcome).toMatchObject({ kind: 'error', code: 'aborted' });
  });

  it('are at most a tenth of the requests, plus a few', async () => {
    const { ask, sent, clock } = simulate({ retry: { backoff: 0 } }, () => status(503));
    for (let i = 0; i < 1_000; i++) await ended(ask(), { clock }, 0);
    expect(sent.length).toBeGreaterThanOrEqual(1_100);
    expect(sent.length).toBeLessThanOrEqual(1_112);
  });

  it('are not made while the circuit breaker is open', async () => {
    const { ask, sent, clock } = simulate({ retry: { count: 9 }, breaker: { minimum: 2 } }, () =>
      status(503),
    );
    expect((await ended(ask(), { clock })).kind).toBe('blocked');
    expect(sent).toHaveLength(2);
  });
});

describe('the budget of retries', () => {
  it('grows with requests, and slowly with time', () => {
    const budget = new RetryBudget(0.1);
    const all = (now: number): number => {
      let count = 0;
      while (budget.withdraw(now)) count++;
      return count;
    };
    expect(all(0)).toBe(10);
    for (let i = 0; i < 50; i++) budget.deposit();
    expect(all(0)).toBe(5);
    expect(all(30_000)).toBe(3);
    expect(all(1e12)).toBe(10);
    for (let i = 0; i < 10_000; i++) budget.deposit();
    expect(all(1e12)).toBe(10);
    expect(new RetryBudget(0).withdraw(1e12)).toBe(false);
  });
});

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Thursday, 01-Jan-26 00:01:00 GMT', 60_000],
    ['Thu Jan  1 00:01:00 2026', 60_000],
    ['Thu, 01 Jan 2020 00:01:00 GMT', 0],
    ['-1', null],
    ['1.5', null],
    ['soon', null],
    ['2026-01-01', null],
    ['', null],
    [undefined, null],
  ])('of %j is %s ms', (value, milliseconds) => {
    expect(retryAfter(value, Date.UTC(2026, 0, 1))).toBe(milliseconds);
  });
});
