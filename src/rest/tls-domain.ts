import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SecureVersion } from 'node:tls';
import { readCaDirectory } from './ca-directory.ts';
import { messageOf, RestOptionError } from './errors.ts';
import { tls } from './lazy-modules.ts';
import type { LogFunction } from './log.ts';
import { splitPem } from './pem.ts';

/** A file's path (string) or its PEM content (bytes). */
export type PemSource = string | Uint8Array;

/** A TLS client domain, as in `tls_mgm`. */
export interface TlsClientDomainOptions {
  /** Its name in errors and logs. */
  readonly name: string;
  /** The client's certificate, followed by intermediate ones. */
  readonly certificate?: PemSource | undefined;
  /** The key of the certificate. */
  readonly privateKey?: PemSource | undefined;
  /** The CAs trusted for this domain, instead of the client's. */
  readonly caList?: PemSource | undefined;
  /** A folder of CA certificates, hashed names or any PEM files. */
  readonly caPath?: string | undefined;
  /** Replaces the client's `tls.verifyPeer`. */
  readonly verifyPeer?: boolean | undefined;
  /** Replaces the client's `tls.verifyHost`. */
  readonly verifyHost?: boolean | undefined;
  /** The oldest accepted TLS version. */
  readonly minVersion?: SecureVersion | undefined;
  /** The newest accepted TLS version. */
  readonly maxVersion?: SecureVersion | undefined;
  /** In OpenSSL's notation. */
  readonly ciphers?: string | undefined;
}

let lastId = 0;

/**
 * Certificate, key and CAs for requests (`{ tlsDomain: domain }`). Files are read at construction; after a change
 * create a new domain, whose connections and sessions never mix with those of the old one.
 */
export class TlsClientDomain {
  /** Unique in the process. @internal */
  readonly id: number;
  /** Its name in errors and logs. */
  readonly name: string;
  /** @internal */
  readonly certificate: Buffer | null;
  /** @internal */
  readonly privateKey: Buffer | null;
  /** @internal */
  readonly verifyPeer: boolean | undefined;
  /** @internal */
  readonly verifyHost: boolean | undefined;
  /** @internal */
  readonly minVersion: SecureVersion | undefined;
  /** @internal */
  readonly maxVersion: SecureVersion | undefined;
  /** @internal */
  readonly ciphers: string | undefined;
  readonly #caList: string[] | null;
  readonly #caPath: string | undefined;

  /** @throws RestOptionError if a file cannot be read, or certificate and key do not match */
  constructor(options: TlsClientDomainOptions) {
    lastId++;
    this.id = lastId;
    this.name = options.name;
    this.certificate = pem('certificate', options.certificate);
    this.privateKey = pem('privateKey', options.privateKey);
    this.verifyPeer = options.verifyPeer;
    this.verifyHost = options.verifyHost;
    this.minVersion = options.minVersion;
    this.maxVersion = options.maxVersion;
    this.ciphers = options.ciphers;
    this.#caPath = options.caPath;
    const list = pem('caList', options.caList);
    this.#caList = list === null ? null : splitPem(list.toString('latin1'));
    this.#check();
  }

  /** The CAs of this domain, or null. @internal */
  authorities(log: LogFunction): string[] | null {
    if (this.#caList === null && this.#caPath === undefined) return null;
    const folder = this.#caPath === undefined ? [] : readCaDirectory(this.#caPath, log);
    return [...(this.#caList ?? []), ...folder];
  }

  #check(): void {
    if (this.#caList !== null && this.#caList.length === 0) {
      throw new RestOptionError(
        'invalid-certificate',
        'caList',
        `caList of ${this.name} holds no certificate`,
      );
    }
    try {
      for (const ca of this.#caList ?? []) new X509Certificate(ca);
      tls().createSecureContext({
        ...(this.certificate === null ? {} : { cert: this.certificate }),
        ...(this.privateKey === null ? {} : { key: this.privateKey }),
        ...(this.ciphers === undefined ? {} : { ciphers: this.ciphers }),
        ...(this.minVersion === undefined ? {} : { minVersion: this.minVersion }),
        ...(this.maxVersion === undefined ? {} : { maxVersion: this.maxVersion }),
      });
    } catch (error) {
      const why = messageOf(error);
      throw new RestOptionError(
        'invalid-certificate',
        'tls',
        `TLS domain ${this.name} cannot be used: ${why}`,
      );
    }
  }
}

function pem(option: string, source: PemSource | undefined): Buffer | null {
  if (source === undefined) return null;
  if (typeof source !== 'string') return Buffer.from(source);
  try {
    return readFileSync(source);
  } catch (error) {
    const why = messageOf(error);
    throw new RestOptionError('unreadable-file', option, `${option} cannot be read: ${why}`);
  }
}
