/**
 * Temporary GRUUs (RFC 5627, 3.2): URIs of one registration that do not show whose it is. They contain it encrypted, so
 * that none has to be kept.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { namedSocket } from '../../relay/index.ts';
import type { Routing, Run } from '../../runtime/index.ts';
import { parseUri } from '../../sip/index.ts';
import type { Contact } from '../usrloc/locations.ts';
import { aorOf } from './address-of-record.ts';
import { parameters } from './parameters.ts';

const space = 'registrar';
const secretKey = 'gruu secret';
const cipher = 'aes-256-gcm';
const mark = 'tgruu.';

/** Gives all processes the same secret, unless the script sets one. */
export function shareGruuSecret({ host }: Routing): void {
  host.store.values(space).initialize(secretKey, randomBytes(32).toString('hex'));
}

function keyOf(run: Run): Buffer {
  const { host } = run.routing;
  const secret = run.parameters(parameters).gruu_secret ?? host.store.values(space).get(secretKey) ?? '';
  return createHash('sha256').update(String(secret)).digest();
}

/** `;temp-gruu="..."` for a contact of the running REGISTER. */
export function temporaryGruu(run: Run, { instance, callId }: Contact): string {
  const socket = namedSocket(run.request);
  if (socket === null) return '';
  const start = randomBytes(12);
  const encrypt = createCipheriv(cipher, keyOf(run), start);
  const text = JSON.stringify([aorOf(run, undefined), instance, callId]);
  const bytes = Buffer.concat([encrypt.update(text, 'utf8'), encrypt.final()]);
  const token = Buffer.concat([start, encrypt.getAuthTag(), bytes]).toString('base64url');
  return `;temp-gruu="sip:${mark}${token}@${socket.host}:${socket.port};gr"`;
}

/** Whose registration it is; null for any other URI. */
export function readTemporaryGruu(
  run: Run,
  uri: string,
): { readonly aor: string; readonly instance: string | null; readonly callId: string } | null {
  const user = uri.includes(mark) ? (parseUri(uri)?.user ?? '') : '';
  if (!user.startsWith(mark)) return null;
  const bytes = Buffer.from(user.slice(mark.length), 'base64url');
  if (bytes.length < 30) return null;
  try {
    const decrypt = createDecipheriv(cipher, keyOf(run), bytes.subarray(0, 12), { authTagLength: 16 });
    decrypt.setAuthTag(bytes.subarray(12, 28));
    const text = Buffer.concat([decrypt.update(bytes.subarray(28)), decrypt.final()]).toString('utf8');
    const [aor, instance, callId] = JSON.parse(text) as [string, string | null, string];
    return { aor, instance, callId };
  } catch {
    return null; // made up, or by another server
  }
}
