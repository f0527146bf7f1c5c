/** `$err.*` in error_route. Source: the manual's Script-CoreVar and Script-Routes. */

import { type Run, type ScriptError, scriptError } from '../../runtime/index.ts';
import type { VariableSpec } from '../../script/index.ts';

const fields: Readonly<Record<keyof ScriptError, string>> = {
  class: 'The class of the error: 1 for a request that cannot be parsed, 2 for a failed assert()',
  level: 'How severe it is: 1 critical, 2 high, 3 medium, 4 low',
  info: 'A description of the error',
  rcode: 'The status to reply with',
  rreason: 'The reason phrase to reply with',
};

/** Without an error. */
const none = { class: 0, level: 0, info: '', rcode: 0, rreason: '' } satisfies ScriptError;

export const errorVariables: readonly VariableSpec<Run>[] = Object.entries(fields).map(
  ([field, summary]) => ({
    name: `err.${field}`,
    summary: `${summary}; in error_route. Elsewhere it is ${typeof none[field as keyof ScriptError] === 'number' ? '0' : 'empty'}.`,
    source: 'Script-CoreVar; vector field-err-variables',
    resolve: () => ({
      get: (run) =>
        run.state(scriptError).error?.[field as keyof ScriptError] ?? none[field as keyof ScriptError],
    }),
  }),
);
