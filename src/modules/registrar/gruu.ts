/** Temporary GRUUs (RFC 5627, 3.2): URIs of one registration that do not show whose it is. */
import { namedSocket } from '../../relay/index.ts';
import type { Run } from '../../runtime/index.ts';
import { parseUri } from '../../sip/index.ts';
import type { Contact } from '../usrloc/location.ts';
import { aorOf } from './address-of-record.ts';
import { seal, unseal } from './sealed.ts';

const mark = 'tgruu.';

/** `;temp-gruu="..."` for a contact of the running REGISTER. */
export function temporaryGruu(run: Run, { instance, callId }: Contact): string {
  const socket = namedSocket(run.request);
  if (socket === null) return '';
  const token = seal(run, [aorOf(run, undefined), instance, callId]);
  return `;temp-gruu="sip:${mark}${token}@${socket.host}:${socket.port};gr"`;
}

/** Whose registration it is; null for any other URI. */
export function readTemporaryGruu(
  run: Run,
  uri: string,
): { readonly aor: string; readonly instance: string | null; readonly callId: string } | null {
  const user = uri.includes(mark) ? (parseUri(uri)?.user ?? '') : '';
  const read = user.startsWith(mark) ? unseal(run, user.slice(mark.length)) : null;
  if (!Array.isArray(read)) return null;
  const [aor, instance, callId] = read as [string, string | null, string];
  return { aor, instance, callId };
}
