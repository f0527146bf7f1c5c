/** The TLS domains that the parameters define, with their values checked. */
import type { SecureVersion } from 'node:tls';
import { InvalidUse } from '../../script/index.ts';
import { type DomainParameter, domainParameters, type Values } from './parameters.ts';

/** A domain as written. */
export interface Definition {
  readonly kind: 'server' | 'client';
  readonly name: string;
  readonly values: ReadonlyMap<DomainParameter, string>;
}

/** `[name]value` */
const OF_DOMAIN = /^\[\s*([^\]]+?)\s*\](.*)$/s;

/** In older scripts `name=ip:port`. */
const domainName = (text: string): string => text.split('=')[0]?.trim() ?? '';
const formerAddress = (text: string): string | undefined => /=\s*(\S+)/.exec(text)?.[1];

/** The names that `client_domain` defines, in order. */
export const clientDomainNames = ({ client_domain }: Values): readonly string[] =>
  client_domain.map(domainName);

/** All domains, in the order of the script. @throws InvalidUse */
export function definitionsOf(values: Values): readonly Definition[] {
  const settings = new Map<string, Map<DomainParameter, string>>();
  const domains = (['server', 'client'] as const).flatMap((kind) =>
    values[`${kind}_domain`].map((text) => {
      const name = domainName(text);
      if (settings.has(name)) throw new InvalidUse(`${kind}_domain "${name}" is defined twice`);
      const own = new Map<DomainParameter, string>();
      const address = formerAddress(text);
      if (address !== undefined) own.set('match_ip_address', address);
      settings.set(name, own);
      return { kind, name, values: own };
    }),
  );
  for (const { name: parameter } of domainParameters) {
    for (const text of values[parameter]) {
      const [, domain = '', value = ''] = OF_DOMAIN.exec(text) ?? [];
      if (domain === '')
        throw new InvalidUse(
          `${parameter} "${text}" does not name a domain`,
          `use [${domains[0]?.name ?? 'domain'}]${text}`,
        );
      const own = settings.get(domain);
      if (own === undefined)
        throw new InvalidUse(
          `${parameter} refers to the domain "${domain}", which no client_domain or server_domain defines`,
        );
      own.set(parameter, value.trim());
    }
  }
  return domains;
}

/** 1 or 0, or the default. */
export function flagOf({ name, values }: Definition, parameter: DomainParameter): boolean | undefined {
  const text = values.get(parameter);
  if (text !== undefined && !/^[01]$/.test(text))
    throw new InvalidUse(`${parameter} of "${name}" is "${text}"`, '1 or 0');
  return text === undefined ? undefined : text === '1';
}

const versions: Readonly<Record<string, SecureVersion>> = {
  TLSV1: 'TLSv1',
  TLSV1_1: 'TLSv1.1',
  TLSV1_2: 'TLSv1.2',
  TLSV1_3: 'TLSv1.3',
};

export interface VersionRange {
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

/** `TLSv1_2`, `TLSv1_2-`, `-TLSv1_2`, `SSLv23` in any case. */
export function versionRange(method: string | undefined): VersionRange {
  if (method === undefined || method === '-' || /^SSLv23$/i.test(method)) return {};
  const [low = '', high] = method.split('-').map((part) => part.trim());
  const version = (name: string): SecureVersion | undefined => {
    if (name === '') return undefined;
    const known = versions[name.toUpperCase()];
    if (known === undefined)
      throw new InvalidUse(
        `unknown tls_method "${name}"`,
        'TLSv1, TLSv1_1, TLSv1_2, TLSv1_3, SSLv23, or a range of them',
      );
    return known;
  };
  const minVersion = version(low);
  const maxVersion = high === undefined ? minVersion : version(high);
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  };
}
