/** The parameters of uac. Source: modules/uac of the manual. */
import { defineParameters, InvalidUse, type RowValues } from '../../script/index.ts';

export const restoreModes = ['none', 'manual', 'auto'] as const;

export const parameters = defineParameters([
  {
    name: 'restore_mode',
    type: 'string',
    default: 'auto',
    summary:
      'Where replaced URIs are restored: `none`: nowhere; `manual`: in replies to the request; `auto`: in those, and in all later requests and replies.',
  },
  {
    name: 'restore_passwd',
    type: 'string',
    default: '',
    summary: 'The password by which URIs in Record-Route are encrypted; empty: they are only encoded.',
  },
  {
    name: 'rr_from_store_param',
    type: 'string',
    default: 'vsf',
    summary: 'The parameter of Record-Route with the URIs of From.',
  },
  {
    name: 'rr_to_store_param',
    type: 'string',
    default: 'vst',
    summary: 'The parameter of Record-Route with the URIs of To.',
  },
  {
    name: 'force_dialog',
    type: 'boolean',
    default: false,
    summary: 'Whether a dialog is created for a call whose URIs are replaced. Needs the module dialog.',
  },
]);

export function checkParameters(values: RowValues<typeof parameters>): readonly string[] {
  const { restore_mode, rr_from_store_param, rr_to_store_param } = values;
  if (!(restoreModes as readonly string[]).includes(restore_mode))
    throw new InvalidUse(
      `restore_mode cannot be "${restore_mode}"`,
      `use one of: ${restoreModes.join(', ')}`,
    );
  for (const name of [rr_from_store_param, rr_to_store_param])
    if (!/^[\w.-]+$/.test(name)) throw new InvalidUse(`"${name}" cannot be a parameter of a URI`);
  return [];
}
