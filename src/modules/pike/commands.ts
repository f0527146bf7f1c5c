/** Administration commands of pike. Source: modules/pike of the manual, its MI functions. */
import { CommandError, defineCommands, type RunRouting } from '../../runtime/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { collection, parameters, periodOf, untilKnown } from './counting.ts';

const source = 'modules/pike';
/** Limits what is looked through. */
const mostEntries = 100_000;

interface Counted {
  current: number;
  before: number;
  knownSince: number | null;
}

/** What is counted of each address. */
function counts(routing: RunRouting): Awaitable<ReadonlyMap<string, Counted>> {
  const { period } = periodOf(routing);
  const asked = routing.host.store.ask({ kind: 'get-matching', collection, glob: '*', most: mostEntries });
  return andThen(asked, (entries) => {
    const all = new Map<string, Counted>();
    for (const [key, value] of entries) {
      const [when = '', address = ''] = key.split(' ');
      const one = all.get(address) ?? { current: 0, before: 0, knownSince: null };
      all.set(address, one);
      if (when === 'known') one.knownSince = Number(value);
      else if (Number(when) === period) one.current = Number(value);
      else if (Number(when) === period - 1) one.before = Number(value);
    }
    return all;
  });
}

export const pikeCommands = defineCommands([
  {
    name: 'pike:list',
    aliases: ['pike_list'],
    parameters: [],
    summary: 'Lists the blocked addresses.',
    source,
    run: (_, routing): Awaitable<unknown> => {
      const { reqs_density_per_unit: density } = routing.parameters(parameters);
      const { period } = periodOf(routing);
      return andThen(counts(routing), (all) => ({
        IPs: [...all].flatMap(([address, { current, before, knownSince }]) => {
          const isNew = knownSince === null || knownSince === period;
          const most = isNew ? untilKnown(address, density) + density : density;
          return current >= most || before >= density ? address : [];
        }),
      }));
    },
  },
  {
    name: 'pike:rm',
    aliases: ['pike_rm'],
    parameters: [{ name: 'IP', type: 'string', summary: 'The address.' }],
    summary: 'Forgets an address, which is not blocked any more; the error 404 for an unknown one.',
    source,
    run: ({ IP }, routing): Awaitable<unknown> =>
      andThen(counts(routing), (all) => {
        if (!all.has(IP)) throw new CommandError(404, 'Match not found');
        const { period } = periodOf(routing);
        for (const when of ['known', period, period - 1])
          routing.host.store.tell({ kind: 'delete', collection, key: `${when} ${IP}` });
      }),
  },
]);
