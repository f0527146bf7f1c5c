/** What scripts and the reuse of a connection have to know about its TLS. */
import { X509Certificate } from 'node:crypto';
import { isIP } from '../net/index.ts';
import { isForSipDomain } from './domain-certificate.ts';
import type { SecurePeer } from './tls-domains.ts';
import type { SecureSocket } from './tls-handshake.ts';

/** TLS of a connection as plain data, which may be passed to other processes. */
export interface TlsFacts {
  /** `TLSv1.3` */
  readonly version: string;
  /** In OpenSSL's notation. */
  readonly cipher: string;
  /** The TLS domain. */
  readonly domain: string;
  /** Whether the peer opened the connection. */
  readonly isServer: boolean;
  /** Whether it may be used only for SIP domains that the peer's certificate is for. */
  readonly verifiesName: boolean;
  /** The peer's certificate in DER; null if it sent none. */
  readonly peer: Uint8Array | null;
  /** The own certificate in DER; null if none was presented. */
  readonly own: Uint8Array | null;
  /** Why the peer's certificate is not trusted; null if it is. */
  readonly distrust: string | null;
}

/** Limit on the domains that are remembered for a connection. */
const MAX_DOMAINS = 100;

export class TlsConnection {
  readonly #secure: SecureSocket;
  readonly #domains = new Map<string, boolean>();
  #facts: TlsFacts | null = null;

  constructor(secure: SecureSocket) {
    this.#secure = secure;
    // a resumed session may show no certificate any more
    if (secure.name !== null) this.#domains.set(secure.name, true);
  }

  /** Whether the handshake continued an earlier session. */
  get isResumed(): boolean {
    return this.#secure.socket.isSessionReused();
  }

  /** Read when first needed. */
  get facts(): TlsFacts {
    if (this.#facts === null) {
      const { socket, domain, isServer, certificate, distrust } = this.#secure;
      this.#facts = {
        version: socket.getProtocol() ?? '',
        cipher: socket.getCipher().name,
        domain: domain.name,
        isServer,
        verifiesName: domain.verifiesName,
        peer: certificate?.raw ?? null,
        own: domain.certificate?.raw ?? null,
        distrust,
      };
    }
    return this.#facts;
  }

  /**
   * Whether messages for this peer may use the connection. Whoever opened a connection to this server receives what is for
   * its address; a server's certificate has to be for each domain (RFC 5922, 7.3).
   */
  isFor({ domain }: SecurePeer): boolean {
    const { isServer, domain: settings } = this.#secure;
    if (isServer || !settings.verifiesName || domain === undefined) return true;
    const known = this.#domains.get(domain);
    if (known !== undefined) return known;
    const isFor = isFactFor(this.facts, { domain });
    if (this.#domains.size < MAX_DOMAINS) this.#domains.set(domain, isFor);
    return isFor;
  }
}

/** The same for a connection of another process. */
export function isFactFor({ isServer, verifiesName, peer }: TlsFacts, { domain }: SecurePeer): boolean {
  if (isServer || !verifiesName || domain === undefined || isIP(domain) !== 0) return true;
  return peer !== null && isForSipDomain(new X509Certificate(peer), domain);
}
