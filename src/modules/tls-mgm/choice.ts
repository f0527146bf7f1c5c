/** The AVPs by which a script chooses the client domain of a request. Source: modules/tls_mgm, client_tls_domain_avp. */
import type { RelayedBranch, Request } from '../../runtime/index.ts';
import type { ClientChoice } from '../../sip/index.ts';
import type { Values } from './parameters.ts';

/** `name`, or `$avp(name)` */
const nameOf = (text: string | null): string | null =>
  text === null ? null : (/^\$avp\(\s*(.+?)\s*\)$/.exec(text)?.[1] ?? text);

/** Reads the AVPs of a branch, then those of the message; null if the parameters name none. */
export function choiceOf(
  values: Values,
): ((request: Request, branch: RelayedBranch | null) => ClientChoice | undefined) | null {
  const names = [nameOf(values.client_tls_domain_avp), nameOf(values.client_sip_domain_avp)] as const;
  if (names.every((name) => name === null)) return null;
  return (request, branch) => {
    const [tlsDomain, sipDomain] = names.map((name) => {
      const value = name === null ? null : (branch?.avps.get(name) ?? request.avps.get(name));
      return value === null ? null : String(value);
    });
    if (tlsDomain == null && sipDomain == null) return undefined;
    return { tlsDomain: tlsDomain ?? null, sipDomain: sipDomain ?? null };
  };
}
