/** Challenges of carriers, and the answers to them (RFC 3261, 22.4; RFC 7616; RFC 8760). */
import { createHash, randomBytes } from 'node:crypto';
import { digestParameter } from '../../core/index.ts';
import { type SipMessage, unfold } from '../../sip/index.ts';
import { algorithms } from '../auth/digest.ts';
import type { Credential } from './credentials.ts';

export interface Challenge {
  /** The header that answers it. */
  readonly answeredBy: 'Authorization' | 'Proxy-Authorization';
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | null;
  /** As named; MD5 if the challenge names none. */
  readonly algorithm: string;
  readonly qop: 'auth' | 'auth-int' | null;
}

const headers = {
  'www-authenticate': 'Authorization',
  'proxy-authenticate': 'Proxy-Authorization',
} as const;

/** The name of a hash, and whether it belongs to a session; null for an unknown algorithm. */
function hashOf(algorithm: string): { readonly hash: string; readonly isSession: boolean } | null {
  const [, name = '', session] = /^(.*?)(-sess)?$/i.exec(algorithm) ?? [];
  const hash = algorithms.get(name.toUpperCase());
  return hash === undefined ? null : { hash, isSession: session !== undefined };
}

export const isAlgorithm = (name: string): boolean => hashOf(name) !== null;

/** Of the offered protections; without integrity if both are, as in OpenSIPS. Undefined if all are unknown. */
function qopOf(value: string): Challenge['qop'] | undefined {
  const offered = (digestParameter(value, 'qop') ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter(Boolean);
  if (offered.length === 0) return null;
  return (['auth', 'auth-int'] as const).find((one) => offered.includes(one));
}

/** The challenges of a response that can be answered, in its order. */
export function challengesOf(response: SipMessage): readonly Challenge[] {
  return response.headers.flatMap(({ key, value: folded }): readonly Challenge[] => {
    if (key !== 'www-authenticate' && key !== 'proxy-authenticate') return [];
    const value = unfold(folded);
    const realm = digestParameter(value, 'realm');
    const nonce = digestParameter(value, 'nonce');
    const algorithm = digestParameter(value, 'algorithm') ?? 'MD5';
    const qop = qopOf(value);
    if (realm === null || nonce === null || qop === undefined || hashOf(algorithm) === null) return [];
    return [
      { answeredBy: headers[key], realm, nonce, opaque: digestParameter(value, 'opaque'), algorithm, qop },
    ];
  });
}

export interface Challenged {
  readonly method: string;
  readonly uri: string;
  readonly body: string;
}

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** The header line that answers a challenge, with its CRLF. */
export function answerTo(challenge: Challenge, { user, password }: Credential, request: Challenged): string {
  const { answeredBy, realm, nonce, opaque, algorithm, qop } = challenge;
  const { hash = 'md5', isSession = false } = hashOf(algorithm) ?? {};
  const h = (text: string) => createHash(hash).update(text, 'latin1').digest('hex');
  const [count, cnonce] = ['00000001', randomBytes(8).toString('hex')];
  const [, known = h(`${user}:${realm}:${password}`)] = /^0x([0-9a-f]{32,64})$/.exec(password) ?? [];
  const a1 = isSession ? h(`${known}:${nonce}:${cnonce}`) : known;
  const a2 = h(`${request.method}:${request.uri}${qop === 'auth-int' ? `:${h(request.body)}` : ''}`);
  const response = h(
    qop === null ? `${a1}:${nonce}:${a2}` : `${a1}:${nonce}:${count}:${cnonce}:${qop}:${a2}`,
  );
  const isCounted = qop !== null || isSession;
  const fields = [
    `username=${quoted(user)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(request.uri)}`,
    ...(opaque === null ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qop === null ? [] : [`qop=${qop}`, `nc=${count}`]),
    ...(isCounted ? [`cnonce=${quoted(cnonce)}`] : []),
    `response=${quoted(response)}`,
    `algorithm=${algorithm}`,
  ];
  return `${answeredBy}: Digest ${fields.join(', ')}\r\n`;
}
