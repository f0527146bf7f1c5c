import { describe, expect, it } from 'vitest';
import { StoreHostSharing } from '../../../src/modules/rest-client/host-sharing.ts';
import { type HostOptions, type HostSharing } from '../../../src/rest/index.ts';
import { MemoryStore } from '../../../src/workers/stores/memory-store.ts';
import { StoreState } from '../../../src/workers/stores/store-state.ts';
import { until } from '../../support/until.ts';
import { newClient, newServer, newShared } from '../fixture.ts';
import { reply } from '../raw-server.ts';

/** Clients of several processes with one store. */
function processes(count: number, host: HostOptions) {
  const state = new StoreState();
  return Array.from({ length: count }, (_, session) => {
    const sharing = new StoreHostSharing(new MemoryStore(state, session));
    return newClient({ hosts: { '*': host }, shared: newShared({ sharing }) });
  });
}

describe('several processes', () => {
  it('have one limit of requests at a time', async () => {
    const held: (() => void)[] = [];
    const server = await newServer((socket) => held.push(() => socket.write(reply('x'))));
    const clients = processes(3, { limits: { concurrency: 3, queueTime: 0 } });
    const outcomes = clients.flatMap((client) => [1, 2].map(() => client.get(server.origin)));
    await until(() => held.length === 3);
    const over = await Promise.race([
      Promise.all(outcomes),
      new Promise((resolve) => setTimeout(resolve, 50)),
    ]);
    expect([over, held.length]).toEqual([undefined, 3]);
    for (const answer of held) answer();
    const kinds = (await Promise.all(outcomes)).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['blocked', 'blocked', 'blocked', 'response', 'response', 'response']);
  });

  it('wait for a permit that another one returns', async () => {
    const held: (() => void)[] = [];
    const server = await newServer((socket) => held.push(() => socket.write(reply('x'))));
    const [one, other] = processes(2, { limits: { concurrency: 1, queueTime: 60_000 } });
    const first = one?.get(server.origin);
    await until(() => held.length === 1);
    const second = other?.get(server.origin);
    held[0]?.();
    await until(() => held.length === 2);
    held[1]?.();
    expect([(await first)?.rc, (await second)?.rc]).toEqual([1, 1]);
  });

  it('have one circuit breaker', async () => {
    const server = await newServer((socket) => socket.end());
    const clients = processes(3, { breaker: { minimum: 2, openTime: 60_000 } });
    for (let i = 0; i < 2; i++) await clients[0]?.get(server.origin);
    // also those that ask this host for the first time
    for (const client of clients) expect((await client.get(server.origin)).kind).toBe('blocked');
    expect(server.requests).toHaveLength(2);
  });

  it('share one access token, and leave a failing token endpoint alone', async () => {
    let works = true;
    const tokens = await newServer((socket) => {
      if (works) socket.write(reply('{"access_token":"one","expires_in":3600}'));
      else socket.write(reply('no'));
    });
    const server = await newServer((socket) => socket.write(reply('x')));
    const auth = (scope: string): HostOptions => ({
      auth: {
        scheme: 'oauth2',
        tokenUrl: `${tokens.origin}/token`,
        clientId: 'id',
        clientSecret: 'secret',
        scope,
      },
    });
    const ask = (scope: string) =>
      Promise.all(processes(3, auth(scope)).map((client) => client.get(server.origin)));
    expect((await ask('a')).map(({ rc }) => rc)).toEqual([1, 1, 1]);
    expect(tokens.requests).toHaveLength(1);
    works = false;
    expect((await ask('b')).map(({ rc }) => rc)).toEqual([-5, -5, -5]);
    expect(tokens.requests).toHaveLength(2);
  });

  it('apply their own limits if the supervisor hangs, and return late permits', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    let grant: (granted: boolean) => void = () => {};
    let given = 0;
    const sharing: HostSharing = {
      take: () =>
        new Promise((resolve) => {
          grant = resolve;
        }),
      give: () => given++,
      lock: () => true,
      unlock: () => {},
      announce: () => {},
      stateOf: () => undefined,
      watch: () => {},
    };
    const client = newClient({
      hosts: { '*': { limits: { concurrency: 1, queueTime: 20 } } },
      shared: newShared({ sharing }),
      timeout: 10_000,
    });
    expect((await client.get(server.origin)).rc).toBe(1);
    grant(true);
    await until(() => given === 1);
  });

  it('continue on their own if the supervisor is unreachable', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const sharing: HostSharing = {
      take: () => Promise.reject(new Error('gone')),
      give: () => {},
      lock: () => Promise.reject(new Error('gone')),
      unlock: () => {},
      announce: () => {},
      stateOf: () => undefined,
      watch: () => {},
    };
    const client = newClient({
      hosts: { '*': { limits: { concurrency: 1 } } },
      shared: newShared({ sharing }),
    });
    expect((await client.get(server.origin)).rc).toBe(1);
  });
});
