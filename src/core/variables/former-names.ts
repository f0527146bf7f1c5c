/** Variables under their names up to OpenSIPS 3.2. Source: the manual's Script-CoreVar of 2.4 to 3.2. */

import { defineVariable, defineVariables, type Run } from '../../runtime/index.ts';
import { incomingField } from './message.ts';

const former = (
  name: string,
  now: string,
  get: (run: Run) => string | number | null,
  aliases: readonly string[] = [],
) =>
  defineVariable({
    name,
    aliases,
    summary: `The older name of \`${now}\`.`,
    source: 'Script-CoreVar of 3.2',
    resolve: () => ({ get }),
  });

export const formerNameVariables = defineVariables([
  former('Ri', '$socket_in(ip)', incomingField('ip')),
  former('Rp', '$socket_in(port)', incomingField('port')),
  former('pr', '$socket_in(proto)', incomingField('proto'), ['proto']),
  former('af', '$socket_in(af)', incomingField('af')),
  former('rT', '$(route.type[-1])', ({ routeKind }) => routeKind),
]);
