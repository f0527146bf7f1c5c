/** `$DLG_*` and `$dlg_val`. Source: modules/dialog of the manual. */
import { subnameOf } from '../../core/index.ts';
import { type Dialog, type Direction, dialogParameters } from '../../dialog/index.ts';
import { defineVariable, defineVariables, type Run } from '../../runtime/index.ts';
import { toInteger, type Value } from '../../script/index.ts';
import { change, contextIn, current, dialogsIn } from './current.ts';
import { describe, describeContext, flagText, jsonText } from './describe.ts';

const source = 'modules/dialog';

/** A variable that reads the current dialog; null without one. */
const reading = (name: string, summary: string, read: (dialog: Dialog, run: Run) => Value) =>
  defineVariable({
    name: `DLG_${name}`,
    summary,
    source,
    resolve: () => ({
      get: (run) => {
        const dialog = current(run);
        return dialog === null ? null : read(dialog, run);
      },
    }),
  });

/** Replies go the other way than their request. */
function directionIn(run: Run, dialog: Dialog): Direction | null {
  const { own, direction } = contextIn(run);
  if (run.message === null || own !== dialog || run.subject.failure !== undefined) return null;
  const ofRequest = direction ?? 'downstream';
  if (!run.isAboutReply) return ofRequest;
  return ofRequest === 'downstream' ? 'upstream' : 'downstream';
}

const secondsUntil = (run: Run, at: number): number =>
  Math.max(0, Math.ceil((at - run.routing.host.clock.date()) / 1000));

/** A number of seconds above 0, or null. */
function secondsIn(value: Value): number | null {
  const seconds = value === null ? null : toInteger(value);
  return seconds !== null && seconds > 0 ? seconds : null;
}

/** `$DLG_options_ping_interval` and the other. */
const pingInterval = (method: 'options' | 'reinvite') =>
  defineVariable({
    name: `DLG_${method}_ping_interval`,
    writable: true,
    summary: `How often the sides of this dialog are asked, in seconds; once it is answered, the time until the next ${method === 'options' ? 'OPTIONS' : 're-INVITE'}. Null for a dialog whose sides are not asked so.`,
    source,
    resolve: () => ({
      get: (run) => {
        const dialog = current(run);
        const isAsked = [...(dialog?.options ?? [])].some((one) => one.startsWith(`${method}-ping-`));
        const pings = isAsked ? dialog?.pings : null;
        if (pings == null) return null;
        const next = method === 'options' ? pings.nextOptions : pings.nextReinvite;
        return next === Number.POSITIVE_INFINITY ? pings[method] : secondsUntil(run, next);
      },
      set: (run, value) => {
        const seconds = secondsIn(value);
        if (seconds === null) return false;
        if (current(run) === null) {
          contextIn(run)[method === 'options' ? 'optionsPing' : 'reinvitePing'] = seconds;
          return true;
        }
        return change(run, { kind: 'ping', method, seconds }) === 1;
      },
    }),
  });

export const dialogVariables = defineVariables([
  {
    name: 'DLG_count',
    summary: 'The number of dialogs that were answered and have not ended, in all processes.',
    source: 'modules/dialog; scenario dialog-profile-failed-call',
    resolve: () => ({ get: (run) => dialogsIn(run).count(3, 4) }),
  },
  {
    name: 'DLG_timeout',
    writable: true,
    summary:
      'How long the dialog may last, in seconds; once it is answered, the time that is left. Set before there is a dialog, it counts for the one that the message gets.',
    source: 'modules/dialog; scenario dialog-timeout-variable',
    resolve: () => ({
      get: (run) => {
        const dialog = current(run);
        if (dialog === null) return contextIn(run).timeout;
        return dialog.expiresAt === null ? dialog.lifetime : secondsUntil(run, dialog.expiresAt);
      },
      set: (run, value) => {
        const seconds = value === null ? null : toInteger(value);
        if (seconds === null || seconds < 0) return false;
        if (current(run) !== null) return change(run, { kind: 'lifetime', seconds }) === 1;
        contextIn(run).timeout = seconds;
        return true;
      },
    }),
  },
  {
    name: 'DLG_del_delay',
    writable: true,
    summary: 'How long the dialog still takes late requests once it has ended, in seconds.',
    source: 'modules/dialog; scenario dialog-del-delay',
    resolve: () => ({
      get: (run) => {
        const dialog = current(run);
        return dialog === null ? null : (dialog.deleteDelay ?? run.parameters(dialogParameters).delete_delay);
      },
      set: (run, value) => {
        const seconds = value === null ? null : toInteger(value);
        if (seconds === null || seconds < 0) return false;
        return change(run, { kind: 'delete-delay', seconds }) === 1;
      },
    }),
  },
  {
    name: 'dlg_val',
    subname: 'required',
    writable: true,
    summary: 'A value that is stored with the dialog; null without a dialog.',
    source: 'modules/dialog; scenarios dialog-value*',
    resolve: (use) => {
      const name = subnameOf(use);
      return {
        get: (run) => current(run)?.values.get(name(run)) ?? null,
        set: (run, value) => change(run, { kind: 'value', name: name(run), value }) === 1,
      };
    },
  },
  reading(
    'status',
    'The status of the dialog: 1 no reply yet, 2 early, 3 answered, 4 acknowledged, 5 ended.',
    ({ status }, run) => contextIn(run).status ?? status,
  ),
  reading('did', 'The identifier of the dialog.', ({ did }) => did),
  reading(
    'dir',
    'The direction of the message: `downstream` is that of the INVITE, `upstream` the other one; null in a route without a message.',
    (dialog, run) => directionIn(run, dialog),
  ),
  reading('lifetime', 'How long ago the call was answered, in seconds; 0 before.', ({ answeredAt }, run) =>
    answeredAt === null ? 0 : Math.max(0, Math.floor((run.routing.host.clock.date() - answeredAt) / 1000)),
  ),
  reading('flags', 'The flags of the dialog, separated by blanks.', ({ flags }) => flagText(flags)),
  reading(
    'end_reason',
    'Why the dialog has ended, in the route of a message: `Downstream BYE`, `Upstream BYE`, `Lifetime Timeout`, `MI Termination`, `Ping Timeout`, `ReINVITE Ping Timeout`, `SIP Race Condition`.',
    ({ endReason }) => endReason,
  ),
  reading('json', 'The dialog as JSON, like `dialog:list`.', (dialog) => jsonText(describe(dialog))),
  reading('ctx_json', 'The same with values and profiles, like `dialog:list_ctx`.', (dialog) =>
    jsonText(describeContext(dialog)),
  ),
  pingInterval('options'),
  pingInterval('reinvite'),
]);
