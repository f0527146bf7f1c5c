/** Names of registrations that only this server can read, so that none has to be kept: temporary GRUUs and PURRs. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Routing, Run } from '../../runtime/index.ts';
import { parameters } from './parameters.ts';

const space = 'registrar';
const secretKey = 'gruu secret';
const cipher = 'aes-256-gcm';

/** Gives all processes the same secret, unless the script sets one. */
export function shareSecret({ host }: Routing): void {
  host.store.values(space).initialize(secretKey, randomBytes(32).toString('hex'));
}

function keyOf(run: Run): Buffer {
  const { host } = run.routing;
  const secret = run.parameters(parameters).gruu_secret ?? host.store.values(space).get(secretKey) ?? '';
  return createHash('sha256').update(String(secret)).digest();
}

/** Letters, digits, `-` and `_`. */
export function seal(run: Run, value: unknown): string {
  const start = randomBytes(12);
  const encrypt = createCipheriv(cipher, keyOf(run), start);
  const bytes = Buffer.concat([encrypt.update(JSON.stringify(value), 'utf8'), encrypt.final()]);
  return Buffer.concat([start, encrypt.getAuthTag(), bytes]).toString('base64url');
}

/** Null for a text that was made up, or by another server. */
export function unseal(run: Run, token: string): unknown {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length < 30) return null;
  try {
    const decrypt = createDecipheriv(cipher, keyOf(run), bytes.subarray(0, 12), { authTagLength: 16 });
    decrypt.setAuthTag(bytes.subarray(12, 28));
    return JSON.parse(Buffer.concat([decrypt.update(bytes.subarray(28)), decrypt.final()]).toString('utf8'));
  } catch {
    return null;
  }
}
