/** Local domains: of the script, a table and a service. */
import { type Routing, type Run, StateKey } from '../../runtime/index.ts';
import { lowerAscii } from '../../script/index.ts';
import { bareHost } from '../../sip/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import type { TextRow } from '../db-text.ts';
import { ServiceTable } from '../rest-client/service-table.ts';
import { folderOf, TextTable } from '../text-table.ts';
import { parameters } from './parameters.ts';

export interface LocalDomain {
  readonly name: string;
  readonly attributes: string | null;
  /** Whether its subdomains are local too. */
  readonly hasSubdomains: boolean;
}

type Named = ReadonlyMap<string, LocalDomain>;

export interface Domains {
  readonly written: Named;
  readonly table: TextTable<Named> | null;
  readonly service: ServiceTable | null;
}

export const domainsOf = new StateKey<Routing, Domains>('domain', () => ({
  written: new Map(),
  table: null,
  service: null,
}));

const named = (list: readonly LocalDomain[]): Named => new Map(list.map((one) => [one.name, one]));

function writtenDomain(text: string): LocalDomain {
  const [, dot, name = '', attributes] = /^\s*(\.?)(\S+)(?:\s+(.*?))?\s*$/s.exec(text) ?? [];
  return { name: lowerAscii(name), attributes: attributes ?? null, hasSubdomains: dot === '.' };
}

/** Throws an Error that says where the table is wrong. */
export function openDomains(routing: Routing): Domains {
  const values = routing.parameters(parameters);
  const { domain, db_url, domains_url: url, domain_table, domain_col, attrs_col, subdomain_col } = values;
  const ofRow = (row: TextRow): LocalDomain => ({
    name: lowerAscii(row.get(domain_col) ?? ''),
    attributes: row.get(attrs_col) || null,
    hasSubdomains: Number(row.get(subdomain_col) ?? 0) > 0,
  });
  return {
    written: named(domain.map(writtenDomain)),
    table:
      db_url === null
        ? null
        : new TextTable(routing, folderOf(db_url, 'the parameter domain'), domain_table, (rows) =>
            named(rows.map(ofRow)),
          ),
    service:
      url === null
        ? null
        : new ServiceTable(routing, {
            url,
            keep: 1000 * values.domains_ttl,
            timeout: values.domains_timeout,
          }),
  };
}

/** `example.com` of `sip.example.com`; '' when nothing is left. */
const parentOf = (name: string) => /^[^.]*\.(.+)$/.exec(name)?.[1] ?? '';

function lookUp(domains: Named, name: string): LocalDomain | null {
  const own = domains.get(name);
  if (own !== undefined) return own;
  for (let parent = parentOf(name); parent !== ''; parent = parentOf(parent)) {
    const found = domains.get(parent);
    if (found?.hasSubdomains === true) return found;
  }
  return null;
}

/** A local domain, in any case; null for another one, or if the service fails. */
export function findDomain(run: Run, text: string): Awaitable<LocalDomain | null> {
  const { written, table, service } = run.routing.states.get(domainsOf);
  const name = bareHost(lowerAscii(text));
  const known = lookUp(written, name) ?? (table === null ? null : lookUp(table.current, name));
  if (known !== null || service === null) return known;
  return andThen(service.ask({ domain: name }), (answer) => {
    if (answer.kind === 'failed') run.complain(`domain: ${answer.reason}`);
    return answer.kind === 'found'
      ? { name, attributes: attributesOf(answer.text), hasSubdomains: false }
      : null;
  });
}

function attributesOf(text: string): string | null {
  const line = text.trim();
  if (!line.startsWith('{')) return line === '' ? null : line;
  try {
    const { attrs } = JSON.parse(line) as { readonly attrs?: unknown };
    return typeof attrs === 'string' ? attrs : attrs == null ? null : JSON.stringify(attrs);
  } catch {
    return line;
  }
}
