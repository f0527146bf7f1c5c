/** The server's side of Digest authentication (RFC 3261, 22.4; RFC 7616; RFC 8760). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { digestParameter } from '../../core/index.ts';
import { type SipMessage, unfold } from '../../sip/index.ts';

/** The strongest first. */
export const algorithms = new Map([
  ['SHA-512-256', 'sha512-256'],
  ['SHA-256', 'sha256'],
  ['MD5', 'md5'],
]);

const fields = ['username', 'realm', 'nonce', 'uri', 'response', 'algorithm', 'qop', 'nc', 'cnonce'] as const;

export type Credentials = Readonly<Record<(typeof fields)[number], string | null>> & {
  /** The index of the header. */
  readonly header: number;
};

/** The Digest credentials for a realm, in headers of this key. */
export function credentialsFor(message: SipMessage, key: string, realm: string): Credentials | null {
  for (const [header, one] of message.headers.entries()) {
    if (one.key !== key) continue;
    const value = unfold(one.value);
    if (digestParameter(value, 'realm') !== realm) continue;
    return {
      ...(Object.fromEntries(fields.map((field) => [field, digestParameter(value, field)])) as Record<
        (typeof fields)[number],
        string | null
      >),
      header,
    };
  }
  return null;
}

export interface Proof {
  readonly method: string;
  readonly body: string;
  /** The password, or what is known of it: H(user:realm:password). */
  readonly secret: string;
  readonly isHashed: boolean;
}

/** Whether the response proves that the sender knows the password. */
export function isRight(credentials: Credentials, { method, body, secret, isHashed }: Proof): boolean {
  const { username, realm, nonce, uri, response, qop, nc, cnonce } = credentials;
  const [, name = '', session] =
    /^(.*?)(-sess)?$/i.exec((credentials.algorithm ?? 'MD5').toUpperCase()) ?? [];
  const hash = algorithms.get(name);
  if (hash === undefined || response === null) return false;
  const h = (text: string) => createHash(hash).update(text, 'latin1').digest('hex');
  const known = isHashed ? secret.toLowerCase() : h(`${username}:${realm}:${secret}`);
  const a1 = session === undefined ? known : h(`${known}:${nonce}:${cnonce}`);
  const protection = qop === null || qop === '' ? null : qop.toLowerCase();
  const a2 = h(`${method}:${uri}${protection === 'auth-int' ? `:${h(body)}` : ''}`);
  const right =
    protection === null ? h(`${a1}:${nonce}:${a2}`) : h(`${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`);
  const given = Buffer.from(response.toLowerCase(), 'latin1');
  return given.length === right.length && timingSafeEqual(given, Buffer.from(right, 'latin1'));
}
