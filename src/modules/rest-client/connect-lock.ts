/**
 * The lock of `no_concurrent_connects`, shared by all processes: only one worker of the server at a time connects to a
 * host name.
 */

import type { ConnectLock } from '../../rest/index.ts';
import type { Store } from '../../runtime/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';

const space = 'connect locks';

/** Each worker has a client; the number of the client within its process identifies the owner of a lock. */
const clientNumbers = new WeakMap<object, number>();
let lastNumber = 0;

function numberOf(client: object): number {
  let number = clientNumbers.get(client);
  if (number === undefined) clientNumbers.set(client, (number = ++lastNumber));
  return number;
}

/** The connect lock that the clients of a process share. */
export class SharedConnectLock implements ConnectLock {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  acquire(hostname: string, client: object): Awaitable<boolean> {
    const taken = this.#store.ask({
      kind: 'lock',
      space,
      key: hostname,
      owner: numberOf(client),
      reentrant: true,
      wait: 0,
      lease: null,
    });
    return andThen(taken, (result) => result === 'granted');
  }

  release(hostname: string, client: object): void {
    this.#store.tell({ kind: 'unlock', space, key: hostname, owner: numberOf(client) });
  }
}
