/** The uac module: changes From and To, and authenticates towards carriers. Source: modules/uac of the manual; scenarios uac-*. */
import { dialogListeners } from '../../dialog/index.ts';
import { looseRouted } from '../../relay/index.ts';
import { defineFunction, defineModule, type Request } from '../../runtime/index.ts';
import type { RouteKind } from '../../script/index.ts';
import { authenticate, refusedAlgorithms } from './authenticate.ts';
import { followNumbers, shiftLater, shiftNumber } from './number.ts';
import { checkParameters, parameters } from './parameters.ts';
import { replace, restore } from './sides.ts';
import type { Side } from './stored-in-dialog.ts';

const source = 'modules/uac; scenarios uac-*';
const routes: readonly RouteKind[] = ['route', 'branch_route', 'failure_route'];
const sides: readonly Side[] = ['from', 'to'];
const header = (side: Side) => (side === 'from' ? 'From' : 'To');

const replacing = (side: Side) =>
  defineFunction({
    name: `uac_replace_${side}`,
    arguments: [
      {
        name: 'display',
        type: 'string',
        optional: true,
        leading: true,
        summary: 'The new name; empty: none; left out: the same as before.',
      },
      { name: 'uri', type: 'string', summary: 'The new URI; empty: the same as before.' },
    ],
    routes,
    summary: `Replaces name and URI of ${header(side)} in the request that goes on; a replaced URI is restored as \`restore_mode\` says. -1 for an invalid URI.`,
    source,
    run: (run, display, uri) => replace(run, side, display, uri),
  });

const restoring = (side: Side) =>
  defineFunction({
    name: `uac_restore_${side}`,
    arguments: [],
    routes: ['route'],
    summary: `With \`restore_mode\` manual: changes the URI of ${header(side)} in a later request, or that of the other side. -1 if the call has not replaced it.`,
    source,
    run: ({ request }) => (restore(request, side, false) ? 1 : -1),
  });

export const uac = defineModule({
  name: 'uac',
  summary: 'Replaces From and To, and answers challenges of carriers.',
  source,
  requires: ['tm', 'uac_auth'],
  parameters,
  validate: checkParameters,
  start: (routing, { restore_mode }) => {
    followNumbers(routing);
    const restoreAll = (request: Request) => {
      if (restore_mode === 'auto') for (const side of sides) restore(request, side, true);
    };
    routing.states.get(looseRouted).add((request) => {
      shiftLater(request);
      restoreAll(request);
    });
    // the dialog may be known only after loose routing
    routing.states.get(dialogListeners).within.add((_, request) => restoreAll(request));
  },
  functions: [
    {
      name: 'uac_auth',
      arguments: [
        {
          name: 'algorithms',
          type: 'string',
          optional: true,
          refuses: refusedAlgorithms,
          summary:
            'Which algorithms are answered: `MD5,SHA-256`; also `SHA-512-256`, each with `-sess`. Default: all.',
        },
      ],
      routes: ['failure_route'],
      summary:
        'Answers the challenge of a 401 or 407 with a credential of uac_auth, and adds 1 to CSeq; t_relay() then sends the request again. -1 for another status, an unknown realm, or algorithms that are not allowed.',
      source,
      run: authenticate,
    },
    {
      name: 'uac_inc_cseq',
      arguments: [{ name: 'cseq', type: 'int', summary: 'How much is added.' }],
      routes,
      summary: 'Adds to the CSeq number of the request that goes on; its replies get the own number back.',
      source,
      run: ({ request }, by) => (shiftNumber(request, by) ? 1 : -1),
    },
    replacing('from'),
    replacing('to'),
    restoring('from'),
    restoring('to'),
  ],
});
