/**
 * The pike module: finds addresses that send too much. Source: modules/pike of the manual; scenarios pike-*. The
 * reference finds an address byte by byte in a tree, each byte at the cost of a quarter of the density; here the same
 * number of requests is added for an address that was not seen before.
 */
import { raiseEvent } from '../../engine/index.ts';
import { defineModule, type Run, whenAnswered } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { pikeCommands } from './commands.ts';
import { collection, parameters, periodOf, untilKnown } from './counting.ts';

const blocked = {
  name: 'E_PIKE_BLOCKED',
  attributes: [{ name: 'ip', summary: 'The address.' }],
  summary: 'An address is blocked because it sends too many requests.',
  source: 'modules/pike',
} as const;

/** Counts a request of an address: 1 allowed, -2 blocked now, -1 blocked before. */
function count(run: Run, address: string): Awaitable<Status> {
  const { store } = run.routing.host;
  const values = run.parameters(parameters);
  const density = values.reqs_density_per_unit;
  const { unit, period } = periodOf(run.routing);
  const unknown = untilKnown(address, density);
  const get = (key: string) => store.ask({ kind: 'get', collection, key });
  const forget = 1000 * Math.max(values.remove_latency, values.sampling_time_unit + 1);

  const judge = (current: number, counted: number, knownSince: number | null): Status => {
    // requests of an address that was new in the last period count from when it was known
    const before = knownSince === period - 1 ? Math.max(0, counted - unknown) : counted;
    const isNew = knownSince === null || knownSince === period;
    if (isNew ? current === unknown : true)
      store.tell({
        kind: 'set',
        collection,
        key: `known ${address}`,
        value: isNew ? period : (knownSince ?? period),
        ttl: forget,
      });
    const most = isNew ? unknown + density : density;
    if (current < most && before < density) return 1;
    if (current !== most || before >= density) return -1;
    run.log(values.pike_log_level, `pike: blocking ${address} after ${current} requests in ${unit / 1000} s`);
    raiseEvent(run.routing, blocked.name, [{ name: 'ip', value: address }]);
    return -2;
  };

  const added = store.ask({ kind: 'add', collection, key: `${period} ${address}`, by: 1, ttl: 2 * unit });
  return whenAnswered(run, 'pike_check_req()', added, (current) => {
    // without room nothing is counted, and nobody is blocked
    if (typeof current !== 'number') return 1;
    return andThen(get(`${period - 1} ${address}`), (before) =>
      andThen(get(`known ${address}`), (known) =>
        judge(current, Number(before ?? 0), known === null ? null : Number(known)),
      ),
    );
  });
}

export const pike = defineModule({
  name: 'pike',
  summary: 'Finds addresses that send too many requests, counted over all processes.',
  source: 'modules/pike',
  parameters,
  events: [blocked],
  commands: pikeCommands,
  functions: [
    {
      name: 'pike_check_req',
      arguments: [],
      routes: ['route'],
      summary:
        'Counts a request of its source address: 1 if the address is not blocked, -2 if it is blocked from now on, -1 if it was blocked before.',
      source: 'modules/pike; scenarios pike-*',
      run: (run) => {
        const { message } = run.request;
        return message === null ? 1 : count(run, message.source.address);
      },
    },
  ],
});
