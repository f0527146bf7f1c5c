/** Administration commands of ratelimit. Source: modules/ratelimit of the manual, its MI functions. */
import { CommandError, defineCommands, type RunRouting } from '../../runtime/index.ts';
import { globMatches } from '../../text/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { feedback } from './load.ts';
import { parameters } from './parameters.ts';
import { collection, type Pipe, pipesOf, resetPipe } from './pipes.ts';

const source = 'modules/ratelimit';
/** Limits what is looked through. */
const mostEntries = 100_000;
const pipeName = { name: 'pipe', type: 'string', summary: 'The name of the pipe.' } as const;
const gain = <const Name extends string>(name: Name, which: string) =>
  ({ name, type: 'string', summary: `The ${which} gain, such as 0.5.` }) as const;

/** Pipes that this process has used. */
function pipesIn(routing: RunRouting): readonly Pipe[] {
  const pipes = routing.host.states.get(pipesOf);
  const expiry = 1000 * routing.parameters(parameters).expire_time;
  return pipes.names().flatMap((name) => pipes.find(name, expiry) ?? []);
}

/** Throws a {@link CommandError} for a pipe that this process has not used. */
function known(routing: RunRouting, name: string): Pipe {
  const found = pipesIn(routing).find((one) => one.name === name);
  if (found === undefined) throw new CommandError(404, 'Pipe Not Found');
  return found;
}

/** The count of all processes, of SBT as this one has seen it last. */
function counterOf({ host }: RunRouting, { name, algorithm, count }: Pipe): Awaitable<number> {
  if (algorithm === 'SBT') return count;
  return andThen(host.store.ask({ kind: 'get', collection, key: name }), (value) => Number(value ?? 0));
}

/** The counts of the slots of a window that are not empty. */
const slotsOf = ({ host }: RunRouting, { name }: Pipe): Awaitable<readonly number[]> =>
  andThen(host.store.ask({ kind: 'get-matching', collection, glob: '*', most: mostEntries }), (entries) =>
    entries.flatMap(([key, value]) => (key.startsWith(`${name} `) ? Number(value) : [])),
  );

interface Listed {
  readonly id: string;
  readonly counter: number;
}

interface List {
  readonly Pipes: readonly Listed[];
  readonly drop_rate: number;
}

const listed = async (routing: RunRouting, pipe: Pipe): Promise<Listed> => {
  const { name: id, algorithm, limit } = pipe;
  return { id, algorithm, limit, counter: await counterOf(routing, pipe) } as Listed;
};

/** Each pipe once: several processes may use it. */
function together(results: readonly unknown[]): List {
  const lists = results as readonly List[];
  const byId = new Map<string, Listed>();
  for (const one of lists.flatMap(({ Pipes }) => Pipes))
    if ((byId.get(one.id)?.counter ?? -1) < one.counter) byId.set(one.id, one);
  return { Pipes: [...byId.values()], drop_rate: Math.max(0, ...lists.map((list) => list.drop_rate)) };
}

export const ratelimitCommands = defineCommands([
  {
    name: 'ratelimit:list',
    aliases: ['rl_list'],
    parameters: [
      { ...pipeName, optional: true },
      {
        name: 'filter',
        type: 'string',
        optional: true,
        summary: 'Only pipes whose names match, with `*` and `?`.',
      },
      { name: 'filter_out', type: 'string', optional: true, summary: 'Only pipes whose names do not match.' },
    ],
    processes: 'every',
    join: (results, { pipe }) => {
      const { Pipes, drop_rate } = together(results);
      if (pipe === undefined) return { Pipes, drop_rate };
      if (Pipes[0] === undefined) throw new CommandError(404, 'Pipe Not Found');
      return { Pipe: Pipes[0], drop_rate };
    },
    summary: 'Lists pipes, with their algorithms, limits and counters.',
    source,
    run: async ({ pipe, filter, filter_out }, routing) => {
      const wanted = pipesIn(routing).filter(
        ({ name }) =>
          (pipe === undefined || name === pipe) &&
          (filter === undefined || globMatches(filter, name)) &&
          (filter_out === undefined || !globMatches(filter_out, name)),
      );
      const { refused } = routing.host.states.known(feedback) ?? { refused: 0 };
      return {
        Pipes: await Promise.all(wanted.map((one) => listed(routing, one))),
        drop_rate: Math.round(100 * refused),
      };
    },
  },
  {
    name: 'ratelimit:dump_pipe',
    aliases: ['rl_dump_pipe'],
    parameters: [pipeName],
    processes: 'owner',
    summary: 'Shows a pipe, and the slots of its window with SBT.',
    source,
    run: async ({ pipe: name }, routing) => {
      const pipe = known(routing, name);
      const total = await counterOf(routing, pipe);
      const facts = {
        Pipe: name,
        Algorithm: pipe.algorithm,
        Counter: total,
        'Replication Nodes': [],
        Total: total,
      };
      if (pipe.algorithm !== 'SBT') return facts;
      const { window_size, slot_period } = routing.parameters(parameters);
      const slots = await slotsOf(routing, pipe);
      const sum = slots.reduce((all, one) => all + one, 0);
      return {
        Window: {
          Buckets: slots.map((Count, Index) => ({ Index, Count })),
          'Window Size': Math.max(1, Math.floor((1000 * window_size) / slot_period)),
          Status: 'OK',
          'Bucket Total': sum,
        },
        ...facts,
      };
    },
  },
  {
    name: 'ratelimit:reset_pipe',
    aliases: ['rl_reset_pipe'],
    parameters: [pipeName],
    processes: 'owner',
    summary: 'Empties a pipe.',
    source,
    run: ({ pipe }, routing) => resetPipe(known(routing, pipe), routing.host.store),
  },
  {
    name: 'ratelimit:set_pid',
    aliases: ['rl_set_pid'],
    parameters: [gain('ki', 'integral'), gain('kp', 'proportional'), gain('kd', 'derivative')],
    processes: 'every',
    summary: 'Sets the gains of the algorithm FEEDBACK, until a process is started again.',
    source,
    run: ({ ki, kp, kd }, { host }) => {
      const [integral = Number.NaN, proportional = Number.NaN, derivative = Number.NaN] = [ki, kp, kd].map(
        Number,
      );
      if (![integral, proportional, derivative].every(Number.isFinite))
        throw new CommandError(400, 'ki, kp and kd must be numbers');
      host.states.get(feedback).gains = { integral, proportional, derivative };
    },
  },
  {
    name: 'ratelimit:get_pid',
    aliases: ['rl_get_pid'],
    parameters: [],
    summary: 'Shows the gains of the algorithm FEEDBACK.',
    source,
    run: (_, { host }) => {
      const { integral, proportional, derivative } = host.states.get(feedback).gains;
      return { PID: { ki: integral.toFixed(3), kp: proportional.toFixed(3), kd: derivative.toFixed(3) } };
    },
  },
]);
