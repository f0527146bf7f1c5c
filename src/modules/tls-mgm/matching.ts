/** Selects TLS domains by addresses and SIP domains. Source: modules/tls_mgm, match_ip_address and match_sip_domain. */
import { InvalidUse } from '../../script/index.ts';
import { bareHost, parseHostPort } from '../../sip/index.ts';
import { globMatches } from '../../text/index.ts';
import type { Definition } from './definitions.ts';

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** When a domain is used. */
export interface Rule {
  /** Null: for all addresses. A port of null is any port. */
  readonly addresses: readonly { readonly address: string; readonly port: number | null }[] | null;
  /** Patterns in lower case. */
  readonly names: readonly string[];
}

const NO_NAME = 'none';
const ANY = '*';

const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** @throws InvalidUse for an invalid address */
export function ruleOf({ name, values }: Definition): Rule {
  const addresses = list(values.get('match_ip_address') ?? ANY);
  return {
    addresses: addresses.includes(ANY) ? null : addresses.map((text) => addressOf(name, text)),
    names: list(values.get('match_sip_domain')?.toLowerCase() ?? ANY),
  };
}

function addressOf(domain: string, text: string) {
  const read = parseHostPort(text);
  if (read === null)
    throw new InvalidUse(
      `match_ip_address of "${domain}" is "${text}"`,
      'use a list of ip:port or ip, or *, for example 192.0.2.1:5061',
    );
  return { address: bareHost(read.host).toLowerCase(), port: read.port };
}

/**
 * The domain for an address and a name, or for none: if any domain is for that address, only those count, then the most
 * specific name does.
 */
export function select<Domain extends { readonly rule: Rule }>(
  domains: readonly Domain[],
  endpoint: Endpoint,
  name: string | null,
): Domain | null {
  const forAddress = domains.filter(({ rule }) => rule.addresses?.some((filter) => isAt(filter, endpoint)));
  const forAll = domains.filter(({ rule }) => rule.addresses === null);
  return mostSpecific(forAddress.length > 0 ? forAddress : forAll, name);
}

const isAt = (filter: { address: string; port: number | null }, { address, port }: Endpoint): boolean =>
  filter.address === address && (filter.port === null || filter.port === port);

function mostSpecific<Domain extends { readonly rule: Rule }>(
  domains: readonly Domain[],
  name: string | null,
): Domain | null {
  let best: Domain | null = null;
  let most = -1;
  for (const domain of domains) {
    const weight = Math.max(...domain.rule.names.map((pattern) => weightOf(pattern, name)), -1);
    if (weight <= most) continue;
    most = weight;
    best = domain;
  }
  return best;
}

/** How specific a matching pattern is; -1 for any other. */
function weightOf(pattern: string, name: string | null): number {
  if (pattern === ANY) return 0;
  if (name === null || pattern === NO_NAME) return name === null && pattern === NO_NAME ? 1 : -1;
  if (!globMatches(pattern, name)) return -1;
  return pattern === name ? Number.POSITIVE_INFINITY : pattern.length;
}
