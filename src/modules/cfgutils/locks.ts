/** Locks that a script takes by a key. Static and dynamic ones are the same here, save that they do not share keys. */
import type { Request } from '../../runtime/request.ts';
import type { Run } from '../../runtime/run.ts';
import { StateKey } from '../../runtime/state.ts';
import type { Server } from '../../runtime/worker.ts';
import type { ArgumentSpec, Awaitable, FunctionSpec, Status } from '../../script/index.ts';

interface Lock {
  owner: Request;
  /** Who waits for it, in the order they came. */
  readonly waiting: { readonly request: Request; readonly granted: () => void }[];
}

class Locks {
  readonly #locks = new Map<string, Lock>();

  /** Resolves when the message has it; false where the message has it already, since waiting would never end. */
  get(key: string, request: Request): Awaitable<boolean> {
    const lock = this.#locks.get(key);
    if (lock === undefined) {
      this.#locks.set(key, { owner: request, waiting: [] });
      return true;
    }
    if (lock.owner === request) return false;
    return new Promise((resolve) => {
      lock.waiting.push({ request, granted: () => resolve(true) });
    });
  }

  release(key: string, request: Request): void {
    const lock = this.#locks.get(key);
    if (lock?.owner !== request) return;
    const next = lock.waiting.shift();
    if (next === undefined) this.#locks.delete(key);
    else {
      lock.owner = next.request;
      next.granted();
    }
  }
}

const staticLocks = new StateKey<Server, Locks>('static locks', () => new Locks());
const dynamicLocks = new StateKey<Server, Locks>('dynamic locks', () => new Locks());

const key = (type: 'static' | 'string'): ArgumentSpec => ({
  name: 'key',
  type,
  summary: 'The key of the lock.',
});

function pair(kind: 'static' | 'dynamic', locks: StateKey<Server, Locks>): FunctionSpec<Run>[] {
  const argument = key(kind === 'static' ? 'static' : 'string');
  const get = `get_${kind}_lock`;
  const source = 'modules/cfgutils';
  return [
    {
      name: get,
      arguments: [argument],
      summary:
        'Takes the lock of this key; waits for another message that has it. -1 where this message has it already.',
      source,
      run: (run, name: string) => {
        const settle = (granted: boolean): Status => {
          if (!granted) run.complain(`${get}(): the message has the lock "${name}" already`);
          return granted ? 1 : -1;
        };
        const granted = run.server.states.get(locks).get(name, run.request);
        return typeof granted === 'boolean' ? settle(granted) : granted.then(settle);
      },
    },
    {
      name: `release_${kind}_lock`,
      arguments: [argument],
      summary: 'Gives the lock of this key back; nothing happens where this message does not have it.',
      source,
      run: (run, name: string) => {
        run.server.states.get(locks).release(name, run.request);
        return 1;
      },
    },
  ];
}

export const lockFunctions: readonly FunctionSpec<Run>[] = [
  ...pair('static', staticLocks),
  ...pair('dynamic', dynamicLocks),
  {
    name: 'strings_share_lock',
    arguments: [
      { ...key('string'), name: 'key1' },
      { ...key('string'), name: 'key2' },
    ],
    summary: 'Whether both keys are those of one lock: only equal ones are here.',
    source: 'modules/cfgutils',
    run: (_, first: string, second: string) => (first === second ? 1 : -1),
  },
];
