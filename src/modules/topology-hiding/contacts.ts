/** The Contacts by which a side reaches the other one: they name this server. */
import {
  findParameter,
  type NameAddr,
  type SendingSocket,
  secureTransportParameter,
  TRANSPORTS,
  transportParameter,
  uriKind,
} from '../../sip/index.ts';
import type { HidingSettings } from './parameters.ts';

export type Side = 'caller' | 'callee';

export const otherSide = (side: Side): Side => (side === 'caller' ? 'callee' : 'caller');

/** The letters of topology_hiding()'s flags, with what they do. */
export const hidingFlags = {
  U: 'the user of the Contact goes on',
  D: 'the identifier of the dialog is in the user of the Contact',
  a: 'the Contact that the caller gets stays the same for the whole call',
  A: 'the same for the callee',
  C: 'the callee gets another Call-ID',
} as const;

/** The users of the Contacts that each side gets: `/caller/callee`, or one for both; '' for none. */
export function usersIn(given: string | undefined): Readonly<Record<Side, string>> {
  const [both = '', caller = '', callee = ''] = (given ?? '').split('/');
  return given?.includes('/') === true ? { caller, callee } : { caller: both, callee: both };
}

export interface ContactParts {
  /** '' for none. */
  readonly user: string;
  /** Of the URI, each with its `;`. */
  readonly params: string;
}

/** The value of a Contact at this server, instead of the one that a side has given. */
export function contactAt(
  socket: SendingSocket,
  given: NameAddr,
  { user, params }: ContactParts,
  { passedUriParameters, passedParameters }: HidingSettings,
): string {
  const { host, port, transport } = socket;
  const { protocol } = transport;
  const uri = given.uriParts;
  const isSips = uri !== null && uriKind(uri) === 'sips' && TRANSPORTS[protocol].secure;
  const passed = passedOf(uri?.params ?? null, passedUriParameters);
  const address = `${isSips ? 'sips' : 'sip'}:${user === '' ? '' : `${user}@`}${host}:${port}`;
  const way = isSips ? secureTransportParameter(protocol) : transportParameter(protocol);
  return `<${address}${way}${params}${passed}>${passedOf(given.params, passedParameters)}`;
}

/** The value of a Record-Route to this server. */
export const routeAt = ({ host, port, transport }: SendingSocket, param: string): string =>
  `<sip:${host}:${port}${transportParameter(transport.protocol)};lr;${param}>`;

/** The parameters with these names, as written, in the reverse order of the names, as OpenSIPS has them. */
function passedOf(params: string | null, names: readonly string[]): string {
  if (params === null || names.length === 0) return '';
  const given = (params.match(/(?:[^;"]|"(?:[^"\\]|\\.)*")+/g) ?? []).map((one) => one.trim());
  return names
    .toReversed()
    .flatMap((name) => given.filter((one) => findParameter(one, name) !== null).slice(0, 1))
    .map((one) => `;${one}`)
    .join('');
}
