/** Locks that a script takes by a key. Static and dynamic ones are the same here, save that they do not share keys. */
import { type Caller, defineFunctions, type Request, StateKey, sharedKind } from '../../runtime/index.ts';
import { type Awaitable, defineArgument, type Status, whenThere } from '../../script/index.ts';

/** The message that has a lock or waits for it: its number within its process. */
interface Holder {
  readonly process: number;
  readonly message: number;
}

interface Lock {
  owner: Holder;
  /** Who waits for it, in the order they came. */
  readonly waiting: { readonly holder: Holder; readonly grant: (granted: boolean) => void }[];
}

const isSame = (one: Holder, other: Holder) => one.process === other.process && one.message === other.message;

class Locks {
  readonly #locks = new Map<string, Lock>();

  /** Resolves when the message has it; false where the message has it already, since waiting would never end. */
  get(key: string, holder: Holder): Awaitable<boolean> {
    const lock = this.#locks.get(key);
    if (lock === undefined) {
      this.#locks.set(key, { owner: holder, waiting: [] });
      return true;
    }
    if (isSame(lock.owner, holder)) return false;
    return new Promise((grant) => {
      lock.waiting.push({ holder, grant });
    });
  }

  release(key: string, holder: Holder): void {
    const lock = this.#locks.get(key);
    if (lock !== undefined && isSame(lock.owner, holder)) this.#passOn(key, lock);
  }

  /** What the messages of a process had is free, and none of them waits any more. */
  releaseProcess(process: number): void {
    for (const [key, lock] of this.#locks) {
      const staying = lock.waiting.filter(({ holder }) => holder.process !== process);
      lock.waiting.splice(0, lock.waiting.length, ...staying);
      if (lock.owner.process === process) this.#passOn(key, lock);
    }
  }

  #passOn(key: string, lock: Lock): void {
    const next = lock.waiting.shift();
    if (next === undefined) this.#locks.delete(key);
    else {
      lock.owner = next.holder;
      next.grant(true);
    }
  }
}

const locksOf = (name: string) =>
  sharedKind({
    name,
    create: () => new Locks(),
    operations: {
      get: (locks, { process }: Caller, key: string, message: number) => locks.get(key, { process, message }),
      release: (locks, { process }: Caller, key: string, message: number) =>
        locks.release(key, { process, message }),
    },
    released: (locks, process) => locks.releaseProcess(process),
  });

const staticLocks = locksOf('static locks');
const dynamicLocks = locksOf('dynamic locks');

export const sharedLocks = [staticLocks, dynamicLocks];

let messages = 0;
const messageNumber = new StateKey<Request, number>('number of the message', () => ++messages, {
  isShared: true,
});

const key = (type: 'static' | 'string') =>
  defineArgument({
    name: 'key',
    type,
    summary: 'The key of the lock.',
  });

function pair(kind: 'static' | 'dynamic', locks: ReturnType<typeof locksOf>) {
  const argument = key(kind === 'static' ? 'static' : 'string');
  const get = `get_${kind}_lock`;
  const source = 'modules/cfgutils';
  return defineFunctions([
    {
      name: get,
      arguments: [argument],
      summary:
        'Takes the lock of this key; waits for another message that has it. -1 where this message has it already.',
      source,
      run: (run, name) =>
        whenThere(
          run.routing.host.shared.ask(locks, 'get', name, run.state(messageNumber)),
          (granted): Status => {
            if (!granted) run.complain(`${get}(): the message has the lock "${name}" already`);
            return granted ? 1 : -1;
          },
        ),
    },
    {
      name: `release_${kind}_lock`,
      arguments: [argument],
      summary: 'Gives the lock of this key back; nothing happens where this message does not have it.',
      source,
      run: (run, name) =>
        whenThere(run.routing.host.shared.ask(locks, 'release', name, run.state(messageNumber)), () => 1),
    },
  ]);
}

export const lockFunctions = defineFunctions([
  {
    name: 'strings_share_lock',
    arguments: [
      { ...key('string'), name: 'key1' },
      { ...key('string'), name: 'key2' },
    ],
    summary: 'Whether both keys are those of one lock: only equal ones are here.',
    source: 'modules/cfgutils',
    run: (_, first, second) => (first === second ? 1 : -1),
  },
  ...pair('static', staticLocks),
  ...pair('dynamic', dynamicLocks),
]);
