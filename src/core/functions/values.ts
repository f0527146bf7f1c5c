/** Functions on variables. Source: the manual's Script-CoreFunctions. */

import type { Run } from '../../runtime/index.ts';
import type { ArgumentSpec, FunctionSpec, VariableReference } from '../../script/index.ts';
import { parseUri } from '../../sip/index.ts';

type Reference = VariableReference<Run>;

const part = (name: string, summary: string, optional = true): ArgumentSpec => ({
  name,
  type: 'string',
  summary,
  ...(optional ? { optional } : {}),
});

export const valueFunctions: readonly FunctionSpec<Run>[] = [
  {
    name: 'pv_printf',
    arguments: [
      { name: 'pv', type: 'variable', summary: 'Gets the text.' },
      { name: 'fmt_str', type: 'string', summary: 'What to print, variables in it replaced.' },
    ],
    summary: 'Prints to a variable.',
    source: 'vector lang-pv-printf',
    run: (run, target: Reference, text: string) => (target.set(run, text) ? 1 : -1),
  },
  {
    name: 'get_timestamp',
    arguments: [
      { name: 'sec', type: 'variable', summary: 'Gets the seconds since 1970.' },
      { name: 'usec', type: 'variable', summary: 'Gets the microseconds of that second.' },
    ],
    summary: 'Tells the time in microseconds.',
    run: (run, seconds: Reference, microseconds: Reference) => {
      const now = performance.timeOrigin + performance.now();
      return seconds.set(run, Math.floor(now / 1000) | 0) &&
        microseconds.set(run, Math.floor((now % 1000) * 1000))
        ? 1
        : -1;
    },
  },
  {
    name: 'construct_uri',
    arguments: [
      part('proto', '`sip`, `sips` or `tel`.', false),
      part('user', 'The user.'),
      part('domain', 'The host.', false),
      part('port', 'The port.'),
      part('extra', 'Parameters.'),
      { name: 'result', type: 'variable', summary: 'Gets the URI.' },
    ],
    summary: 'Puts a URI together; parts that are empty or left out are not in it.',
    run: (
      run,
      scheme: string,
      user: string | undefined,
      host: string,
      port: string | undefined,
      extra: string | undefined,
      result: Reference,
    ) => {
      const uri = `${scheme}:${user ? `${user}@` : ''}${host}${port ? `:${port}` : ''}${extra ? `;${extra}` : ''}`;
      if (parseUri(uri) === null) {
        run.complain('construct_uri(): these parts make no URI');
        return -1;
      }
      return result.set(run, uri) ? 1 : -1;
    },
  },
  {
    name: 'avp_print',
    arguments: [],
    summary: 'Logs all AVPs of the message.',
    run: (run) => {
      for (const name of run.request.avps.names())
        run.log(3, `$avp(${name}) = ${run.request.avps.all(name).join(', ')}`);
      return 1;
    },
  },
];
