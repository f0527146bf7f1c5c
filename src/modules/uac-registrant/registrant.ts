/** What is registered, and where. */
import { InvalidUse } from '../../script/index.ts';
import { parseUri } from '../../sip/index.ts';

export interface Registrant {
  readonly aor: string;
  /** The URI of the Contact. */
  readonly contact: string;
  readonly registrar: string;
  /** Next hops instead of the registrar, tried in order. */
  readonly proxies: readonly string[];
  /** The URI of From, if it differs from the address of record. */
  readonly thirdParty: string | null;
  readonly username: string | null;
  readonly password: string | null;
  /** Parameters of the Contact, each with its `;`. */
  readonly params: string;
  /** In seconds. */
  readonly expiry: number;
  readonly socket: string | null;
  readonly isEnabled: boolean;
}

/** What tells registrations apart. */
export type RegistrantKey = Pick<Registrant, 'aor' | 'contact' | 'registrar'>;

export const keyOf = ({ aor, contact, registrar }: RegistrantKey): string => `${aor} ${contact} ${registrar}`;

const fields = [
  'aor',
  'contact',
  'registrar',
  'proxy',
  'third_party',
  'username',
  'password',
  'params',
  'expiry',
  'socket',
  'state',
] as const;
export type RegistrantFields = Readonly<Partial<Record<(typeof fields)[number], string | null>>>;

const standardExpiry = 3600;

/** Why a registration cannot be; null if it can. The text of a password does not appear. */
function problemOf(one: Registrant): string | null {
  const uris = [
    one.aor,
    one.contact,
    one.registrar,
    ...one.proxies,
    ...(one.thirdParty === null ? [] : [one.thirdParty]),
  ];
  const invalid = uris.find((uri) => parseUri(uri) === null || /[<>\s\0]/.test(uri));
  if (invalid !== undefined)
    return invalid === '' ? 'aor, contact and registrar are needed' : `"${invalid}" is not a SIP URI`;
  if (/[\r\n\0]/.test(one.params) || (one.params !== '' && !one.params.startsWith(';')))
    return `parameters of the Contact begin with ";", not as "${one.params}"`;
  if (!(Number.isInteger(one.expiry) && one.expiry > 0)) return 'expiry must be a number of seconds above 0';
  return null;
}

/** Empty fields count as missing ones. A string says what is wrong. */
export function registrantOf(given: RegistrantFields): Registrant | string {
  const text = (name: keyof RegistrantFields) => given[name] || null;
  const one: Registrant = {
    aor: text('aor') ?? '',
    contact: text('contact') ?? '',
    registrar: text('registrar') ?? '',
    proxies: (text('proxy') ?? '').split(/[\s,]+/).filter(Boolean),
    thirdParty: text('third_party'),
    username: text('username'),
    password: text('password'),
    params: text('params') ?? '',
    expiry: Number(text('expiry') ?? standardExpiry),
    socket: text('socket'),
    isEnabled: text('state') !== '1',
  };
  return problemOf(one) ?? one;
}

/** Reads `aor=... contact=... registrar=...`. @throws InvalidUse */
export function readRegistrant(text: string): Registrant {
  const given: Record<string, string> = {};
  for (const [, name = '', quoted, plain = ''] of text.matchAll(/([^\s=]+)=(?:"([^"]*)"|(\S*))/g)) {
    if (!(fields as readonly string[]).includes(name))
      throw new InvalidUse(`a registrant has no "${name}"`, `use ${fields.join(', ')}`);
    given[name] = quoted ?? plain;
  }
  const made = registrantOf(given);
  if (typeof made === 'string') throw new InvalidUse(`invalid registrant: ${made}`);
  return made;
}
