/** Revocation lists (RFC 5280, 5): whether a certificate is on the list of its issuer. */
import type { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../runtime/index.ts';
import { issuerAndSerial, type RevocationList, readRevocationList } from './crl.ts';

/** Limit on the size of a file, in bytes. */
const MAX_FILE = 64 * 1024 * 1024;
const PEM = /-----BEGIN X509 CRL-----([\s\S]*?)-----END X509 CRL-----/g;

export interface RevocationOptions {
  /** Whether the issuers are checked too. */
  readonly all: boolean;
  /** They sign lists, as the issuers in the chain do. */
  readonly authorities: readonly X509Certificate[];
  readonly warn: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Reads the lists in a folder, in PEM or DER; a file that is not one is left out with a warning. */
export function readRevocations(
  folder: string,
  { all, authorities, warn, now }: RevocationOptions,
): (chain: readonly X509Certificate[]) => string | null {
  const lists = new Map<string, RevocationList[]>();
  for (const list of listsIn(folder, warn)) {
    const known = lists.get(list.issuer);
    if (known === undefined) lists.set(list.issuer, [list]);
    else known.push(list);
  }
  return (chain) => {
    for (const certificate of all ? chain : chain.slice(0, 1)) {
      const why = check(certificate, lists, [...chain, ...authorities], now());
      if (why !== null) return why;
    }
    return null;
  };
}

function check(
  certificate: X509Certificate,
  lists: ReadonlyMap<string, readonly RevocationList[]>,
  issuers: readonly X509Certificate[],
  now: number,
): string | null {
  const { issuer, serial } = issuerAndSerial(certificate.raw);
  const signed = (lists.get(issuer) ?? []).filter((list) =>
    issuers.some((one) => one.subject === certificate.issuer && list.isSignedBy(one.publicKey)),
  );
  if (signed.length === 0) return 'crl_dir has no revocation list of the issuer of its certificate';
  if (signed.some(({ revoked }) => revoked.has(serial)))
    return 'its certificate, or one of its chain, is revoked';
  return signed.some(({ nextUpdate }) => nextUpdate === null || nextUpdate > now)
    ? null
    : 'the revocation list of the issuer of its certificate has expired';
}

function listsIn(folder: string, warn: (text: string) => void): readonly RevocationList[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).toSorted();
  } catch (error) {
    warn(`the folder of revocation lists ${folder} cannot be read: ${messageOf(error)}`);
    return [];
  }
  return names.flatMap((name) => {
    const file = join(folder, name);
    try {
      const stats = statSync(file);
      if (!stats.isFile()) return [];
      if (stats.size > MAX_FILE) throw new Error('it is too large');
      return readLists(readFileSync(file));
    } catch (error) {
      warn(`the revocation list ${file} is left out: ${messageOf(error)}`);
      return [];
    }
  });
}

function readLists(bytes: Buffer): readonly RevocationList[] {
  const parts = [...bytes.toString('latin1').matchAll(PEM)].map(([, base64 = '']) =>
    Buffer.from(base64, 'base64'),
  );
  return (parts.length === 0 ? [bytes] : parts).map(readRevocationList);
}
