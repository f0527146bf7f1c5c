import { readFileSync } from 'node:fs';
import type { SecureContext, SecureVersion } from 'node:tls';
import { readCaDirectory } from './ca-directory.ts';
import { tls } from './lazy-modules.ts';
import type { LogFunction } from './log.ts';
import { splitPem } from './pem.ts';
import type { TlsClientDomain } from './tls-domain.ts';

/** What of the options of a client concerns TLS. */
export interface TlsSettings {
  readonly verifyPeer: boolean;
  readonly verifyHost: boolean;
  readonly caPath: string;
}

/** One way to speak TLS: what is verified against which CAs, and with which certificate of our own. */
export interface TlsProfile {
  /** Names everything that a session or pooled connection must not cross. */
  readonly key: string;
  readonly verifyPeer: boolean;
  readonly verifyHost: boolean;
  readonly minVersion: SecureVersion | undefined;
  readonly maxVersion: SecureVersion | undefined;
  /** The context, built when first needed: with all CAs that takes some 40 ms. @throws Error */
  readonly context: () => SecureContext;
}

const MAX_SESSIONS = 1000;

/** Secure contexts and sessions, each built once and shared by all clients with the same settings. */
export class TlsStore {
  /** Profiles by domain, so that a domain that nobody holds any more takes its contexts with it. */
  #profiles = new WeakMap<object, Map<string, TlsProfile>>();
  #defaults: string[] | null = null;
  #generation = 1;
  readonly #sessions = new Map<string, Buffer>();

  /** Counts how often CA files were to be read again. What one generation trusts is never taken for the trust of another. */
  get generation(): number {
    return this.#generation;
  }

  /** Makes CA files and folders be read again: a removed CA is no longer trusted. */
  reread(): void {
    this.#generation++;
    this.#profiles = new WeakMap();
    this.#defaults = null;
    this.#sessions.clear();
  }

  profile(settings: TlsSettings, domain: TlsClientDomain | null, log: LogFunction): TlsProfile {
    const verifyPeer = domain?.verifyPeer ?? settings.verifyPeer;
    const verifyHost = domain?.verifyHost ?? settings.verifyHost;
    const key = `${this.#generation}|${domain?.id ?? 0}|${verifyPeer ? 1 : 0}|${verifyHost ? 1 : 0}|${settings.caPath}`;
    const owner = domain ?? this;
    let profiles = this.#profiles.get(owner);
    if (profiles === undefined) {
      profiles = new Map();
      this.#profiles.set(owner, profiles);
    }
    const known = profiles.get(key);
    if (known !== undefined) return known;
    let context: SecureContext | null = null;
    const profile: TlsProfile = {
      key,
      verifyPeer,
      verifyHost,
      minVersion: domain?.minVersion,
      maxVersion: domain?.maxVersion,
      context: () => {
        context ??= this.#build(verifyPeer, settings.caPath, domain, log);
        return context;
      },
    };
    profiles.set(key, profile);
    return profile;
  }

  #build(
    verifyPeer: boolean,
    caPath: string,
    domain: TlsClientDomain | null,
    log: LogFunction,
  ): SecureContext {
    // A domain that names its CAs trusts these alone; otherwise the client's count.
    let ca = domain?.authorities(log) ?? null;
    if (ca === null && verifyPeer) {
      this.#defaults ??= defaultAuthorities();
      ca = caPath === '' ? this.#defaults : [...this.#defaults, ...readCaDirectory(caPath, log)];
    }
    return tls().createSecureContext({
      ...(ca === null ? {} : { ca }),
      ...(domain?.certificate == null ? {} : { cert: domain.certificate }),
      ...(domain?.privateKey == null ? {} : { key: domain.privateKey }),
      ciphers: withKeyStrength(domain?.ciphers ?? tls().DEFAULT_CIPHERS),
      ...(domain?.minVersion === undefined ? {} : { minVersion: domain.minVersion }),
      ...(domain?.maxVersion === undefined ? {} : { maxVersion: domain.maxVersion }),
    });
  }

  session(key: string): Buffer | undefined {
    return this.#sessions.get(key);
  }

  keepSession(key: string, session: Buffer): void {
    this.#sessions.delete(key);
    if (this.#sessions.size >= MAX_SESSIONS) {
      for (const oldest of this.#sessions.keys()) {
        this.#sessions.delete(oldest);
        break;
      }
    }
    this.#sessions.set(key, session);
  }

  forgetSession(key: string): void {
    this.#sessions.delete(key);
  }
}

/** Common locations of CA bundles; the first existing one counts. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** OpenSSL's level 2, which libcurl has in current systems: keys of RSA from 2,048 bits on, no SHA-1. Newer Node versions have it by themselves. */
function withKeyStrength(ciphers: string): string {
  return ciphers.includes('@SECLEVEL') ? ciphers : `${ciphers}:@SECLEVEL=2`;
}

/** Node's bundle and the system's store, each CA once. */
function defaultAuthorities(): string[] {
  const all = new Set<string>(tls().rootCertificates.map((pem) => pem.trim()));
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  const own = process.env['SSL_CERT_FILE'];
  const bundles = own === undefined || own === '' ? SYSTEM_BUNDLES : [own];
  for (const pem of firstReadable(bundles)) all.add(pem);
  if (extra !== undefined && extra !== '') for (const pem of firstReadable([extra])) all.add(pem);
  return [...all];
}

function firstReadable(files: readonly string[]): string[] {
  for (const file of files) {
    try {
      return splitPem(readFileSync(file, 'latin1'));
    } catch {
      // the next one
    }
  }
  return [];
}
