/** Administration commands. Source: modules/dialog of the manual, its MI functions. */
import { type Dialog, profileNames } from '../../dialog/index.ts';
import { CommandError, defineCommands, type RunRouting } from '../../runtime/index.ts';
import { bytes, dialogNamed, dialogsFor, endByCommand } from './command-arguments.ts';
import { listed, listedContext, ofProfile } from './describe.ts';
import { sequentialCommand } from './sequential-command.ts';

const source = 'modules/dialog';

const identifier = <const Name extends string>(name: Name) =>
  ({ name, type: 'string', summary: 'The identifier of the dialog, or its Call-ID.' }) as const;
const profile = { name: 'profile', type: 'string', summary: 'The name of the profile.' } as const;
const value = {
  name: 'value',
  type: 'string',
  optional: true,
  summary: 'Only dialogs with this value.',
} as const;

/** Whether a profile has values. @throws CommandError for an unknown one */
function hasValues(routing: RunRouting, name: string): boolean {
  const { withValue, withoutValue } = routing.states.get(profileNames);
  if (withValue.includes(name)) return true;
  if (withoutValue.includes(name)) return false;
  throw new CommandError(404, `no profile "${name}"`);
}

const listParameters = [
  {
    name: 'callid',
    type: 'string',
    optional: true,
    summary: 'Only the dialog with this Call-ID; with two numbers instead, how many to leave out.',
  },
  { name: 'from_tag', type: 'string', optional: true, summary: 'The tag of its From; or how many to list.' },
  { name: 'index', type: 'int', optional: true, minimum: 0, summary: 'How many to leave out.' },
  { name: 'counter', type: 'int', optional: true, minimum: 0, summary: 'How many to list.' },
] as const;

/** `dialog:list`, with a description of each. */
const listing = (name: string, alias: string, summary: string, describeOne: (dialog: Dialog) => unknown) =>
  ({
    name,
    aliases: [alias],
    parameters: listParameters,
    summary,
    source,
    run: (
      {
        callid,
        from_tag,
        index,
        counter,
      }: {
        readonly callid: string | undefined;
        readonly from_tag: string | undefined;
        readonly index: number | undefined;
        readonly counter: number | undefined;
      },
      routing: RunRouting,
    ) => {
      const dialogs = dialogsFor(routing);
      if (callid !== undefined) {
        const found = dialogs.lookUp(bytes(callid), 'call');
        if (found === null || (from_tag !== undefined && found.caller.tag !== bytes(from_tag)))
          throw new CommandError(404, `no dialog with the Call-ID "${callid}"`);
        return { Dialog: describeOne(found) };
      }
      const list: unknown[] = [];
      let at = 0;
      for (const dialog of dialogs.active()) {
        const isWanted = at >= (index ?? 0) && list.length < (counter ?? Number.POSITIVE_INFINITY);
        at++;
        if (isWanted) list.push(describeOne(dialog));
      }
      return index === undefined && counter === undefined ? { Dialogs: list } : { count: at, Dialogs: list };
    },
  }) as const;

export const dialogCommands = defineCommands([
  listing('dialog:list', 'dlg_list', 'Lists dialogs.', listed),
  listing('dialog:list_ctx', 'dlg_list_ctx', 'Lists dialogs with their values and profiles.', listedContext),
  {
    name: 'dialog:end_dlg',
    aliases: ['dlg_end_dlg', 'dialog:end'],
    parameters: [
      identifier('dialog_id'),
      { name: 'extra_hdrs', type: 'string', optional: true, summary: 'Header lines of the BYEs.' },
    ],
    summary: 'Ends a call: by BYE to both sides, or by CANCEL while it rings.',
    source,
    run: ({ dialog_id, extra_hdrs = '' }, routing) => {
      const dialog = dialogNamed(routing, dialog_id);
      endByCommand(routing, dialog, bytes(extra_hdrs));
    },
  },
  {
    name: 'dialog:profile_get_size',
    aliases: ['profile_get_size'],
    parameters: [profile, value],
    summary: 'Counts the dialogs of a profile.',
    source,
    run: (args, routing) => {
      const some = hasValues(routing, args.profile) && args.value !== undefined ? bytes(args.value) : null;
      const count = dialogsFor(routing).profiles.size(args.profile, some);
      return { Profile: { name: args.profile, value: some, count, shared: 'no', replicated: 'no' } };
    },
  },
  {
    name: 'dialog:profile_list_dlgs',
    aliases: ['profile_list_dlgs'],
    parameters: [profile, value],
    summary: 'Lists the dialogs of a profile.',
    source,
    run: (args, routing) => {
      const some =
        hasValues(routing, args.profile) && args.value !== undefined ? bytes(args.value) : undefined;
      return { Dialogs: [...ofProfile(dialogsFor(routing), args.profile, some)].map(listed) };
    },
  },
  {
    name: 'dialog:profile_get_values',
    aliases: ['profile_get_values'],
    parameters: [profile],
    summary: 'Lists the values of a profile, each with the number of its dialogs.',
    source,
    run: (args, routing) => {
      const { profiles } = dialogsFor(routing);
      const values = hasValues(routing, args.profile)
        ? [...profiles.values(args.profile)]
        : [[null, profiles.size(args.profile)] as const];
      return values.map(([each, count]) => ({ value: each, count }));
    },
  },
  {
    name: 'dialog:profile_end_dlgs',
    aliases: ['profile_end_dlgs'],
    parameters: [profile, value],
    summary: 'Ends the calls of a profile.',
    source,
    run: (args, routing) => {
      const some =
        hasValues(routing, args.profile) && args.value !== undefined ? bytes(args.value) : undefined;
      for (const dialog of [...ofProfile(dialogsFor(routing), args.profile, some)])
        endByCommand(routing, dialog, '');
    },
  },
  {
    name: 'dialog:list_all_profiles',
    aliases: ['list_all_profiles'],
    parameters: [],
    summary: 'Lists the profiles, and whether they have values.',
    source,
    run: (_, routing) => {
      const { withValue, withoutValue } = routing.states.get(profileNames);
      return {
        Profiles: [
          ...withoutValue.map((name) => ({ name, 'has value': false })),
          ...withValue.map((name) => ({ name, 'has value': true })),
        ],
      };
    },
  },
  {
    name: 'dialog:push_var',
    aliases: ['dlg_push_var'],
    parameters: [
      { name: 'dlg_val_name', type: 'string', summary: 'The name of the value.' },
      { name: 'dlg_val_value', type: 'string', summary: 'The value.' },
      { name: 'DID', type: 'list', summary: 'The identifiers of dialogs, or their Call-IDs.' },
    ],
    summary: 'Stores a value with dialogs.',
    source,
    run: ({ dlg_val_name, dlg_val_value, DID }, routing) => {
      const change = { kind: 'value', name: bytes(dlg_val_name), value: bytes(dlg_val_value) } as const;
      for (const dialog of DID.map((id) => dialogNamed(routing, id)))
        dialogsFor(routing).change(dialog, change);
    },
  },
  {
    name: 'dialog:set_profile',
    aliases: ['set_dlg_profile'],
    parameters: [
      identifier('dlg_id'),
      profile,
      { name: 'value', type: 'string', optional: true, summary: 'The value.' },
      {
        name: 'clear_values',
        type: 'int',
        optional: true,
        summary: '1: the dialog leaves its other values first.',
      },
    ],
    summary: 'Counts a dialog among those of a profile.',
    source,
    run: (args, routing) => {
      const dialog = dialogNamed(routing, args.dlg_id);
      const some = hasValues(routing, args.profile) && args.value !== undefined ? bytes(args.value) : null;
      const dialogs = dialogsFor(routing);
      if ((args.clear_values ?? 0) !== 0)
        dialogs.change(dialog, { kind: 'leave', profile: args.profile, value: null });
      dialogs.change(dialog, { kind: 'join', profile: args.profile, value: some });
    },
  },
  {
    name: 'dialog:unset_profile',
    aliases: ['unset_dlg_profile'],
    parameters: [
      identifier('dlg_id'),
      profile,
      { name: 'value', type: 'string', optional: true, summary: 'Only this value.' },
    ],
    summary: 'Takes a dialog out of a profile.',
    source,
    run: (args, routing) => {
      const dialog = dialogNamed(routing, args.dlg_id);
      const some = hasValues(routing, args.profile) && args.value !== undefined ? bytes(args.value) : null;
      dialogsFor(routing).change(dialog, { kind: 'leave', profile: args.profile, value: some });
    },
  },
  sequentialCommand,
]);
