/** The module topology_hiding. Source: modules/topology_hiding of the manual; scenarios topology-hiding-*. */
import {
  createDialog,
  dialogContext,
  dialogOf,
  dialogParameters,
  dialogsOf,
  matchDialog,
  matchModes,
  matchNames,
  optionSet,
  runHangupRoute,
  tracksDialogs,
} from '../../dialog/index.ts';
import { isOurs } from '../../relay/index.ts';
import { defineModule, type Run } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { parseNameAddr } from '../../sip/index.ts';
import { andThen } from '../../timers/index.ts';
import { readHiddenCallIds } from './call-ids.ts';
import { hidingFlags } from './contacts.ts';
import { continueHidden, hideAddresses } from './hidden-address.ts';
import { continueCall, hiddenOf, hideCall, identifierIn, maskDialogs } from './hidden-call.ts';
import { checkParameters, parameters } from './parameters.ts';

const source = 'modules/topology_hiding; scenarios topology-hiding-*';

const letters = Object.keys(hidingFlags).join('');

const unknownFlag = (flags: string): string | null => {
  const unknown = [...flags].find((letter) => !letters.includes(letter) && !/[\s,]/.test(letter));
  return unknown === undefined ? null : `unknown flag "${unknown}"; the flags are ${letters}`;
};

function hide(run: Run, flags: string, users: string | undefined): Status {
  const { request, routing } = run;
  const { message } = request;
  const problem = unknownFlag(flags);
  if (problem !== null) run.complain(`topology_hiding(): ${problem}`);
  if (message === null) return -1;
  if (message.toTag !== null) {
    run.complain('topology_hiding(): later requests need topology_hiding_match()');
    return -1;
  }
  if (users !== undefined && !/^[\w.!~*'()&=+$,;?%-]*(?:\/[\w.!~*'()&=+$,;?%-]*){0,2}$/.test(users)) {
    run.complain(`topology_hiding(): "${users}" cannot be the user of a URI`);
    return -1;
  }
  const isForced = run.parameters(parameters).force_dialog && tracksDialogs(routing);
  const dialog =
    dialogOf(request) ??
    (isForced ? createDialog(routing.host.states.get(dialogsOf), request, optionSet([])) : null);
  if (isForced && dialog === null) {
    run.complain('topology_hiding(): force_dialog needs an INVITE');
    return -1;
  }
  if (dialog === null) hideAddresses(request, flags.replace(/[\s,]/g, ''), users);
  else hideCall(request, dialog, flags.replace(/[\s,]/g, ''), users);
  return 1;
}

function match(run: Run, modeName: string | undefined): Status {
  const { request, routing } = run;
  const { message, uri } = request;
  if (message === null || message.toTag === null || message.method === 'CANCEL') return -1;
  // the ACK to a refusal belongs to its transaction
  if (message.method === 'ACK' && routing.host.transactions.find(message) !== null) return -1;
  if (continueHidden(request)) return 1;
  if (!tracksDialogs(routing)) return -1;
  const standard = matchModes[run.parameters(dialogParameters).dlg_match_mode] ?? 'either';
  const mode = modeName === undefined ? null : matchNames.get(modeName.trim().toUpperCase());
  if (mode === undefined) {
    run.complain(
      `topology_hiding_match(): unknown mode "${modeName}"; use ${[...matchNames.keys()].join(', ')}`,
    );
    return -1;
  }
  const route = parseNameAddr(message.header('route') ?? '')?.uriParts ?? null;
  const own = [uri, route].find((one) => one !== null && isOurs(request, one)) ?? null;
  const did = own === null ? null : identifierIn(request, own);
  const isKnown = matchDialog(routing.host.states.get(dialogsOf), request, mode ?? standard, did);
  const dialog = isKnown ? (request.knownState(dialogContext)?.own ?? null) : null;
  return dialog !== null && continueCall(request, dialog) ? 1 : -1;
}

export const topologyHiding = defineModule({
  name: 'topology_hiding',
  summary:
    'Hides the sides of a call from each other: Vias, Record-Routes and Contacts, and, with a dialog, the Call-ID.',
  source,
  requires: ['tm'],
  parameters,
  validate: checkParameters,
  start: (routing) => {
    readHiddenCallIds(routing);
    maskDialogs(routing);
  },
  functions: [
    {
      name: 'topology_hiding',
      arguments: [
        {
          name: 'flags',
          type: 'string',
          optional: true,
          refuses: unknownFlag,
          summary: `Letters: ${Object.entries(hidingFlags)
            .map(([letter, what]) => `\`${letter}\` ${what}`)
            .join('; ')}. \`D\`, \`a\`, \`A\` and \`C\` need a dialog.`,
        },
        {
          name: 'username',
          type: 'string',
          optional: true,
          summary:
            'The user of the Contacts: one for both sides, or `/that the caller gets/that the callee gets`. With a dialog it needs `U`.',
        },
      ],
      routes: ['route'],
      summary:
        'Hides the sides of the request from each other from now on. Later requests come back to topology_hiding_match(): by the dialog if the call has one, else by what the Contact says.',
      source,
      run: (run, flags = '', users) => hide(run, flags, users),
    },
    {
      name: 'topology_hiding_match',
      arguments: [
        {
          name: 'dlg_match_mode',
          type: 'string',
          optional: true,
          words: ['did_only', 'did_fallback', 'did_none'],
          summary: 'How the dialog is found, as in match_dialog().',
        },
      ],
      routes: ['route'],
      summary:
        'Sends a later request of a hidden call on to its side: sets `$ru`, `$du` and the routes. -1 for any other request.',
      source,
      run: (run, mode) => {
        const status = match(run, mode);
        return andThen(runHangupRoute(run), () => status);
      },
    },
  ],
  variables: [
    {
      name: 'TH_callee_callid',
      summary: 'The Call-ID that the callee gets, with the flag C; otherwise null.',
      source,
      resolve: () => ({
        get: ({ request }) => {
          const dialog = dialogOf(request);
          return dialog === null ? null : (hiddenOf(dialog)?.callId ?? null);
        },
      }),
    },
  ],
});
