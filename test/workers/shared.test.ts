/** What processes share, as the supervisor keeps it and as they see it: the messages between them are plain data. */
import { describe, expect, it } from 'vitest';
import { sharedLocks } from '../../src/modules/cfgutils/locks.ts';
import { connectLocks } from '../../src/modules/rest-client/connect-lock.ts';
import { LocalShared } from '../../src/runtime/index.ts';
import { RemoteShared } from '../../src/workers/remote-shared.ts';
import { SharedKeeper } from '../../src/workers/shared-keeper.ts';

/** Some processes and their supervisor, with messages that go as JSON, as they do between real ones. */
function connect(count: number) {
  const wire = <T>(message: T) => JSON.parse(JSON.stringify(message)) as T;
  const processes: RemoteShared[] = [];
  const keeper = new SharedKeeper({
    answer: (process, answers) => setImmediate(() => processes[process]?.receive([], wire(answers))),
    announce: (changes) => {
      for (const process of processes) setImmediate(() => process.receive(wire(changes), []));
    },
  });
  for (let number = 0; number < count; number++)
    processes.push(new RemoteShared((calls) => setImmediate(() => keeper.receive(number, wire(calls)))));
  return { keeper, processes };
}

const turns = async (count = 6) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe('values', () => {
  it('are everywhere once they were added to, and no addition is lost', async () => {
    const { processes } = connect(3);
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => processes[i % 3]?.values('$stat').add('calls', 1)),
    );
    expect(processes.map((process) => process.values('$stat').get('calls'))).toEqual([30, 30, 30]);
  });

  it('are set at once where they are set, and the same everywhere when two set them', async () => {
    const { processes } = connect(2);
    const [one, other] = processes.map((process) => process.values('$shv'));
    one?.set('x', 1);
    expect(one?.get('x')).toBe(1);
    other?.set('x', 2);
    await turns();
    expect(one?.get('x')).toBe(other?.get('x'));
  });

  it('are initialized once', async () => {
    const { keeper, processes } = connect(2);
    processes[0]?.values('$shv').initialize('x', 5);
    await turns();
    processes[0]?.values('$shv').set('x', 6);
    await turns();
    processes[1]?.values('$shv').initialize('x', 5);
    await turns();
    expect(processes.map((process) => process.values('$shv').get('x'))).toEqual([6, 6]);
    // what a process that starts later gets
    expect(keeper.snapshot).toEqual([{ values: '$shv', key: 'x', value: 6 }]);
  });
});

describe('locks', () => {
  it('of a process that has died are free, and its messages wait for none', async () => {
    const { keeper, processes } = connect(3);
    const [locks] = sharedLocks;
    if (locks === undefined) throw new Error('there are no locks');
    const ask = (process: number, message: number) =>
      processes[process]?.ask<boolean>(locks, 'get', 'key', message);
    expect(await ask(0, 1)).toBe(true);
    let granted = '';
    void ask(1, 1)?.then(() => (granted += '1'));
    void ask(2, 1)?.then(() => (granted += '2'));
    await turns();
    expect(granted).toBe('');
    keeper.release(1);
    keeper.release(0);
    await turns();
    expect(granted).toBe('2');
  });

  it('of a host are held by one worker of the server, and given back with its process', async () => {
    const { keeper, processes } = connect(2);
    const acquire = (process: number, worker: number) =>
      processes[process]?.ask<boolean>(connectLocks, 'acquire', 'host.example', worker);
    expect(await acquire(0, 1)).toBe(true);
    expect(await acquire(0, 2)).toBe(false);
    expect(await acquire(1, 1)).toBe(false);
    keeper.release(0);
    expect(await acquire(1, 1)).toBe(true);
  });
});

describe('a question', () => {
  it('about what there is not is answered with an error, and the process goes on', async () => {
    const { processes } = connect(1);
    const kind = { name: 'nothing of the kind', create: () => null, operations: {} };
    await expect(processes[0]?.ask(kind, 'get')).rejects.toThrow(
      'nothing shared is called nothing of the kind.get',
    );
    await processes[0]?.values('$stat').add('x', 1);
    expect(processes[0]?.values('$stat').get('x')).toBe(1);
  });

  it('in the only process needs no promise', () => {
    const shared = new LocalShared();
    expect(shared.ask(connectLocks, 'acquire', 'host.example', 1)).toBe(true);
    expect(shared.ask(connectLocks, 'acquire', 'host.example', 2)).toBe(false);
  });
});
