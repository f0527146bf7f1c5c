/** Certificate revocation lists in DER: RFC 5280, 5.1. Node.js checks whole chains only, and not the peer alone. */
import { type KeyObject, verify } from 'node:crypto';

export interface RevocationList {
  /** The issuer's name in DER, as hexadecimal digits. */
  readonly issuer: string;
  /** Serial numbers, as hexadecimal digits. */
  readonly revoked: ReadonlySet<string>;
  /** Milliseconds since 1970; null: never. */
  readonly nextUpdate: number | null;
  isSignedBy(key: KeyObject): boolean;
}

/** One element of DER. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly whole: Buffer;
}

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  version: 0xa0,
};

/** Reads the element at the start. @throws Error */
function element(bytes: Buffer): Element {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) throw new Error('it is cut off');
  const more = first < 0x80 ? 0 : first & 0x7f;
  if (more > 4 || bytes.length < 2 + more) throw new Error('it is not DER');
  const length = more === 0 ? first : bytes.readUIntBE(2, more);
  const start = 2 + more;
  if (start + length > bytes.length) throw new Error('it is cut off');
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}

/** The elements in a sequence. @throws Error */
function elements(content: Buffer): Element[] {
  const found: Element[] = [];
  for (let rest = content; rest.length > 0; ) {
    const next = element(rest);
    found.push(next);
    rest = rest.subarray(next.whole.length);
  }
  return found;
}

const serialOf = ({ content }: Element): string => content.toString('hex').replace(/^(?:00)+(?=.)/, '');

/** The fields of a certificate without its signature (4.1). */
function fieldsOf(certificate: Buffer): readonly Element[] {
  const [body] = elements(element(certificate).content);
  return body === undefined ? [] : elements(body.content);
}

/** 0 for version 1, 2 for version 3. */
export function certificateVersion(certificate: Buffer): number {
  const [first] = fieldsOf(certificate);
  return first?.tag === TAG.version ? (element(first.content).content[0] ?? 0) : 0;
}

/** The issuer and serial number of a certificate. */
export function issuerAndSerial(certificate: Buffer): { readonly issuer: string; readonly serial: string } {
  const fields = fieldsOf(certificate);
  const [serial, , issuer] = fields[0]?.tag === TAG.version ? fields.slice(1) : fields;
  if (serial === undefined || issuer === undefined) throw new Error('it is not a certificate');
  return { issuer: issuer.whole.toString('hex'), serial: serialOf(serial) };
}

/** @throws Error if it is not a revocation list */
export function readRevocationList(bytes: Buffer): RevocationList {
  const [body, algorithm, signature] = elements(element(bytes).content);
  if (body?.tag !== TAG.sequence || algorithm === undefined || signature?.tag !== TAG.bitString)
    throw new Error('it is not a revocation list');
  const fields = elements(body.content);
  // version, signature algorithm, issuer, this update, next update, revoked certificates, extensions
  const [, issuer, , ...rest] = fields[0]?.tag === TAG.integer ? fields.slice(1) : fields;
  if (issuer === undefined) throw new Error('it is not a revocation list');
  const [first] = rest;
  const next =
    first !== undefined && (first.tag === TAG.utcTime || first.tag === TAG.generalizedTime) ? first : null;
  const entries = rest.find(({ tag }) => tag === TAG.sequence);
  const revoked = new Set<string>();
  for (const { content } of entries === undefined ? [] : elements(entries.content))
    revoked.add(serialOf(element(content)));
  const [identifier] = elements(algorithm.content);
  const digest = digests.get(identifier?.content.toString('hex') ?? '');
  return {
    issuer: issuer.whole.toString('hex'),
    revoked,
    nextUpdate: next === null ? null : timeOf(next),
    isSignedBy: (key) =>
      digest !== undefined && isSigned(digest, body.whole, key, signature.content.subarray(1)),
  };
}

function isSigned(digest: string | null, data: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify(digest, data, key, signature);
  } catch {
    return false; // a key of another kind
  }
}

/** By the object identifier of the signature's algorithm; null: the algorithm has its own. */
const digests: ReadonlyMap<string, string | null> = new Map([
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2b6570', null],
  ['2b6571', null],
]);

/** `261128143000Z`, or with four digits of the year (4.1.2.5). */
function timeOf({ tag, content }: Element): number {
  const text = content.toString('latin1');
  const short = Number(text.slice(0, 2)) < 50 ? '20' : '19';
  const full = tag === TAG.utcTime ? short + text : text;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
