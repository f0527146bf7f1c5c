import { constants, X509Certificate } from 'node:crypto';
import tls, { type SecureContextOptions } from 'node:tls';
import { type TlsDomain, TlsDomains } from '../../src/sip/tls-domains.ts';
import { type Authority, type Certificate, createAuthority } from './certificates.ts';

/** A domain that trusts one authority, or nobody. */
export function tlsDomain(
  { cert, key }: Partial<Certificate>,
  authority: Authority | null,
  more: Partial<TlsDomain> & { readonly options?: SecureContextOptions } = {},
): TlsDomain {
  const { options, ...rest } = more;
  return {
    name: 'test',
    context: tls.createSecureContext({
      cert,
      key,
      ca: authority === null ? [] : [authority.cert],
      sessionIdContext: 'test',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      ...options,
    }),
    certificate: cert === undefined ? null : new X509Certificate(cert),
    verifiesPeer: authority !== null,
    requiresCertificate: authority !== null,
    verifiesName: authority !== null,
    ...rest,
  };
}

/** The same domains for every connection. */
export function tlsDomains(server: TlsDomain | null, client: TlsDomain | null = null): TlsDomains {
  const domains = new TlsDomains();
  domains.use({ server: () => server, client: () => client });
  return domains;
}

export const testAuthority = createAuthority();
