import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from './errors.ts';
import type { LogFunction } from './log.ts';
import { splitPem } from './pem.ts';

const MAX_FILE = 16 * 1024 * 1024;
/** Names of certificate files: hashed (OpenSSL's `rehash`), or with one of the usual endings. */
const CANDIDATE = /^[0-9a-f]{8}\.\d+$|\.(pem|crt|cer|cert)$/i;

/**
 * The CA certificates in a folder, with hashed names or as any PEM files. An unusable file is skipped with a warning
 * that names it. An unreadable folder gives a warning and no CAs, so that verification fails instead of the start.
 */
export function readCaDirectory(directory: string, log: LogFunction): string[] {
  let names: string[];
  try {
    names = readdirSync(directory).sort();
  } catch (error) {
    log('warning', `the CA folder ${directory} cannot be read: ${messageOf(error)}`);
    return [];
  }
  const found = new Set<string>();
  for (const name of names) {
    if (!CANDIDATE.test(name)) continue;
    const file = join(directory, name);
    try {
      const { size } = statSync(file);
      if (size > MAX_FILE) throw new Error('it is too large for a certificate');
      const certificates = splitPem(readFileSync(file, 'latin1'));
      if (certificates.length === 0) throw new Error('it holds no PEM certificate');
      for (const pem of certificates) {
        new X509Certificate(pem); // throws for a damaged one, which would make the whole context unusable
        found.add(pem);
      }
    } catch (error) {
      log('warning', `the CA file ${file} is left out: ${messageOf(error)}`);
    }
  }
  return [...found];
}
