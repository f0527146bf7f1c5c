/** Functions that begin, match and check a dialog, and send requests within it. Source: modules/dialog of the manual. */
import {
  createDialog,
  type Defect,
  defectOf,
  dialogParameters,
  matchDialog,
  matchModes,
  matchNames,
  optionSet,
  repair,
  runHangupRoute,
  setOptions,
} from '../../dialog/index.ts';
import { defineFunction, defineFunctions, type Run } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { headerText, isToken } from '../../sip/index.ts';
import { andThen } from '../../timers/index.ts';
import { change, contextIn, current, dialogsIn } from './current.ts';
import { createFlags } from './flags.ts';

const source = 'modules/dialog';

const codes: Readonly<Record<Defect, Status>> = { number: -1, target: -2, routes: -3, other: -4 };

/** dlg_on_answer() and the like. */
function arming(at: 'answer' | 'timeout' | 'hangup', when: string) {
  return defineFunction({
    name: `dlg_on_${at}`,
    arguments: [
      {
        name: 'route_name',
        type: 'route',
        routeKind: 'route',
        optional: true,
        summary: 'The name of the route; without it none runs.',
      },
    ],
    routes: ['route', 'branch_route', 'onreply_route', 'failure_route'],
    summary: `Sets the route to run ${when}, with the dialog, but without a message. -1 without a dialog.`,
    source: 'modules/dialog; scenario dialog-on-answer-hangup-routes',
    run: (run, name) => change(run, { kind: 'route', at, name: name ?? null }),
  });
}

const within: readonly string[] = ['caller', 'callee'];

export const callFunctions = defineFunctions([
  {
    name: 'create_dialog',
    arguments: [
      {
        name: 'flags',
        type: 'string',
        optional: true,
        flags: createFlags,
        summary: 'Separated by commas: what is done for the call.',
      },
    ],
    routes: ['route'],
    summary:
      'Follows the call of an INVITE from now on. 1 also if it is followed already, whose flags are then these; -1 for any other request.',
    source: 'modules/dialog; scenarios dialog-create*',
    run: (run, flags) => {
      const options = optionSet(createFlags.parse(flags ?? '').keys());
      const unknown = createFlags.unknown(flags ?? '');
      if (unknown !== null) {
        run.complain(`create_dialog(): unknown flag "${unknown}"`);
        return -1;
      }
      const before = current(run);
      const dialog = createDialog(dialogsIn(run), run.request, options);
      if (dialog !== null && dialog === before && flags !== undefined)
        setOptions(dialogsIn(run), dialog, options);
      return dialog === null ? -1 : 1;
    },
  },
  {
    name: 'match_dialog',
    arguments: [
      {
        name: 'dlg_match_mode',
        type: 'string',
        optional: true,
        words: ['did_only', 'did_fallback', 'did_none'],
        summary: '`DID_FALLBACK` or `DID_NONE`; `DID_ONLY`, and default: the parameter dlg_match_mode.',
      },
    ],
    routes: ['route'],
    summary: 'Finds the dialog of a request within one. -1 if there is none.',
    source: 'modules/dialog; scenarios dialog-match-*',
    run: (run, name) => {
      const standard = matchModes[run.parameters(dialogParameters).dlg_match_mode] ?? 'either';
      const mode = name === undefined ? null : matchNames.get(name.trim().toUpperCase());
      if (mode === undefined) {
        run.complain(`match_dialog(): unknown mode "${name}"; use ${[...matchNames.keys()].join(', ')}`);
        return -1;
      }
      const isFound = matchDialog(dialogsIn(run), run.request, mode ?? standard);
      return andThen(runHangupRoute(run), () => (isFound ? 1 : -1));
    },
  },
  {
    name: 'validate_dialog',
    arguments: [],
    routes: ['route'],
    summary:
      'Whether a request within a dialog fits it: -1 its CSeq is not higher, -2 another remote target, -3 other routes, -4 without a dialog.',
    source: 'modules/dialog; scenario dialog-validate',
    run: (run) => {
      const defect = defectOf(run.request);
      return defect === null ? 1 : codes[defect];
    },
  },
  {
    name: 'fix_route_dialog',
    arguments: [],
    routes: ['route'],
    summary:
      'Gives a request within a dialog the request URI and the routes that its dialog has. -1 without a dialog.',
    source: 'modules/dialog',
    run: (run) => (repair(run.request) ? 1 : -1),
  },
  {
    name: 'load_dialog_ctx',
    arguments: [
      { name: 'dialog', type: 'string', summary: 'Its Call-ID or identifier.' },
      {
        name: 'id_type',
        type: 'string',
        optional: true,
        words: ['callid', 'did'],
        summary: '`callid` (default) or `did`.',
      },
      { name: 'active_only', type: 'int', optional: true, summary: '1: not one that has ended.' },
    ],
    summary:
      'Shows another dialog to functions and variables until unload_dialog_ctx(). -1 for an unknown one, or if one is shown already.',
    source: 'modules/dialog',
    run: (run, id, type = 'callid', activeOnly = 0) => {
      const context = contextIn(run);
      if (context.loaded !== null) {
        run.complain('load_dialog_ctx(): call unload_dialog_ctx() first');
        return -1;
      }
      const found = dialogsIn(run).lookUp(id, type.toLowerCase() === 'did' ? 'did' : 'call');
      if (found === null || (activeOnly !== 0 && !found.isActive)) return -1;
      context.loaded = found;
      return 1;
    },
  },
  {
    name: 'unload_dialog_ctx',
    arguments: [],
    summary: 'Ends load_dialog_ctx(). -1 without one.',
    source: 'modules/dialog',
    run: (run) => {
      const context = contextIn(run);
      if (context.loaded === null) return -1;
      context.loaded = null;
      return 1;
    },
  },
  {
    name: 'dlg_send_sequential',
    arguments: [
      { name: 'method', type: 'string', summary: 'Such as INFO.' },
      {
        name: 'leg',
        type: 'string',
        words: ['caller', 'callee'],
        summary: 'Who gets it: `caller` or `callee`.',
      },
      { name: 'body', type: 'string', optional: true, summary: 'The body.' },
      { name: 'content_type', type: 'string', optional: true, summary: 'Its type.' },
      {
        name: 'headers',
        type: 'string',
        optional: true,
        intoHeaders: true,
        summary: 'Header lines, each with `\\r\\n`.',
      },
    ],
    summary: 'Sends a request within the dialog to one side. -1 without a dialog that was answered.',
    source: 'modules/dialog; scenario dialog-send-sequential',
    run: (run, method, leg, body = '', type, headers = '') => {
      const towards = leg.toLowerCase();
      const isFit = isToken(method) && within.includes(towards) && headerText(headers) !== null;
      if (!isFit || method === 'ACK' || method === 'CANCEL') {
        run.complain('dlg_send_sequential(): expected a method, caller or callee, and whole header lines');
        return -1;
      }
      if (current(run)?.isAnswered !== true) return -1;
      return change(run, {
        kind: 'send',
        method,
        towards: towards === 'caller' ? 'caller' : 'callee',
        body,
        contentType: type ?? null,
        headers,
        withContact: true,
      });
    },
  },
  {
    name: 'dlg_inc_cseq',
    arguments: [
      { name: 'tag', type: 'string', optional: true, summary: "The tag of the side; default: To's." },
      { name: 'inc', type: 'int', optional: true, summary: 'What is added; default 1.' },
    ],
    summary: 'Adds to the CSeq of the requests that one side gets. -1 without a dialog.',
    source: 'modules/dialog',
    run: (run: Run, tag = run.message?.toTag ?? '', by = 1) => {
      const dialog = current(run);
      const hasLeg = dialog !== null && [dialog.caller, ...dialog.callees].some((leg) => leg.tag === tag);
      return hasLeg ? change(run, { kind: 'number', tag, by }) : -1;
    },
  },
  {
    name: 'set_dlg_sharing_tag',
    arguments: [{ name: 'tag_name', type: 'string', summary: 'The tag.' }],
    summary: 'Without effect.',
    source,
    inert: 'siprest instances do not form a cluster',
    run: (run) => (current(run) === null ? -1 : 1),
  },
  arming('answer', 'when the call is answered'),
  arming('timeout', 'when the time of the call is over; it may set $DLG_timeout anew'),
  arming('hangup', 'when an answered call has ended'),
]);
