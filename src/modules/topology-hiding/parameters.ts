/** The parameters of topology_hiding. Source: modules/topology_hiding of the manual, 4.0 and later. */
import { type Routing, StateKey } from '../../runtime/index.ts';
import { defineParameter, defineParameters, InvalidUse, type RowValues } from '../../script/index.ts';
import { isToken } from '../../sip/index.ts';
import { Sealer } from './sealer.ts';

const text = <const Name extends string, const Default extends string>(
  name: Name,
  standard: Default,
  summary: string,
) => defineParameter({ name, type: 'string', default: standard, summary });

export const parameters = defineParameters([
  text('th_callid_passwd', 'OpenSIPS', 'The password of hidden Call-IDs.'),
  text(
    'th_callid_prefix',
    'DLGCH_',
    'What hidden Call-IDs begin with; another one on each server of a path.',
  ),
  text(
    'th_passed_contact_uri_params',
    '',
    'Parameters of Contact URIs that the other side gets, separated by `;`.',
  ),
  text('th_passed_contact_params', '', 'The same for parameters of the Contact header.'),
  {
    name: 'force_dialog',
    type: 'boolean',
    default: false,
    summary: 'Whether a dialog is created for a call that has none. Needs the module dialog.',
  },
  text('th_contact_encode_passwd', 'ToPoCtPaSS', 'The password of what the Contact says without a dialog.'),
  text('th_contact_encode_param', 'thinfo', 'The parameter of the Contact URI that says it.'),
  defineParameter({
    name: 'th_contact_encode_param_password',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'The last two in one, as `NAME[:PASSWORD[:C or L]]`. May be set twice, so that a new password can take over: both are read.',
  }),
  text('th_use_param', '', 'Which of these is written, by its name. Default: the first.'),
  text('th_contact_encode_scheme', 'base64', '`base64`, or `base32` for peers that change the case.'),
  text(
    'th_contact_caller_username_var',
    '_th_contact_caller_username_var_',
    'The `$dlg_val` with the user of the Contact that the caller gets.',
  ),
  text(
    'th_contact_callee_username_var',
    '_th_contact_callee_username_var_',
    'The `$dlg_val` with the user of the Contact that the callee gets.',
  ),
  defineParameter({
    name: 'th_callid_loop_protection',
    type: 'boolean',
    default: false,
    summary: 'Accepted without effect.',
    inert: 'the hidden Call-IDs of siprest always belong to a From tag',
  }),
  text('th_internal_trusted_tag', '', 'The tag of sockets to sides that see everything; empty: none.'),
  defineParameter({
    name: 'th_external_socket_tag',
    type: 'string',
    default: null,
    summary: 'Accepted without effect.',
    inert: 'siprest chooses a socket that reaches the target',
  }),
  {
    name: 'th_auto_route_on_trusted_socket',
    type: 'boolean',
    default: true,
    summary:
      'Whether requests to a side that sees everything get a Record-Route, which brings later ones here; without a dialog.',
  },
]);

export interface Encoding {
  readonly param: string;
  readonly sealer: Sealer;
}

export interface HidingSettings {
  readonly callIds: { readonly prefix: string; readonly sealer: Sealer };
  /** All are read. */
  readonly encodings: readonly Encoding[];
  /** This one is written. */
  readonly encoding: Encoding;
  readonly format: 'base64' | 'base32';
  readonly passedUriParameters: readonly string[];
  readonly passedParameters: readonly string[];
  /** The names of the dialog's values with the users of the Contacts. */
  readonly userOf: { readonly caller: string; readonly callee: string };
  readonly trustedTag: string;
  readonly autoRoute: boolean;
}

const list = (names: string): readonly string[] =>
  names
    .split(';')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);

function encodingsOf(values: RowValues<typeof parameters>): readonly Encoding[] {
  const given = values.th_contact_encode_param_password.map(String);
  if (given.length === 0)
    return [encodingOf(values.th_contact_encode_param, values.th_contact_encode_passwd)];
  return given.map((one) => {
    const [, name = '', password = ''] = /^([^:]*)(?::(.*?))?(?::[CcLl])?$/.exec(one) ?? [];
    return encodingOf(name, password || values.th_contact_encode_passwd);
  });
}

const encodingOf = (param: string, password: string): Encoding => ({
  param,
  sealer: new Sealer(password, 'contact'),
});

export const hidingSettings = new StateKey<Routing, HidingSettings>('topology hiding', (routing) => {
  const values = routing.parameters(parameters);
  const encodings = encodingsOf(values);
  const [first = encodingOf('thinfo', '')] = encodings;
  return {
    callIds: { prefix: values.th_callid_prefix, sealer: new Sealer(values.th_callid_passwd, 'call-id') },
    encodings,
    encoding: encodings.find(({ param }) => param === values.th_use_param) ?? first,
    format: values.th_contact_encode_scheme.toLowerCase() === 'base32' ? 'base32' : 'base64',
    passedUriParameters: list(values.th_passed_contact_uri_params),
    passedParameters: list(values.th_passed_contact_params),
    userOf: {
      caller: values.th_contact_caller_username_var,
      callee: values.th_contact_callee_username_var,
    },
    trustedTag: values.th_internal_trusted_tag,
    autoRoute: values.th_auto_route_on_trusted_socket,
  };
});

const isName = (name: string) => /^[\w.!~*+-]+$/.test(name);

export function checkParameters(values: RowValues<typeof parameters>): readonly string[] {
  const { th_callid_prefix, th_contact_encode_scheme, th_use_param } = values;
  const encodings = encodingsOf(values);
  for (const { param } of encodings)
    if (!isName(param)) throw new InvalidUse(`"${param}" cannot be a parameter of a URI`);
  if (encodings.length > 2)
    throw new InvalidUse('th_contact_encode_param_password may be set twice', 'remove the oldest');
  if (th_use_param !== '' && encodings.every(({ param }) => param !== th_use_param))
    throw new InvalidUse(
      `th_use_param names "${th_use_param}"`,
      `use one of: ${encodings.map(({ param }) => param).join(', ')}`,
    );
  if (!/^base(?:64|32)$/i.test(th_contact_encode_scheme))
    throw new InvalidUse(
      `th_contact_encode_scheme cannot be "${th_contact_encode_scheme}"`,
      'use base64 or base32',
    );
  if (!isToken(th_callid_prefix))
    throw new InvalidUse(`"${th_callid_prefix}" cannot begin a Call-ID`, 'use letters, digits, "_" or "-"');
  return [];
}
