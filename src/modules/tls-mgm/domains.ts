/** The TLS domains of a script, for REST requests and SIP connections. */
import { randomBytes } from 'node:crypto';
import type { TlsClientDomain } from '../../rest/index.ts';
import { type Host, type Routing, StateKey, StoreError } from '../../runtime/index.ts';
import {
  type ClientChoice,
  defaultClientDomain,
  type TlsDomain,
  type TlsDomainSet,
} from '../../sip/index.ts';
import { type Definition, definitionsOf } from './definitions.ts';
import { type BuildContext, buildDomain, buildRestDomain } from './domain.ts';
import { type Rule, ruleOf, select } from './matching.ts';
import type { Values } from './parameters.ts';

/** Client domains for REST, by name; empty unless tls_mgm is loaded. */
export const clientTlsDomains = new StateKey<Routing, Map<string, TlsClientDomain>>(
  'TLS client domains',
  () => new Map(),
);

/** The domains of a script that loads tls_mgm. */
export const scriptDomains = new StateKey<Routing, ScriptDomains>('TLS domains', () => {
  throw new Error('tls_mgm has not started');
});

/** A domain, and when it is used. */
export interface UsedDomain {
  readonly definition: Definition;
  readonly domain: TlsDomain;
  readonly rule: Rule;
}

export class ScriptDomains implements TlsDomainSet {
  readonly all: readonly UsedDomain[];
  readonly #servers: readonly UsedDomain[];
  readonly #clients: readonly UsedDomain[];

  /** Reads all files. @throws InvalidUse */
  constructor(values: Values, context: BuildContext) {
    this.all = definitionsOf(values).map((definition) => ({
      definition,
      domain: buildDomain(definition, context),
      rule: ruleOf(definition),
    }));
    this.#servers = this.all.filter(({ definition }) => definition.kind === 'server');
    this.#clients = this.all.filter(({ definition }) => definition.kind === 'client');
  }

  server(local: Parameters<TlsDomainSet['server']>[0], serverName: string | null): TlsDomain | null {
    return select(this.#servers, local, serverName)?.domain ?? null;
  }

  client(remote: Parameters<TlsDomainSet['client']>[0], choice: ClientChoice | undefined): TlsDomain | null {
    if (choice?.tlsDomain != null)
      return this.#clients.find(({ domain }) => domain.name === choice.tlsDomain)?.domain ?? null;
    if (this.#clients.length === 0) return defaultClientDomain();
    return select(this.#clients, remote, choice?.sipDomain?.toLowerCase() ?? null)?.domain ?? null;
  }
}

const ticketSpace = 'tls tickets';
const ticketKey = 'secret';

/** Gives all processes the same secret, so that each resumes the sessions of all. */
export async function shareTicketSecret({ store }: Host): Promise<void> {
  const value = randomBytes(32).toString('hex');
  try {
    await store.ask({ kind: 'initialize-value', space: ticketSpace, key: ticketKey, value });
  } catch (error) {
    // without it each process resumes its own sessions
    if (!(error instanceof StoreError)) throw error;
  }
}

/** Reads all files; if one cannot be used nothing changes. @throws InvalidUse */
export function loadDomains(routing: Routing, values: Values): void {
  const { host, log, states } = routing;
  const domains = new ScriptDomains(values, {
    warn: (text) => log.warning(text),
    now: () => host.clock.date(),
    ticketSecret: String(host.store.values(ticketSpace).get(ticketKey) ?? '') || null,
  });
  states.set(clientTlsDomains, restDomainsOf(values));
  states.set(scriptDomains, domains);
}

/** Client domains for REST. @throws InvalidUse */
export const restDomainsOf = (values: Values): Map<string, TlsClientDomain> =>
  new Map(
    definitionsOf(values)
      .filter(({ kind }) => kind === 'client')
      .map((definition) => [definition.name, buildRestDomain(definition)]),
  );
