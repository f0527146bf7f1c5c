/** With `globals` a policy's own timers, dates and fetch() are those of the simulation. */
import { describe, expect, test } from 'vitest';
import { type Call, defineServer } from '../../src/routing/index.ts';
import { type Simulation, simulate } from '../../src/testing/index.ts';

const bob = 'sip:bob@home.example';

/** A simulation whose handler of MESSAGE answers with a header `X-Result`. */
async function simulation(
  handle: (call: Call) => unknown,
  prepare: (kit: Simulation) => void = () => undefined,
): Promise<string | null> {
  const policy = defineServer({
    sockets: ['udp:192.0.2.1:5060'],
    async onMessage(call) {
      const result = await Promise.resolve(handle(call)).catch((error: unknown) => error);
      call.reply(200, 'OK', { headers: { 'X-Result': String(result) } });
    },
  });
  await using kit = await simulate(policy, { globals: true });
  prepare(kit);
  return (await kit.caller('alice').send('MESSAGE', bob).final()).header('x-result');
}

describe('time', () => {
  test('timers, dates and performance follow the clock', async () => {
    const result = await simulation(async () => {
      const [time, date] = [performance.now(), Date.now()];
      await new Promise((resolve) => setTimeout(resolve, 20_000));
      return `${Math.round(performance.now() - time)} ${Date.now() - date} ${new Date().toISOString().slice(0, 18)}`;
    });
    expect(result).toBe('20000 20000 2026-01-01T00:00:2');
  });

  test('an interval repeats until cleared, and a cleared timeout never fires', async () => {
    const result = await simulation(
      () =>
        new Promise((resolve) => {
          const fired: number[] = [];
          const never = setTimeout(() => fired.push(-1), 1500);
          const start = Date.now();
          const interval = setInterval(
            (step) => {
              fired.push(step, Date.now() - start);
              clearTimeout(never);
              if (fired.length < 6) return;
              clearInterval(Number(interval));
              setTimeout(resolve, 5000, fired);
            },
            1000,
            1,
          );
        }),
    );
    expect(result).toBe('1,1000,1,2000,1,3000');
  });

  test('AbortSignal.timeout ends a request', async () => {
    const result = await simulation(
      async (call) => {
        const before = Date.now();
        const { kind } = await call.rest.get('http://slow.example/', { signal: AbortSignal.timeout(500) });
        return `${kind} ${Date.now() - before}`;
      },
      (kit) => kit.services.on('slow.example', 'hangs'),
    );
    expect(result).toBe('error 500');
  });

  test('new Date() is a Date, and other dates are as usual', async () => {
    const result = await simulation(
      () =>
        `${new Date() instanceof Date} ${new Date(0).getTime()} ${typeof Date()} ${Date.UTC(2026, 0)} ${Date.parse('2026-01-01T00:00:00Z')}`,
    );
    expect(result).toBe('true 0 string 1767225600000 1767225600000');
  });
});

describe('fetch', () => {
  test('reaches services', async () => {
    const result = await simulation(
      async () => {
        const response = await fetch('https://credit.example/accounts?user=alice', {
          method: 'POST',
          headers: { Authorization: 'Bearer 1' },
          body: JSON.stringify({ amount: 3 }),
        });
        return `${response.status} ${JSON.stringify(await response.json())} ${response.url}`;
      },
      (kit) =>
        kit.services.on('credit.example', ({ method, body, headers, query }) => ({
          status: 201,
          json: [method, body, headers.get('authorization'), headers.get('content-type'), query.get('user')],
        })),
    );
    expect(result).toBe(
      '201 ["POST","{\\"amount\\":3}","Bearer 1","text/plain;charset=UTF-8","alice"] https://credit.example/accounts?user=alice',
    );
  });

  test('follows redirects, and sends credentials to no other host', async () => {
    const result = await simulation(
      async () => {
        const response = await fetch('http://old.example/a', { headers: { Authorization: 'Bearer 1' } });
        return `${response.redirected} ${await response.text()}`;
      },
      (kit) => {
        kit.services.on('old.example', { status: 302, headers: { Location: 'http://new.example/b' } });
        kit.services.on('new.example', ({ target, headers }) => ({
          body: `${target} ${headers.get('authorization')}`,
        }));
      },
    );
    expect(result).toBe('true /b null');
  });

  test('rejects like the real one', async () => {
    const result = await simulation(
      async () => {
        const refused = await fetch('http://down.example/').catch((error: Error) => error);
        const late = await fetch('http://slow.example/', { signal: AbortSignal.timeout(100) }).catch(
          (error: Error) => error,
        );
        const { name, cause } = refused as TypeError;
        return `${name} ${(cause as { code: string }).code} ${(late as Error).name}`;
      },
      (kit) => {
        kit.services.on('down.example', 'refused');
        kit.services.on('slow.example', 'hangs');
      },
    );
    expect(result).toBe('TypeError ECONNREFUSED TimeoutError');
  });
});

test('the real globals come back, and two simulations cannot have them at once', async () => {
  const names = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'fetch'] as const;
  const now = () => [...names.map((name) => globalThis[name]), performance.now, AbortSignal.timeout];
  const before = now();
  const policy = defineServer({ sockets: ['udp:192.0.2.1:5060'], onOptions: (call) => call.reply(200) });
  const first = await simulate(policy, { globals: true });
  expect(now().filter((value, i) => value === before[i])).toEqual([]);
  await expect(simulate(policy, { globals: true })).rejects.toThrow(
    'another simulation has the globals: close it first',
  );
  await first.close();
  expect(now()).toEqual(before);
  await (await simulate(policy, { globals: true })).close();
});
