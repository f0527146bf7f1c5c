import { describe, expect, it } from 'vitest';
import { type ConnectLock, LocalConnectLock, type RestClient } from '../../src/rest/index.ts';
import { later, sleep } from '../support/steady-clock.ts';
import { until } from '../support/until.ts';
import { newClient, newServer, newShared } from './fixture.ts';
import { reply } from './raw-server.ts';

const LOCKED = { noConcurrentConnects: true };

function workers(count: number, options = {}): { lock: LocalConnectLock; clients: RestClient[] } {
  const lock = new LocalConnectLock();
  const shared = newShared({ connectLock: lock });
  return { lock, clients: Array.from({ length: count }, () => newClient({ ...LOCKED, ...options, shared })) };
}

const slow = (ms: number) => newServer((socket) => later(() => socket.write(reply('x')), ms));
const codes = async (outcomes: Promise<{ rc: number }>[]): Promise<number[]> =>
  (await Promise.all(outcomes)).map((o) => o.rc);

describe('no_concurrent_connects', () => {
  it('gives -4 to others at once, for the whole transfer if requested', async () => {
    const server = await slow(150);
    const { lock, clients } = workers(4);
    const started = clients.map((client) => client.get(server.origin, { holdConnectLock: 'whole' }));
    await sleep(80); // connected long ago, but not done
    started.push(clients[1]?.get(server.origin, { holdConnectLock: 'whole' }) as never);
    expect(await codes(started)).toEqual([1, -4, -4, -4, -4]);
    expect(server.connections).toBe(1);
    expect(lock.size).toBe(0);
  });

  it('is otherwise held only while connecting', async () => {
    const server = await slow(150);
    const { lock, clients } = workers(2);
    const first = clients[0]?.get(server.origin, { holdConnectLock: 'while-connecting' }) as Promise<{
      rc: number;
    }>;
    expect(
      await codes([clients[1]?.get(server.origin, { holdConnectLock: 'while-connecting' }) as never]),
    ).toEqual([-4]);
    await until(() => server.requests.length === 1);
    expect(lock.size).toBe(0);
    expect(
      await codes([first, clients[1]?.get(server.origin, { holdConnectLock: 'while-connecting' }) as never]),
    ).toEqual([1, 1]);
  });

  it('is by host name, whatever the port and scheme', async () => {
    const [a, b] = [await slow(80), await slow(0)];
    const { clients } = workers(3);
    const first = clients[0]?.get(a.origin, { holdConnectLock: 'whole' }) as never;
    const same = clients[1]?.get(b.origin) as never;
    const other = clients[2]?.get(`http://localhost:${b.port}/`) as never;
    expect(await codes([first, same, other])).toEqual([1, -4, 1]);
  });

  it('does not block the client itself', async () => {
    const server = await slow(20);
    const { clients } = workers(1);
    const three = [1, 2, 3].map(
      () => clients[0]?.get(server.origin, { holdConnectLock: 'while-connecting' }) as never,
    );
    expect(await codes(three)).toEqual([1, 1, 1]);
  });

  it('is released however a transfer ends', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/garbage') socket.end('garbage');
      else if (target !== '/silent') socket.write(reply('x'));
    });
    const { lock, clients } = workers(1, { connectTimeout: 100 });
    const client = clients[0] as RestClient;
    for (const [url, more] of [
      [`${server.origin}/`, {}],
      [`${server.origin}/garbage`, {}],
      [`${server.origin}/silent`, { timeout: 50 }],
      [`${server.origin}/silent`, { signal: AbortSignal.timeout(20) }],
      [`https://127.0.0.1:${server.port}/`, {}],
      ['http://127.0.0.1:1/', {}],
      ['http://no-such-name.invalid/', {}],
    ] as const) {
      for (const holdConnectLock of ['whole', 'while-connecting'] as const) {
        await client.get(url, { ...more, holdConnectLock });
        expect(lock.size).toBe(0);
      }
    }
  });

  it('may be acquired asynchronously', async () => {
    const server = await slow(0);
    const log: string[] = [];
    const answers = [true, false];
    const connectLock: ConnectLock = {
      acquire: async (hostname) => {
        log.push(`acquire ${hostname}`);
        return answers.shift() ?? true;
      },
      release: (hostname) => void log.push(`release ${hostname}`),
    };
    const client = newClient({ ...LOCKED, shared: newShared({ connectLock }) });
    expect((await client.get(server.origin)).rc).toBe(1);
    expect((await client.get(server.origin)).rc).toBe(-4);
    expect(await client.get(server.origin, { signal: AbortSignal.abort() })).toMatchObject({ rc: -10 });
    const late = new AbortController();
    const aborted = client.get(server.origin, { signal: late.signal });
    late.abort();
    expect((await aborted).rc).toBe(-10);
    await sleep(5);
    expect(log).toEqual([
      'acquire 127.0.0.1',
      'release 127.0.0.1',
      'acquire 127.0.0.1',
      'acquire 127.0.0.1',
      'release 127.0.0.1',
    ]);
  });
});

describe('lockFreeAge', () => {
  it('lets a worker with a young connection to the host skip the lock', async () => {
    const server = await newServer((socket, { target }) =>
      later(() => socket.write(reply('x')), target === '/slow' ? 150 : 0),
    );
    const { clients } = workers(3, { lockFreeAge: 60_000 });
    const [a, b, c] = clients as [RestClient, RestClient, RestClient];
    await b.get(server.origin);
    const slowOne = a.get(`${server.origin}/slow`, { holdConnectLock: 'whole' });
    const kept = b.get(server.origin, { holdConnectLock: 'whole' });
    const fresh = c.get(server.origin, { holdConnectLock: 'whole' });
    expect(await codes([kept, fresh, slowOne])).toEqual([1, -4, 1]);
  });

  it('of 0 never does, and an old connection does not count', async () => {
    for (const lockFreeAge of [0, 1_000]) {
      const server = await slow(60);
      const { clients } = workers(2, { lockFreeAge });
      const [a, b] = clients as [RestClient, RestClient];
      await b.get(server.origin);
      if (lockFreeAge > 0) await sleep(1050);
      const first = a.get(server.origin, { holdConnectLock: 'whole' });
      expect(await codes([b.get(server.origin), first])).toEqual([-4, 1]);
    }
  });
});
