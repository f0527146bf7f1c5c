/** The lock of `no_concurrent_connects` over all processes: one worker of the server at a time connects to a host name. */
import { type ConnectLock, LocalConnectLock } from '../../rest/index.ts';
import { type Caller, type Shared, sharedKind } from '../../runtime/index.ts';
import type { Awaitable } from '../../script/index.ts';

/** A lock, and an object for each worker, since that is what a lock is owned by. */
class ConnectLocks {
  readonly #lock = new LocalConnectLock();
  readonly #workers = new Map<number, Map<number, object>>();

  acquire(hostname: string, process: number, worker: number): boolean {
    return this.#lock.acquire(hostname, this.#owner(process, worker));
  }

  release(hostname: string, process: number, worker: number): void {
    this.#lock.release(hostname, this.#owner(process, worker));
  }

  releaseProcess(process: number): void {
    for (const owner of this.#workers.get(process)?.values() ?? []) this.#lock.releaseAll(owner);
    this.#workers.delete(process);
  }

  #owner(process: number, worker: number): object {
    let workers = this.#workers.get(process);
    if (workers === undefined) this.#workers.set(process, (workers = new Map<number, object>()));
    let owner = workers.get(worker);
    if (owner === undefined) workers.set(worker, (owner = { process, worker }));
    return owner;
  }
}

export const connectLocks = sharedKind({
  name: 'connect locks',
  create: () => new ConnectLocks(),
  operations: {
    acquire: (locks, { process }: Caller, hostname: string, worker: number) =>
      locks.acquire(hostname, process, worker),
    release: (locks, { process }: Caller, hostname: string, worker: number) =>
      locks.release(hostname, process, worker),
  },
  released: (locks, process) => locks.releaseProcess(process),
});

/** Each worker has a client, so the clients of a process are told apart. */
const clientNumbers = new WeakMap<object, number>();
let lastNumber = 0;

function numberOf(client: object): number {
  let number = clientNumbers.get(client);
  if (number === undefined) clientNumbers.set(client, (number = ++lastNumber));
  return number;
}

/** What the clients of a process take for the lock. */
export class SharedConnectLock implements ConnectLock {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  acquire(hostname: string, owner: object): Awaitable<boolean> {
    return this.#shared.ask(connectLocks, 'acquire', hostname, numberOf(owner));
  }

  release(hostname: string, owner: object): void {
    void this.#shared.ask(connectLocks, 'release', hostname, numberOf(owner));
  }
}
