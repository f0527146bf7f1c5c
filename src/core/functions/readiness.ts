/** sr_check_status(). Source: the manual's Script-CoreFunctions and Interface-StatusReport. */

import { defineFunctions, type Readiness } from '../../runtime/index.ts';

/** STATE_INITIALIZING, STATE_RUNNING and STATE_TERMINATING of the group `core`. */
const statuses: Readonly<Record<Readiness, number>> = { starting: -1, running: 1, stopping: -2 };

/** OpenSIPS modules that report a status, each in a group named after it. */
const groupsOfModules = [
  'clusterer',
  'dialplan',
  'dispatcher',
  'drouting',
  'pike',
  'sql_cacher',
  'uac_registrant',
];

export const readinessFunctions = defineFunctions([
  {
    name: 'sr_check_status',
    arguments: [
      {
        name: 'group',
        type: 'string',
        absent: Object.fromEntries(groupsOfModules.map((name) => [name, name])),
        summary: 'The group; only `core` exists.',
      },
      {
        name: 'identifier',
        type: 'string',
        optional: true,
        summary: '`main` (default) or `all`, which mean the same.',
      },
    ],
    summary:
      'The status of the server: -1 while it starts (in startup_route), 1 when it is running, -2 while it stops and waits for calls to end.',
    source: 'Script-CoreFunctions, sr_check_status; Interface-StatusReport',
    run: (run, group, identifier = 'main') => {
      if (group === 'core' && (identifier === 'main' || identifier === 'all'))
        return statuses[run.routing.host.readiness];
      run.complain(
        `sr_check_status(): unknown identifier "${identifier}" in group "${group}"; use core, main`,
      );
      return -1;
    },
  },
]);
