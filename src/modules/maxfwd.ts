/** The maxfwd module: Max-Forwards. Source: modules/maxfwd of the manual; vector pvar-maxfwd. */

import { maxForwards } from '../relay/index.ts';
import { defineModule, edits, type Run } from '../runtime/index.ts';
import { defineParameters } from '../script/index.ts';

/** As it was counted down to, else as received. */
function current(run: Run): number | null {
  const counted = run.state(maxForwards).value;
  if (counted !== null) return counted;
  const text = run.request.message?.header('Max-Forwards') ?? null;
  return text === null ? null : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

/** Where the request has none, who sends it on adds the header. */
function setHeader(run: Run, value: number): void {
  const header = run.request.message?.headers.findIndex(({ key }) => key === 'max-forwards') ?? -1;
  if (header >= 0) run.state(edits).push({ kind: 'set-value', header, value: String(value) });
}

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
      summary: 'Decrements it in the forwarded request: 1 done, 2 added, -1 already 0, -2 not a number.',
      source: 'modules/maxfwd',
      run: (run, initial) => {
        const value = current(run);
        if (value !== null && Number.isNaN(value)) return -2;
        if (value === 0) return -1;
        const { max_limit: limit } = run.parameters(parameters);
        const next = Math.min(value === null ? initial : value - 1, limit);
        setHeader(run, next);
        run.state(maxForwards).value = next;
        return value === null ? 2 : 1;
      },
    },
    {
      name: 'is_maxfwd_lt',
      arguments: [{ name: 'max_value', type: 'int', summary: 'What to compare with.' }],
      routes: ['route', 'failure_route', 'branch_route'],
      summary: 'Whether Max-Forwards is less: 1 yes, -1 no, -2 missing, -3 not a number.',
      source: 'modules/maxfwd',
      run: (run, limit) => {
        const value = current(run);
        if (value === null) return -2;
        if (Number.isNaN(value)) return -3;
        return value < limit ? 1 : -1;
      },
    },
  ],
});
