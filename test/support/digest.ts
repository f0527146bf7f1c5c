import { createHash } from 'node:crypto';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** The header line that answers a challenge in Proxy-Authenticate, with qop=auth or without. */
export function proxyAuthorization(
  challenge: string,
  { user, password, method, uri }: Readonly<Record<'user' | 'password' | 'method' | 'uri', string>>,
): string {
  const field = (name: string) => new RegExp(`\\b${name}="?([^",]+)`).exec(challenge)?.[1] ?? '';
  const [realm, nonce] = [field('realm'), field('nonce')];
  const [cnonce, nc] = ['c0ffee', '00000001'];
  const qop = field('qop') === '' ? '' : `:${nc}:${cnonce}:auth`;
  const response = md5(`${md5(`${user}:${realm}:${password}`)}:${nonce}${qop}:${md5(`${method}:${uri}`)}`);
  const more = qop === '' ? '' : `, qop=auth, nc=${nc}, cnonce="${cnonce}"`;
  return `Proxy-Authorization: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"${more}`;
}
