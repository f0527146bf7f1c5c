/** Functions about a dialog's values, flags and profiles, and those that find dialogs by them. Source: modules/dialog of the manual. */
import { type Dialog, profileNames } from '../../dialog/index.ts';
import { defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument, type Status, toText, type VariableReference } from '../../script/index.ts';
import { change, current, dialogsIn } from './current.ts';
import { describeContext, jsonText, ofProfile, withValue } from './describe.ts';

const routes = ['route', 'branch_route', 'onreply_route', 'failure_route'] as const;

const profile = defineArgument({
  name: 'profile',
  type: 'string',
  summary: 'The name of the profile, as of the parameters.',
});
const value = defineArgument({
  name: 'value',
  type: 'string',
  optional: true,
  summary: 'A value of the profile; ignored by a profile without values.',
});
const flag = defineArgument({ name: 'flag', type: 'static', summary: 'The name of the flag.' });
const valueName = defineArgument({ name: 'name', type: 'string', summary: 'The name of the value.' });

const hasValues = (run: Run, name: string): boolean =>
  run.routing.states.get(profileNames).withValue.includes(name);

/** The value of a membership; null in a profile without values. Undefined for an unknown profile, which is logged. */
function memberValue(run: Run, name: string, given: string | undefined): string | null | undefined {
  const { withValue: some, withoutValue: others } = run.routing.states.get(profileNames);
  if (some.includes(name)) return given ?? null;
  if (others.includes(name)) return null;
  run.complain(`unknown profile "${name}": name it in profiles_with_value or profiles_no_value`);
  return undefined;
}

/** Whether the current dialog belongs to a profile, with this value unless it is null. */
const belongs = (run: Run, name: string, member: string | null): boolean =>
  current(run)?.memberships.some(
    ({ profile, value }) => profile === name && (member === null || value === member),
  ) === true;

/** Writes the JSON of dialogs to a variable, and their number to another; returns it, -1 if there are none. */
function tell(
  run: Run,
  dialogs: Iterable<Dialog>,
  output: VariableReference<Run>,
  number: VariableReference<Run>,
): Status {
  const found = [...dialogs];
  if (found.length === 0) return -1;
  for (const dialog of found) output.set(run, jsonText(describeContext(dialog)));
  number.set(run, found.length);
  return found.length;
}

export const dataFunctions = defineFunctions([
  {
    name: 'store_dlg_value',
    arguments: [valueName, { name: 'val', type: 'variable', readOnly: true, summary: 'What is stored.' }],
    routes,
    summary: 'Stores a value with the dialog, like `$dlg_val(name)`. -1 without a dialog, or a value.',
    source: 'modules/dialog; scenario dialog-store-fetch',
    run: (run, name, variable) => {
      const stored = variable.get(run);
      return stored === null ? -1 : change(run, { kind: 'value', name, value: stored });
    },
  },
  {
    name: 'fetch_dlg_value',
    arguments: [valueName, { name: 'val', type: 'variable', summary: 'Gets the value.' }],
    routes,
    summary: 'Reads a value of the dialog. -1 if there is none.',
    source: 'modules/dialog; scenario dialog-store-fetch',
    run: (run, name, variable) => {
      const found = current(run)?.values.get(name);
      return found !== undefined && variable.set(run, found) ? 1 : -1;
    },
  },
  {
    name: 'set_dlg_flag',
    arguments: [flag],
    routes,
    summary: 'Sets a flag of the dialog. -1 without a dialog.',
    source: 'modules/dialog; scenario dialog-flags',
    run: (run, name) => change(run, { kind: 'flag', name, isSet: true }),
  },
  {
    name: 'reset_dlg_flag',
    arguments: [flag],
    routes,
    summary: 'Clears a flag of the dialog. -1 without a dialog.',
    source: 'modules/dialog; scenario dialog-flags',
    run: (run, name) => change(run, { kind: 'flag', name, isSet: false }),
  },
  {
    name: 'is_dlg_flag_set',
    arguments: [flag],
    routes,
    summary: 'Whether a flag of the dialog is set.',
    source: 'modules/dialog; scenario dialog-flags',
    run: (run, name) => (current(run)?.flags.has(name) === true ? 1 : -1),
  },
  {
    name: 'test_and_set_dlg_flag',
    arguments: [flag, { name: 'value', type: 'int', summary: '0 or 1.' }],
    routes,
    summary: 'If the flag has this value, changes it to the other one; -1 if it does not.',
    source: 'modules/dialog; scenario dialog-test-and-set-flag',
    run: (run, name, expected) => {
      const isSet = current(run)?.flags.has(name);
      if (isSet === undefined || isSet !== (expected !== 0)) return -1;
      return change(run, { kind: 'flag', name, isSet: !isSet });
    },
  },
  {
    name: 'set_dlg_profile',
    arguments: [
      profile,
      value,
      { name: 'clear_values', type: 'int', optional: true, summary: '1: leaves its other values first.' },
    ],
    routes,
    summary: 'Counts the dialog among those of a profile, until it ends. -1 without a dialog.',
    source: 'modules/dialog; scenarios dialog-profile*',
    run: (run, name, given, clears = 0) => {
      const member = memberValue(run, name, given);
      if (member === undefined || current(run) === null) return -1;
      if (member === null && given === undefined && hasValues(run, name)) {
        run.complain(`set_dlg_profile(): the profile "${name}" needs a value`);
        return -1;
      }
      if (clears !== 0) change(run, { kind: 'leave', profile: name, value: null });
      return change(run, { kind: 'join', profile: name, value: member });
    },
  },
  {
    name: 'unset_dlg_profile',
    arguments: [profile, value],
    routes,
    summary: 'Takes the dialog out of a profile. -1 if it does not belong to it.',
    source: 'modules/dialog; scenario dialog-profile-unset',
    run: (run, name, given) => {
      const member = memberValue(run, name, given);
      if (member === undefined || !belongs(run, name, member)) return -1;
      return change(run, { kind: 'leave', profile: name, value: member });
    },
  },
  {
    name: 'is_in_profile',
    arguments: [profile, value],
    routes,
    summary: 'Whether the dialog belongs to a profile, with this value if one is given.',
    source: 'modules/dialog; scenarios dialog-profile*',
    run: (run, name, given) => {
      const member = memberValue(run, name, given);
      return member !== undefined && belongs(run, name, member) ? 1 : -1;
    },
  },
  {
    name: 'get_profile_size',
    arguments: [profile, value, { name: 'size', type: 'variable', summary: 'Gets the number.' }],
    summary: 'Counts the dialogs of a profile, with this value if one is given, in all processes.',
    source: 'modules/dialog; scenarios dialog-profile*',
    run: (run, name, given, size) => {
      const member = memberValue(run, name, given);
      if (member === undefined) return -1;
      return size.set(run, dialogsIn(run).profiles.size(name, member)) ? 1 : -1;
    },
  },
  {
    name: 'get_dialog_info',
    arguments: [
      { name: 'attr', type: 'string', summary: 'The name of the value to read.' },
      { name: 'avp', type: 'variable', summary: 'Gets the values, one for each dialog.' },
      { name: 'key', type: 'string', summary: 'The name of the value to search by.' },
      { name: 'key_val', type: 'variable', readOnly: true, summary: 'The value to search for.' },
      { name: 'no_dlgs', type: 'variable', summary: 'Gets the number of dialogs.' },
    ],
    summary: 'Reads a value of all dialogs that have another value; the number of dialogs, or -1 for none.',
    source: 'modules/dialog; scenario dialog-get-info-none',
    run: (run, attribute, output, key, wanted, number) => {
      const found = [...withValue(dialogsIn(run), key, toText(wanted.get(run)) ?? '')];
      if (found.length === 0) return -1;
      for (const { values } of found) {
        const one = values.get(attribute);
        if (one !== undefined) output.set(run, one);
      }
      number.set(run, found.length);
      return found.length;
    },
  },
  {
    name: 'get_dialog_vals',
    arguments: [
      { name: 'names', type: 'variable', summary: 'Gets the names.' },
      { name: 'vals', type: 'variable', summary: 'Gets the values, in the same order.' },
      { name: 'callid', type: 'string', summary: 'The Call-ID of the dialog.' },
    ],
    summary: 'Reads all values of another dialog. -1 for an unknown Call-ID.',
    source: 'modules/dialog; scenario dialog-get-vals',
    run: (run, names, values, callId) => {
      const dialog = dialogsIn(run).lookUp(callId, 'call');
      if (dialog === null) return -1;
      // the last one added to an AVP is its first
      for (const [name, one] of [...dialog.values].toReversed()) {
        names.set(run, name);
        values.set(run, one);
      }
      return 1;
    },
  },
  {
    name: 'get_dialogs_by_val',
    arguments: [
      valueName,
      { name: 'value', type: 'variable', readOnly: true, summary: 'The value to search for.' },
      { name: 'out_avp', type: 'variable', summary: 'Gets the dialogs as JSON, like `$DLG_ctx_json`.' },
      { name: 'dlg_no', type: 'variable', summary: 'Gets their number.' },
    ],
    summary: 'Finds all dialogs with a value: their number, or -1 for none.',
    source: 'modules/dialog; scenario dialog-by-profile',
    run: (run, name, wanted, output, number) =>
      tell(run, withValue(dialogsIn(run), name, toText(wanted.get(run)) ?? ''), output, number),
  },
  {
    name: 'get_dialogs_by_profile',
    arguments: [
      profile,
      value,
      { name: 'out_avp', type: 'variable', summary: 'Gets the dialogs as JSON, like `$DLG_ctx_json`.' },
      { name: 'dlg_no', type: 'variable', summary: 'Gets their number.' },
    ],
    summary: 'Finds all dialogs of a profile: their number, or -1 for none.',
    source: 'modules/dialog; scenario dialog-by-profile',
    run: (run, name, given, output, number) => {
      const member = memberValue(run, name, given);
      if (member === undefined) return -1;
      return tell(run, ofProfile(dialogsIn(run), name, member ?? undefined), output, number);
    },
  },
]);
