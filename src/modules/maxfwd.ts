/** The maxfwd module: Max-Forwards. Source: modules/maxfwd of the manual; vector pvar-maxfwd. */

import { countMaxForwards, currentMaxForwards } from '../relay/index.ts';
import { defineModule } from '../runtime/index.ts';
import { defineParameters } from '../script/index.ts';

const results = { counted: 1, added: 2, exceeded: -1, invalid: -2 } as const;

const parameters = defineParameters([
  {
    name: 'max_limit',
    type: 'int',
    default: 256,
    minimum: 1,
    maximum: 256,
    summary: 'The largest forwarded value.',
  },
]);

export const maxfwd = defineModule({
  name: 'maxfwd',
  summary: 'Decrements Max-Forwards.',
  source: 'modules/maxfwd',
  parameters,
  functions: [
    {
      name: 'mf_process_maxfwd_header',
      arguments: [{ name: 'max_value', type: 'int', summary: 'The value if the request has none.' }],
      routes: ['route'],
      summary:
        'Decrements Max-Forwards in the forwarded request: 1 decremented, 2 added, -1 already 0, -2 not a number.',
      source: 'modules/maxfwd',
      run: (run, initial) =>
        results[countMaxForwards(run.request, initial, run.parameters(parameters).max_limit)],
    },
    {
      name: 'is_maxfwd_lt',
      arguments: [{ name: 'max_value', type: 'int', summary: 'The value to compare with.' }],
      routes: ['route', 'failure_route', 'branch_route'],
      summary: 'Whether Max-Forwards is less than a value: 1 yes, -1 no, -2 missing, -3 not a number.',
      source: 'modules/maxfwd',
      run: (run, limit) => {
        const value = currentMaxForwards(run.request);
        if (value === null) return -2;
        if (Number.isNaN(value)) return -3;
        return value < limit ? 1 : -1;
      },
    },
  ],
});
