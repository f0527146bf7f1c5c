/** The TLS settings of connections: which certificate is presented, and what the peer has to prove. */
import type { X509Certificate } from 'node:crypto';
import type * as Tls from 'node:tls';
import { Waiters } from '../timers/index.ts';

/** Loaded with the first use, since it takes 10 ms. */
export const tls = (): typeof Tls => process.getBuiltinModule('node:tls');

/** The settings of some connections. */
export interface TlsDomain {
  /** For logs. */
  readonly name: string;
  /** Its certificate, key, CAs, versions and ciphers. */
  readonly context: Tls.SecureContext;
  /** The own certificate, or null. */
  readonly certificate: X509Certificate | null;
  /** Whether the peer's certificate, if any, must be issued by one of the CAs, valid and not revoked. */
  readonly verifiesPeer: boolean;
  /** Whether a client must present a certificate. */
  readonly requiresCertificate: boolean;
  /** Whether a server's certificate must be for the SIP domain that led to it (RFC 5922, 7.3). */
  readonly verifiesName: boolean;
  /** Why a certificate, followed by its issuers, counts as revoked; null if it does not. */
  revocation?(chain: readonly X509Certificate[]): string | null;
}

/** What selects and checks an outgoing connection, beside its address. */
export interface SecurePeer {
  /** The domain of the URI that led there: sent by SNI, and what the certificate has to be for (RFC 5922, 7.3). */
  readonly domain?: string | undefined;
  /** What the script requests, if anything: the name of a client domain, or a SIP domain that selects one. */
  readonly choice?: ClientChoice | undefined;
}

export interface ClientChoice {
  readonly tlsDomain: string | null;
  readonly sipDomain: string | null;
}

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The domains of a running script. */
export interface TlsDomainSet {
  /** For a connection that arrived at this address and port, with this server name; null: none, so it is refused. */
  server(local: Endpoint, serverName: string | null): TlsDomain | null;
  /** For a connection to this address and port; null: none. */
  client(remote: Endpoint, choice: ClientChoice | undefined): TlsDomain | null;
}

let usual: TlsDomain | null = null;

/** Trusts the CAs of Node, and `NODE_EXTRA_CA_CERTS`; presents no certificate. */
export function defaultClientDomain(): TlsDomain {
  usual ??= {
    name: 'default',
    context: tls().createSecureContext(),
    certificate: null,
    verifiesPeer: true,
    requiresCertificate: true,
    verifiesName: true,
  };
  return usual;
}

/** The domains in force. Connections keep those that they were made with. */
export class TlsDomains {
  #current: TlsDomainSet | null = null;
  readonly #known = new Waiters();

  /** Null before the script has started. */
  get current(): TlsDomainSet | null {
    return this.#current;
  }

  /** Applies to all later handshakes. */
  use(domains: TlsDomainSet): void {
    this.#current = domains;
    this.#known.wake();
  }

  /** Calls back once there are domains, at once if there are. */
  whenKnown(done: () => void): void {
    if (this.#current !== null) done();
    else void this.#known.wait().then(done);
  }
}
