/** NAPTR records of SIP (RFC 3263, 4.1): which transports a domain offers, in its order of preference. */
import type { NamingPointer } from '../net/index.ts';
import { PROTOCOLS, type Protocol, TRANSPORTS } from './transports.ts';

/** The SRV records of one transport. */
export interface NamedService {
  readonly protocol: Protocol;
  /** Records of another order are not for the same choice (RFC 3403, 4.1). */
  readonly order: number;
  /** Their name. */
  readonly name: string;
}

/** Limit on the records used from one answer. */
const MAX_POINTERS = 16;

/** The services of these transports, by order and preference. Records that rewrite, or lead elsewhere, are left out. */
export function namedServices(
  records: readonly NamingPointer[],
  allowed: ReadonlySet<Protocol>,
): readonly NamedService[] {
  return records
    .filter(
      ({ flags, regexp, replacement }) =>
        flags.toLowerCase() === 's' && regexp === '' && replacement !== '' && replacement !== '.',
    )
    .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ service, order, replacement: name }) => {
      const wanted = service.toUpperCase();
      const protocol = PROTOCOLS.find((one) => TRANSPORTS[one].pointer === wanted && allowed.has(one));
      return protocol === undefined ? [] : [{ protocol, order, name }];
    })
    .slice(0, MAX_POINTERS);
}
