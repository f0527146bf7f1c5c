/** `$err.*` in error_route. Source: the manual's Script-CoreVar and Script-Routes. */
import type { VariableSpec } from '../../script/index.ts';
import { type ScriptError, scriptError } from '../error-route.ts';
import type { Run } from '../run.ts';

const fields: Readonly<Record<keyof ScriptError, string>> = {
  class: 'The class of the error: 1 for a request that cannot be parsed, 2 for a failed assert()',
  level: 'How severe it is: 1 critical, 2 high, 3 medium, 4 low',
  info: 'What is wrong, as text',
  rcode: 'The status that a reply should have',
  rreason: 'The reason phrase that a reply should have',
};

export const errorVariables: readonly VariableSpec<Run>[] = Object.entries(fields).map(
  ([field, summary]) => ({
    name: `err.${field}`,
    summary: `${summary}; in error_route.`,
    source: 'Script-CoreVar',
    resolve: () => ({ get: (run) => run.state(scriptError).error?.[field as keyof ScriptError] ?? null }),
  }),
);
