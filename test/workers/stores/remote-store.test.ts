/** Processes and the store that their supervisor keeps: the messages between them are plain data. */
import { describe, expect, it } from 'vitest';
import type { StoreOperation } from '../../../src/runtime/index.ts';
import { SimulatedClock } from '../../../src/timers/index.ts';
import type { StoreRequest } from '../../../src/workers/stores/messages.ts';
import { RemoteStore, type RemoteStoreOptions } from '../../../src/workers/stores/remote-store.ts';
import { StoreKeeper } from '../../../src/workers/stores/store-keeper.ts';
import type { StoreStateOptions } from '../../../src/workers/stores/store-state.ts';
import { describeStore } from '../../runtime/store-contract.ts';

/** Messages go as JSON, and later, as they do between real processes. */
function connect(processes: number, options: StoreStateOptions = {}) {
  const wire = <T>(message: T) => JSON.parse(JSON.stringify(message)) as T;
  const stores: RemoteStore[] = [];
  const keeper = new StoreKeeper(
    {
      answer: (process, answers) => setImmediate(() => stores[process]?.receive([], wire(answers))),
      announce: (changes) => {
        for (const store of stores) setImmediate(() => store.receive(wire(changes), []));
      },
    },
    options,
  );
  for (let process = 0; process < processes; process++)
    stores.push(
      new RemoteStore({
        send: (requests, sent) =>
          setImmediate(() => {
            sent();
            keeper.receive(process, wire(requests));
          }),
      }),
    );
  return { keeper, stores };
}

const turns = async () => {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
};

describeStore('at the supervisor', ({ processes, ...options }) => {
  const { keeper, stores } = connect(processes, options);
  return {
    stores,
    end: (process) => keeper.end(process),
    close: () => keeper.close(),
    settle: turns,
  };
});

const get: StoreOperation<'get'> = { kind: 'get', collection: 'c', key: 'k' };
const lock = (wait: number | null): StoreOperation<'lock'> => ({
  kind: 'lock',
  space: 's',
  key: 'k',
  owner: 1,
  reentrant: false,
  wait,
  lease: null,
});

describe('at the supervisor', () => {
  it('a process that starts gets all values', async () => {
    const { keeper, stores } = connect(1);
    stores[0]?.values('$shv').set('x', 6);
    await turns();
    expect(keeper.snapshot).toEqual([{ space: '$shv', key: 'x', value: 6 }]);
  });

  it('an unknown operation is answered with an error, and the process goes on', async () => {
    const { stores } = connect(1);
    const unknown = { ...get, kind: 'of a later version' } as unknown as typeof get;
    await expect(stores[0]?.ask(unknown)).rejects.toMatchObject({ name: 'StoreError', code: 'invalid' });
    expect(await stores[0]?.values('$stat').add('x', 1)).toBe(1);
  });
});

describe('a supervisor that does not answer', () => {
  const silent = (options: Partial<RemoteStoreOptions> = {}) => {
    const requests: StoreRequest[] = [];
    const clock = new SimulatedClock();
    const store = new RemoteStore({
      send: (more) => requests.push(...more),
      clock,
      timeout: 5000,
      ...options,
    });
    return { store, clock, requests };
  };

  it('is an error after a time limit, except for a lock that is waited for', async () => {
    const { store, clock } = silent();
    const outcomes: string[] = [];
    const note = (name: string, asked: Promise<unknown>) =>
      void asked.catch((error: { code: string }) => outcomes.push(`${name} ${error.code} ${clock.now()}`));
    note('get', store.ask(get));
    note('lock', store.ask(lock(0)));
    note('wait', store.ask(lock(10_000)));
    note('for ever', store.ask(lock(null)));
    await clock.pass(60_000);
    expect(outcomes).toEqual(['get timeout 5000', 'lock timeout 5000', 'wait timeout 15000']);
  });

  it('and grants a lock too late gets it back', async () => {
    const { store, clock, requests } = silent();
    const asked = store.ask(lock(0));
    asked.catch(() => undefined);
    await clock.pass(10_000);
    await expect(asked).rejects.toMatchObject({ code: 'timeout' });
    store.receive([], [{ id: requests[0]?.id ?? 0, result: 'granted' }]);
    await turns();
    expect(requests.at(-1)).toEqual({ operation: { kind: 'unlock', space: 's', key: 'k', owner: 1 } });
  });

  it('is limited in pending requests and bytes', async () => {
    const few = silent({ mostAsked: 3 });
    const codes: string[] = [];
    for (let i = 0; i < 5; i++)
      few.store.ask(get).catch((error: { code: string }) => codes.push(`${i} ${error.code}`));
    await turns();
    expect(codes).toEqual(['3 overloaded', '4 overloaded']);

    const small = silent({ mostUnsent: 10_000 });
    let set = 0;
    while (small.store.values('$shv').set(`x${set}`, 'x'.repeat(1000))) set++;
    await turns();
    expect([set, small.requests.length]).toEqual([7, 7]);
    expect(small.store.values('$shv').set('x', 'x'.repeat(3000))).toBe(false);
    await expect(small.store.ask({ ...get, key: 'x'.repeat(5000) })).rejects.toMatchObject({
      code: 'overloaded',
    });
    // what gives something back always goes out
    for (let i = 0; i < 20; i++) small.store.tell({ kind: 'unlock', space: 's', key: 'k', owner: 1 });
    await turns();
    expect(small.requests.length).toBe(27);
  });

  it('that is gone is an error at once', async () => {
    const { store, clock } = silent();
    const before = store.ask(lock(null));
    store.close();
    await expect(before).rejects.toMatchObject({ code: 'unreachable' });
    await expect(store.ask(get)).rejects.toMatchObject({ code: 'unreachable' });
    expect(clock.timers).toBe(0);
  });
});
