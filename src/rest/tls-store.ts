import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SecureContext, SecureVersion } from 'node:tls';
import { readCaDirectory } from './ca-directory.ts';
import { tls } from './lazy-modules.ts';
import type { LogFunction } from './log.ts';
import { splitPem } from './pem.ts';
import type { TlsClientDomain } from './tls-domain.ts';

/** The options of a client that concern TLS. */
export interface TlsSettings {
  readonly verifyPeer: boolean;
  readonly verifyHost: boolean;
  readonly caPath: string;
}

/** One TLS configuration: what is verified, against which CAs, and with which client certificate. */
export interface TlsProfile {
  /** Identifies everything that sessions and pooled connections must not cross. */
  readonly key: string;
  readonly verifyPeer: boolean;
  readonly verifyHost: boolean;
  readonly minVersion: SecureVersion | undefined;
  readonly maxVersion: SecureVersion | undefined;
  /** The context, built on first use: loading all CAs takes some 40 ms. @throws Error */
  readonly context: () => SecureContext;
}

const MAX_SESSIONS = 1000;

/** Secure contexts and sessions, built once and shared by all clients with the same settings. */
export class TlsStore {
  /** Profiles by domain; an unreferenced domain takes its contexts with it. */
  #profiles = new WeakMap<object, Map<string, TlsProfile>>();
  #defaults: string[] | null = null;
  #generation = 1;
  readonly #sessions = new Map<string, Buffer>();
  /** By folder. */
  readonly #fingerprints = new Map<string, string>();

  /** Counts requests to read CA files again. Trust never carries over from one generation to another. */
  get generation(): number {
    return this.#generation;
  }

  /** Reads CA files and folders again: trust in a removed CA ends. */
  reread(): void {
    this.#generation++;
    this.#profiles = new WeakMap();
    this.#defaults = null;
    this.#sessions.clear();
    this.#fingerprints.clear();
  }

  /** Stands for the CAs that clients with this folder trust: another text as soon as others were read. */
  fingerprint(caPath: string): string {
    let known = this.#fingerprints.get(caPath);
    if (known === undefined) {
      const hash = createHash('sha256');
      // what is wrong with a file is logged when a context needs it
      for (const pem of this.#authorities(caPath, () => {})) hash.update(pem).update('\0');
      known = hash.digest('base64');
      this.#fingerprints.set(caPath, known);
    }
    return known;
  }

  #authorities(caPath: string, log: LogFunction): readonly string[] {
    this.#defaults ??= defaultAuthorities();
    return caPath === '' ? this.#defaults : [...this.#defaults, ...readCaDirectory(caPath, log)];
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
    // a domain with its own CAs trusts only these; otherwise the client's apply
    let ca: readonly string[] | null = domain?.authorities(log) ?? null;
    if (ca === null && verifyPeer) ca = this.#authorities(caPath, log);
    return tls().createSecureContext({
      ...(ca === null ? {} : { ca: [...ca] }),
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

/** Common locations of CA bundles; the first existing one is used. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** BoringSSL, which Bun and Electron use, has no security levels, and refuses ciphers with one. */
const HAS_LEVELS = !('boringssl' in process.versions);

/**
 * OpenSSL's level 2, the default of libcurl in current systems and of newer Node versions: RSA keys of at least 2,048
 * bits, no SHA-1.
 */
export function withKeyStrength(ciphers: string): string {
  return !HAS_LEVELS || ciphers.includes('@SECLEVEL') ? ciphers : `${ciphers}:@SECLEVEL=2`;
}

/** The CAs of Node's bundle and the system's store, without duplicates. */
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
      // try the next one
    }
  }
  return [];
}
