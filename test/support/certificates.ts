import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';

/**
 * Certificates for tests, without the openssl command: X.509 v3 in DER (RFC 5280) with P-256 keys, which take
 * a millisecond to make.
 */
export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface CertificateOptions {
  /** Default: the first of `names`. */
  readonly commonName?: string;
  /** DNS names, IP addresses and `sip:` URIs of the subjectAltName; none: the extension is left out. */
  readonly names?: readonly string[];
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in 30 days. */
  readonly notAfter?: Date;
  /** An RSA key of so many bits; default: one of P-256. */
  readonly rsaBits?: number;
}

export interface Authority extends Certificate {
  issue(options: CertificateOptions): Certificate;
  /** An authority whose certificate this one has signed. */
  subordinate(commonName: string): Authority;
  /** A list that revokes these certificates, in PEM. `nextUpdate`: default in 30 days. */
  revoke(certificates: readonly Certificate[], nextUpdate?: Date): string;
}

// --- DER ------------------------------------------------------------------------------------------------

const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

function der(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([type, ...length]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(tag.sequence, ...parts);
const bitString = (bytes: Uint8Array): Buffer => der(tag.bitString, Buffer.of(0), bytes);

/** Object identifiers that stand in these certificates, encoded. */
const oid = {
  commonName: '550403',
  ecdsaWithSha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  subjectKeyIdentifier: '551d0e',
  authorityKeyIdentifier: '551d23',
} as const;

const identifier = (name: keyof typeof oid): Buffer => der(tag.oid, Buffer.from(oid[name], 'hex'));

function time(date: Date): Buffer {
  return der(tag.time, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, '')));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(tag.set, sequence(identifier('commonName'), der(tag.utf8, Buffer.from(commonName)))));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** RFC 5280, 4.2.1.6: [2] is a DNS name, [6] a URI, [7] an IP address. */
function generalName(name: string): Buffer {
  if (name.startsWith('sip:')) return der(0x86, Buffer.from(name, 'latin1'));
  return isIP(name) ? der(0x87, addressBytes(name)) : der(0x82, Buffer.from(name, 'latin1'));
}

function extension(name: keyof typeof oid, value: Uint8Array, critical = false): Buffer {
  const flag = critical ? [der(tag.boolean, Buffer.of(0xff))] : [];
  return sequence(identifier(name), ...flag, der(tag.octetString, value));
}

// --- certificates ---------------------------------------------------------------------------------------

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const newPair = (rsaBits?: number): Pair =>
  rsaBits === undefined
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: rsaBits });
const publicBytes = (pair: Pair): Buffer => pair.publicKey.export({ type: 'spki', format: 'der' });
const keyIdentifier = (pair: Pair): Buffer => createHash('sha1').update(publicBytes(pair)).digest();

const hour = 3_600_000;

interface Issuer {
  readonly name: string;
  readonly pair: Pair;
}

function certificate(
  subject: Pair,
  issuer: Issuer,
  options: CertificateOptions,
  isAuthority: boolean,
): string {
  const names = options.names ?? [];
  const now = Date.now();
  const algorithm = sequence(identifier('ecdsaWithSha256'));
  const constraints = isAuthority ? sequence(der(tag.boolean, Buffer.of(0xff))) : sequence();
  // keyCertSign and cRLSign, or digitalSignature: bits 5 and 6, or 0 (RFC 5280, 4.2.1.3)
  const usage = isAuthority ? Buffer.of(1, 0x06) : Buffer.of(7, 0x80);
  const extensions = [
    extension('basicConstraints', constraints, true),
    extension('keyUsage', der(tag.bitString, usage), true),
    extension('subjectKeyIdentifier', der(tag.octetString, keyIdentifier(subject))),
    extension('authorityKeyIdentifier', sequence(der(0x80, keyIdentifier(issuer.pair)))),
    ...(names.length > 0 ? [extension('subjectAltName', sequence(...names.map(generalName)))] : []),
  ];
  const serial = Buffer.concat([Buffer.of(0x01), randomBytes(8)]);
  const toBeSigned = sequence(
    der(0xa0, der(tag.integer, Buffer.of(2))), // version 3
    der(tag.integer, serial),
    algorithm,
    distinguishedName(issuer.name),
    sequence(
      time(options.notBefore ?? new Date(now - hour)),
      time(options.notAfter ?? new Date(now + 30 * 24 * hour)),
    ),
    distinguishedName(options.commonName ?? names[0] ?? 'unnamed'),
    publicBytes(subject),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', toBeSigned, issuer.pair.privateKey);
  return pem('CERTIFICATE', sequence(toBeSigned, algorithm, bitString(signature)));
}

function pem(label: string, bytes: Buffer): string {
  const base64 = bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

/** A list of revoked certificates (RFC 5280, 5.1). */
function revocationList(issuer: Issuer, certificates: readonly Certificate[], nextUpdate: Date): string {
  const algorithm = sequence(identifier('ecdsaWithSha256'));
  const now = new Date(Date.now() - hour);
  const entries = certificates.map(({ cert }) =>
    sequence(der(tag.integer, Buffer.from(new X509Certificate(cert).serialNumber, 'hex')), time(now)),
  );
  const toBeSigned = sequence(
    der(tag.integer, Buffer.of(1)), // version 2
    algorithm,
    distinguishedName(issuer.name),
    time(now),
    time(nextUpdate),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
  );
  const signature = sign('sha256', toBeSigned, issuer.pair.privateKey);
  return pem('X509 CRL', sequence(toBeSigned, algorithm, bitString(signature)));
}

const privateKey = (pair: Pair): string =>
  pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A certification authority of its own, that nobody trusts unless a test says so. */
export function createAuthority(commonName = 'siprest test CA', options: CertificateOptions = {}): Authority {
  const pair = newPair();
  return authority(commonName, pair, { name: commonName, pair }, options);
}

function authority(commonName: string, pair: Pair, by: Issuer, options: CertificateOptions): Authority {
  const issuer: Issuer = { name: commonName, pair };
  return {
    cert: certificate(pair, by, { ...options, commonName }, true),
    key: privateKey(pair),
    issue(leafOptions) {
      const leaf = newPair(leafOptions.rsaBits);
      return { cert: certificate(leaf, issuer, leafOptions, false), key: privateKey(leaf) };
    },
    subordinate: (name) => authority(name, newPair(), issuer, {}),
    revoke: (certificates, nextUpdate = new Date(Date.now() + 30 * 24 * hour)) =>
      revocationList(issuer, certificates, nextUpdate),
  };
}
