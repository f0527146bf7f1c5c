/**
 * The ratelimit module: limits requests by name, over all processes. Source: modules/ratelimit of the manual; scenarios
 * ratelimit-*.
 */
import { defineModule, type Run, type Store, whenAnswered } from '../../runtime/index.ts';
import { defineArgument, type Status } from '../../script/index.ts';
import { cachedRegex } from '../../text/index.ts';
import { type Awaitable } from '../../timers/index.ts';
import { ratelimitCommands } from './commands.ts';
import { feedback } from './load.ts';
import { algorithms, parameters } from './parameters.ts';
import {
  type Algorithm,
  addToInterval,
  addToWindow,
  collection,
  type Pipe,
  type Pipes,
  pipesOf,
  resetPipe,
} from './pipes.ts';

const source = 'modules/ratelimit';

const pipeName = defineArgument({
  name: 'name',
  type: 'string',
  summary: 'The name of the pipe; the suffixes /s, /r and /b of the reference are cut off.',
});

const pipesFor = (run: Run): Pipes => run.routing.host.states.get(pipesOf);
const plain = (name: string) => name.replace(/\/[srb]$/, '');
const find = (run: Run, name: string): Pipe | null =>
  pipesFor(run).find(plain(name), 1000 * run.parameters(parameters).expire_time);

/** Does something to a pipe; -1 for an unknown one. */
function withPipe(run: Run, name: string, act: (pipe: Pipe, store: Store) => void): Status {
  const pipe = find(run, name);
  if (pipe === null) return -1;
  act(pipe, run.routing.host.store);
  return 1;
}

/** The algorithm of this name; the default one, with a log line, for another name. */
function algorithmOf(run: Run, name: string): Algorithm {
  const known = algorithms.find((one) => one === name.toUpperCase());
  if (known !== undefined) return known;
  run.complain(`rl_check(): unknown algorithm "${name}", using TAILDROP; known are ${algorithms.join(', ')}`);
  return 'TAILDROP';
}

function check(run: Run, name: string, limit: number, algorithm: string | undefined): Awaitable<Status> {
  const values = run.parameters(parameters);
  const pipes = pipesFor(run);
  const { clock, store } = run.routing.host;
  const pipe =
    find(run, name) ?? pipes.create(plain(name), algorithmOf(run, algorithm ?? values.default_algorithm));
  pipes.use(pipe);
  pipe.limit = limit;
  const now = clock.now();
  const interval = 1000 * values.timer_interval;
  const most = limit * values.timer_interval;
  const counted = (judge: (count: number) => boolean) =>
    whenAnswered(run, 'rl_check()', addToInterval(store, pipe, interval, now), (count) =>
      // without room nothing is counted, and nothing is refused
      count === null || judge(count) ? 1 : -1,
    );
  switch (pipe.algorithm) {
    case 'SBT': {
      const window = { window: 1000 * values.window_size, slot: values.slot_period, most: limit };
      return whenAnswered(run, 'rl_check()', addToWindow(store, pipe, window), (sum) =>
        sum === null || sum <= limit ? 1 : -1,
      );
    }
    case 'RED': {
      return counted((count) => {
        if (pipe.before <= most) return count <= most;
        // of every n requests the limit has room for one
        const n = Math.ceil(pipe.before / Math.max(1, most));
        return count % n === 1 && count / n <= most;
      });
    }
    case 'FEEDBACK': {
      const state = run.routing.host.states.get(feedback);
      state.limit = Math.min(100, Math.max(0, limit));
      return counted(
        (count) => Math.floor(count * state.refused) === Math.floor((count - 1) * state.refused),
      );
    }
    case 'NETWORK':
      // Node.js does not show how much the sockets have not read
      return counted(() => true);
    default:
      return counted((count) => count <= most);
  }
}

export const ratelimit = defineModule({
  name: 'ratelimit',
  summary: 'Limits the requests per second, by pipes that scripts name; all processes count together.',
  source,
  parameters,
  commands: ratelimitCommands,
  functions: [
    {
      name: 'rl_check',
      arguments: [
        pipeName,
        {
          name: 'limit',
          type: 'int',
          summary: 'Requests per second; with SBT per window, with FEEDBACK the load in percent.',
        },
        {
          name: 'algorithm',
          type: 'string',
          optional: true,
          summary:
            'TAILDROP, RED, SBT, FEEDBACK or NETWORK, for a new pipe; NETWORK never refuses, since Node.js does not show what the sockets have not read.',
        },
      ],
      summary: 'Counts a request in a pipe: 1 within the limit, -1 beyond it.',
      source: 'modules/ratelimit; scenarios ratelimit-*',
      run: check,
    },
    {
      name: 'rl_dec_count',
      arguments: [pipeName],
      summary: 'Takes a request out of a pipe; -1 for an unknown pipe.',
      source,
      run: (run, name) =>
        withPipe(run, name, (pipe, store) => {
          if (pipe.count <= 0) return;
          pipe.count -= 1;
          store.tell({ kind: 'add', collection, key: pipe.name, by: -1, ttl: null });
        }),
    },
    {
      name: 'rl_reset_count',
      arguments: [pipeName],
      summary: 'Empties a pipe; -1 for an unknown pipe.',
      source,
      run: (run, name) => withPipe(run, name, resetPipe),
    },
    {
      name: 'rl_values',
      arguments: [
        { name: 'ret_avp', type: 'variable', gives: 'text', summary: 'An AVP, which gets the names.' },
        { name: 'regexp', type: 'regex', optional: true, summary: 'Only the names that match.' },
      ],
      summary: 'Lists the pipes that this process has used; -1 if there are none.',
      source,
      run: (run, variable, pattern) => {
        const regex = pattern === undefined ? null : cachedRegex(pattern);
        const names = pipesFor(run)
          .names()
          .filter((name) => find(run, name) !== null && (regex === null || regex.test(name)));
        for (const name of names) variable.set(run, name);
        return names.length > 0 ? 1 : -1;
      },
    },
  ],
  variables: [
    {
      name: 'rl_count',
      subname: 'required',
      summary: 'The count of a pipe as this process has seen it last; null for an unknown one.',
      source: 'modules/ratelimit; scenario ratelimit-pipes-apart',
      resolve: ({ subname }) => ({
        get: (run) => {
          const pipe = find(run, typeof subname === 'function' ? subname(run) : subname);
          if (pipe === null) return null;
          return pipe.algorithm !== 'SBT' && run.routing.host.clock.now() >= pipe.endsAt ? 0 : pipe.count;
        },
      }),
    },
  ],
});
