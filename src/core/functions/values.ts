/** Functions on variables. Source: the manual's Script-CoreFunctions. */

import { defineFunctions } from '../../runtime/index.ts';
import { defineArgument } from '../../script/index.ts';
import { parseUri } from '../../sip/index.ts';

const part = (name: string, summary: string) =>
  defineArgument({ name, type: 'string', optional: true, summary });

export const valueFunctions = defineFunctions([
  {
    name: 'pv_printf',
    arguments: [
      { name: 'pv', type: 'variable', summary: 'Gets the text.' },
      { name: 'fmt_str', type: 'string', summary: 'The text to print; variables in it are replaced.' },
    ],
    summary: 'Prints a text to a variable.',
    source: 'vector lang-pv-printf',
    run: (run, target, text) => (target.set(run, text) ? 1 : -1),
  },
  {
    name: 'get_timestamp',
    arguments: [
      { name: 'sec', type: 'variable', summary: 'Gets the seconds since 1970.' },
      { name: 'usec', type: 'variable', summary: 'Gets the microseconds of that second.' },
    ],
    summary: 'Reads the clock, to the microsecond.',
    run: (run, seconds, microseconds) => {
      const now = run.routing.host.clock.date();
      return seconds.set(run, Math.floor(now / 1000) | 0) &&
        microseconds.set(run, Math.floor((now % 1000) * 1000))
        ? 1
        : -1;
    },
  },
  {
    name: 'construct_uri',
    arguments: [
      { name: 'proto', type: 'string', summary: '`sip`, `sips` or `tel`.' },
      part('user', 'The user.'),
      { name: 'domain', type: 'string', summary: 'The host.' },
      part('port', 'The port.'),
      part('extra', 'Parameters.'),
      { name: 'result', type: 'variable', summary: 'Gets the URI.' },
    ],
    summary: 'Builds a URI; empty parts are left out.',
    run: (run, scheme, user, host, port, extra, result) => {
      const uri = `${scheme}:${user ? `${user}@` : ''}${host}${port ? `:${port}` : ''}${extra ? `;${extra}` : ''}`;
      if (parseUri(uri) === null) {
        run.complain('construct_uri(): invalid URI');
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
]);
