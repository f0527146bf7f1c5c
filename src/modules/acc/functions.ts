/** The functions of acc. Source: modules/acc of the manual; scenarios acc-*. */
import { defineFunction, defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument, type RouteKind } from '../../script/index.ts';
import { reasonPhrase } from '../../sip/index.ts';
import { account } from './account.ts';
import { accounting } from './accounting.ts';
import { currentAccounting, loadAccounting, unloadAccounting } from './context.ts';
import { parameters } from './parameters.ts';
import { noAaa, noDatabase } from './reasons.ts';
import {
  accountingFlags,
  flagWords,
  type RecordType,
  recordTypes,
  typeWords,
  type Words,
} from './selection.ts';
import { recordOf, subjectOf } from './transactions.ts';
import { write } from './writers.ts';

const source = 'modules/acc';
const routes: readonly RouteKind[] = ['route', 'failure_route', 'branch_route', 'local_route'];

/** Limits what a message can keep in memory. */
const mostLegs = 100;

const comment = defineArgument({
  name: 'comment',
  type: 'string',
  summary: 'How the request ended: a status and a reason, `404 Not Here`.',
});

const listed = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

/** Text from a variable may have other words than the known ones. */
function read<Name extends string>(
  run: Run,
  name: string,
  words: Words<Name>,
  text: string,
): readonly Name[] | null {
  const found = words.read(text);
  if (found === null)
    run.complain(`${name}(): unknown word in "${text}"; use any of ${words.names.join(', ')}`);
  return found;
}

function canAccount(run: Run, name: string, types: readonly RecordType[]): boolean {
  const isLost = types.includes('rest') && run.parameters(parameters).rest_url === '';
  if (isLost) run.complain(`${name}(): records of the type rest need rest_url of acc`);
  return !isLost;
}

/** A record on the spot, of a comment such as `404 Not Here`. */
function accountNow(run: Run, types: readonly RecordType[], text: string): 1 | -1 {
  const { request, routing } = run;
  if (request.message === null) return -1;
  const [, code = '', rest = text] = /^(\d{3})\s*(.*)$/s.exec(text) ?? [];
  const reason = rest !== '' ? rest : code === '' ? 'Unspecified' : reasonPhrase(Number(code));
  const subject = subjectOf(routing, request);
  const outcome = { code, reason, toTag: subject.toTag };
  write(routing, types, recordOf(routing, currentAccounting(request), subject, 'request', outcome));
  return 1;
}

const onTheSpot = (name: string, type: RecordType, summary: string, inert?: string) =>
  defineFunction({
    name,
    arguments: [comment],
    routes,
    summary,
    source: 'modules/acc; scenarios acc-log-request*',
    ...(inert === undefined ? {} : { inert }),
    run: (run, text) => (canAccount(run, name, [type]) ? accountNow(run, [type], text) : -1),
  });

export const functions = defineFunctions([
  {
    name: 'do_accounting',
    arguments: [
      {
        name: 'type',
        type: 'string',
        flags: typeWords,
        summary: `Where records go, joined by \`|\`: ${listed(recordTypes)}.`,
      },
      {
        name: 'flags',
        type: 'string',
        optional: true,
        flags: flagWords,
        summary: `Any of ${listed(accountingFlags)}, joined by \`|\`. \`cdr\`: one record for the whole call, when it ends. \`missed\`: one when the call fails, before the failure route. \`failed\`: also transactions that end with a negative reply.`,
      },
      {
        name: 'table',
        type: 'string',
        optional: true,
        summary: 'A table of a database; accepted without effect.',
      },
    ],
    routes,
    summary:
      'Accounts the transaction when it is answered, or the call when it ends; calling it again adds to what is accounted. -1 for unknown words in a variable.',
    source: 'modules/acc; scenarios acc-*',
    run: (run, typeText, flagText) => {
      const types = read(run, 'do_accounting', typeWords, typeText);
      const flags = flagText === undefined ? [] : read(run, 'do_accounting', flagWords, flagText);
      if (types === null || flags === null || !canAccount(run, 'do_accounting', types)) return -1;
      return account(run.routing, run.request, types, flags) ? 1 : -1;
    },
  },
  {
    name: 'drop_accounting',
    arguments: [
      {
        name: 'type',
        type: 'string',
        optional: true,
        flags: typeWords,
        summary: 'Which types; default all.',
      },
      {
        name: 'flags',
        type: 'string',
        optional: true,
        flags: flagWords,
        summary: 'Which flags of them; default the types as a whole.',
      },
    ],
    routes,
    summary: 'Takes back what do_accounting() has selected. -1 without it.',
    source: 'modules/acc; scenarios acc-drop*, where it drops only the given type',
    run: (run, typeText, flagText) => {
      const types = typeText === undefined ? null : read(run, 'drop_accounting', typeWords, typeText);
      const flags = flagText === undefined ? null : read(run, 'drop_accounting', flagWords, flagText);
      if ((typeText !== undefined && types === null) || (flagText !== undefined && flags === null)) return -1;
      const state = currentAccounting(run.request);
      if (state?.isFollowed !== true) return -1;
      state.selection.drop(types, flags);
      return 1;
    },
  },
  {
    name: 'acc_new_leg',
    arguments: [],
    routes,
    summary: `Begins another leg of the call, at most ${mostLegs}: $acc_current_leg grows by 1. Without \`leg_fields\` it does nothing.`,
    source,
    run: (run) => {
      if (run.parameters(parameters).leg_fields.length === 0) return 1;
      const state = currentAccounting(run.request) ?? run.state(accounting);
      if (state.legs.length >= mostLegs) return -1;
      state.legs.push(new Map());
      return 1;
    },
  },
  {
    name: 'acc_load_ctx_from_dlg',
    arguments: [],
    summary:
      'Shows the accounting of the dialog in $acc_extra and $acc_leg, after load_dialog_ctx() that of another call. -1 without one, or if one is loaded already.',
    source,
    run: ({ request }) => (loadAccounting(request) ? 1 : -1),
  },
  {
    name: 'acc_unload_ctx_from_dlg',
    arguments: [],
    summary: 'Ends acc_load_ctx_from_dlg(). -1 without it.',
    source,
    run: ({ request }) => (unloadAccounting(request) ? 1 : -1),
  },
  {
    name: 'acc_db_request',
    arguments: [comment, { name: 'table', type: 'string', summary: 'A table of a database.' }],
    routes,
    summary: 'Accepted without effect.',
    source,
    inert: noDatabase,
    run: () => 1,
  },
  onTheSpot('acc_log_request', 'log', 'Writes a record of the request to the log now.'),
  onTheSpot('acc_aaa_request', 'aaa', 'Accepted without effect.', noAaa),
  onTheSpot(
    'acc_evi_request',
    'evi',
    'Raises E_ACC_EVENT about the request now, or E_ACC_MISSED_EVENT for a status from 300 on, or none.',
  ),
  onTheSpot('acc_rest_request', 'rest', 'Sends a record of the request to the service of `rest_url`.'),
]);
