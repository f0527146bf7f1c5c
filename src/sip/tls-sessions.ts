import type { TlsDomain } from './tls-domains.ts';

/** Limit for each domain; the oldest are forgotten. */
const MAX_SESSIONS = 1000;

/** TLS sessions to resume. They belong to a domain, so that none outlives a change of its certificates. */
export class TlsSessions {
  readonly #of = new WeakMap<TlsDomain, Map<string, Buffer>>();

  get(domain: TlsDomain, key: string): Buffer | undefined {
    return this.#of.get(domain)?.get(key);
  }

  set(domain: TlsDomain, key: string, session: Buffer): void {
    let sessions = this.#of.get(domain);
    if (sessions === undefined) {
      sessions = new Map();
      this.#of.set(domain, sessions);
    }
    sessions.delete(key);
    const oldest = sessions.size >= MAX_SESSIONS ? sessions.keys().next().value : undefined;
    if (oldest !== undefined) sessions.delete(oldest);
    sessions.set(key, session);
  }

  delete(domain: TlsDomain, key: string): void {
    this.#of.get(domain)?.delete(key);
  }
}
