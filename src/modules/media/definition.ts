/** How scripts and tables name media relays: `[SET ==] udp:HOST:PORT[|ADVERTISED][=WEIGHT] ...`. */
import { InvalidUse } from '../../script/index.ts';
import { bareHost, parseHostPort } from '../../sip/index.ts';

/** How a relay is spoken to. */
export type Scheme = 'udp' | 'tcp' | 'unix' | 'http';

/** A media relay, as written. */
export interface Definition {
  readonly set: number;
  /** Without its weight and advertised address: how scripts and commands name it. */
  readonly name: string;
  readonly scheme: Scheme;
  /** A name or an address; the path of a UNIX socket; the whole URL. */
  readonly host: string;
  readonly port: number;
  readonly isIPv6: boolean;
  /** The address that session descriptions get instead of its own; null: its own. */
  readonly advertised: string | null;
  readonly weight: number;
}

const schemes: Readonly<Record<string, Scheme>> = {
  udp: 'udp',
  udp6: 'udp',
  tcp: 'tcp',
  tcp6: 'tcp',
  unix: 'unix',
  cunix: 'unix',
};

/** What a module's relays can be. */
export interface DefinitionRules {
  readonly schemes: readonly Scheme[];
  /** Without `N ==`. */
  readonly defaultSet: number;
  /** How one is written, for messages. */
  readonly form: string;
}

/** The relays of a text. @throws InvalidUse */
export function readDefinitions(text: string, rules: DefinitionRules): readonly Definition[] {
  const [, set = String(rules.defaultSet), list = ''] = /^\s*(?:(\d+)\s*==)?(.*)$/s.exec(text) ?? [];
  const parts = list.split(/\s+/).filter(Boolean);
  if (!/^\d{1,9}$/.test(set))
    throw new InvalidUse(`invalid set ${set}`, 'use a number, as in "2 == udp:HOST:PORT"');
  if (parts.length === 0) throw new InvalidUse(`"${text}" names no media relay`, `use ${rules.form}`);
  return parts.map((part) => {
    const found = readOne(part, Number(set));
    if (found !== null && rules.schemes.includes(found.scheme)) return found;
    throw new InvalidUse(`invalid media relay "${part}"`, `use ${rules.form}`);
  });
}

function readOne(part: string, set: number): Definition | null {
  const [, whole = '', weight = '1'] = /^(.*?)(?:=(\d{1,5}))?$/s.exec(part) ?? [];
  const [name = '', advertised = null] = whole.split('|');
  const common = { set, name, advertised, weight: Number(weight) };
  if (/^https?:\/\/[^/]+/.test(name))
    return { ...common, scheme: 'http', host: name, port: 0, isIPv6: false };
  const [, prefix = 'unix', place = ''] = /^(?:(\w+):)?(.+)$/s.exec(name) ?? [];
  const scheme = schemes[prefix];
  if (scheme === undefined) return null;
  if (scheme === 'unix') return { ...common, scheme, host: place, port: 0, isIPv6: false };
  const to = parseHostPort(place);
  if (to === null || to.port === null || to.port === 0) return null;
  const host = bareHost(to.host);
  return { ...common, scheme, host, port: to.port, isIPv6: prefix.endsWith('6') || host.includes(':') };
}
