/** Locks that a script acquires by key. Static and dynamic locks work alike, but have separate keys. */
import { defineFunctions, type Request, StateKey, whenAnswered } from '../../runtime/index.ts';
import { defineArgument, type Status } from '../../script/index.ts';

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

function pair(kind: 'static' | 'dynamic') {
  const argument = key(kind === 'static' ? 'static' : 'string');
  const space = `${kind} locks`;
  const [get, release] = [`get_${kind}_lock`, `release_${kind}_lock`];
  const source = 'modules/cfgutils';
  return defineFunctions([
    {
      name: get,
      arguments: [argument],
      summary:
        'Acquires the lock with this key, waiting while another message holds it. -1 if this message already holds it.',
      source,
      run: (run, name) => {
        const owner = run.state(messageNumber);
        const { store } = run.routing.host;
        const lock = {
          kind: 'lock',
          space,
          key: name,
          owner,
          reentrant: false,
          wait: null,
          lease: null,
        } as const;
        return whenAnswered(run, `${get}()`, store.ask(lock), (result): Status => {
          if (result === 'granted') return 1;
          if (result === 'own') run.complain(`${get}(): the message already holds the lock "${name}"`);
          else
            run.complain(
              `${get}(): no memory left for the lock "${name}"; see memory_budget of siprest status`,
            );
          return -1;
        });
      },
    },
    {
      name: release,
      arguments: [argument],
      summary: 'Releases the lock with this key, if this message holds it.',
      source,
      run: (run, name) => {
        const owner = run.state(messageNumber);
        const answer = run.routing.host.store.ask({ kind: 'unlock', space, key: name, owner });
        return whenAnswered(run, `${release}()`, answer, () => 1);
      },
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
    summary: 'Whether both keys share a lock: only equal keys do.',
    source: 'modules/cfgutils',
    run: (_, first, second) => (first === second ? 1 : -1),
  },
  ...pair('static'),
  ...pair('dynamic'),
]);
