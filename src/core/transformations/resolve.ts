/**
 * `{ip.resolve}`, `{ip.resolve4}`, `{ip.resolve6}`: look a name up in the hosts file, then in the DNS. Reading them
 * waits for the answer.
 */

import { isIP } from 'node:net';
import { defineTransformation, defineTransformations } from '../../runtime/index.ts';
import { andThen } from '../../timers/index.ts';

function resolver(name: string, family: 4 | 6 | null, what: string) {
  const families = family === null ? undefined : [family];
  return defineTransformation({
    name,
    arguments: [],
    summary: `${what} of a name, from the hosts file or the DNS; null, with a log line, if it has none. An address is returned unchanged. The script waits for the name server and keeps its worker meanwhile, like a blocking call; other workers go on.`,
    source: 'Script-Tran, ip.resolve',
    example: ['78.46.64.50', `{${name}}`, '78.46.64.50'],
    prepareWaiting: () => (value, _, run) => {
      if (value === null) return null;
      const host = String(value);
      if (isIP(host) !== 0) return host;
      return andThen(run.routing.host.names.addresses(host, families), ([found]) => {
        if (found === undefined) run.complain(`{${name}}: no address found for "${host}"`);
        return found ?? null;
      });
    },
  });
}

export const resolveTransformations = defineTransformations([
  resolver('ip.resolve', null, 'The first address'),
  resolver('ip.resolve4', 4, 'The first IPv4 address'),
  resolver('ip.resolve6', 6, 'The first IPv6 address'),
]);
