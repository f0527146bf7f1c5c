/** `$rtpstat` and `$rtpquery`. Source: modules/rtpengine of the manual; scenarios rtpengine-query, rtpengine-delete-stats. */
import { defineVariables, type Run } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { andThen } from '../../timers/index.ts';
import { type Dictionary, toJson } from './bencode.ts';
import { queries, statistic, statisticNames, totals } from './query.ts';

const source = 'modules/rtpengine';

const reading = (read: (query: Dictionary, run: Run) => Value) => ({
  get: () => null,
  fetch: (run: Run) => andThen(queries.ask(run), (query) => (query === null ? null : read(query, run))),
});

export const variables = defineVariables([
  {
    name: 'rtpstat',
    subname: statisticNames,
    indexed: 'text',
    summary:
      'Packets and bytes of the call so far; with a name a statistic of its streams, `$(rtpstat(MOS-average)[$ft])` of those that this side sends; null if it is not known. Asks rtpengine once for each message.',
    source,
    resolve: ({ subname, key }) =>
      reading((query, run) => {
        const name = typeof subname === 'function' ? subname(run) : subname;
        return name === null ? totals(query) : statistic(query, name, key?.(run) ?? null);
      }),
  },
  {
    name: 'rtpquery',
    summary: 'What rtpengine knows of the call, as JSON; null if it does not know it.',
    source,
    resolve: () => reading(toJson),
  },
]);
