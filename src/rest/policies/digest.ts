/** Digest authentication (RFC 7616), with MD5 and SHA-256, and their session variants. */
import { createHash, randomBytes } from 'node:crypto';
import { type Challenge, parseChallenges } from './challenges.ts';

/** Strongest first. */
const ALGORITHMS = [
  ['sha-256', 'sha256'],
  ['sha-256-sess', 'sha256'],
  ['md5', 'md5'],
  ['md5-sess', 'md5'],
] as const;

interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** As the server wrote it; undefined: MD5 by default. */
  readonly algorithm: string | undefined;
  readonly hash: 'sha256' | 'md5';
  readonly isSession: boolean;
  readonly qop: 'auth' | 'auth-int' | null;
  readonly hashesUser: boolean;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What a digest is about. */
export interface DigestRequest {
  readonly method: string;
  /** As the request line has it. */
  readonly path: string;
  readonly body: Buffer | null;
}

/** What one server has asked for, and how often it was answered. */
export class DigestSession {
  readonly #newNonce: () => string;
  #challenge: DigestChallenge | null = null;
  #count = 0;
  #cnonce = '';

  /** @param newNonce makes a nonce of the client; a test knows it */
  constructor(newNonce: () => string = () => randomBytes(16).toString('hex')) {
    this.#newNonce = newNonce;
  }

  get nonce(): string | null {
    return this.#challenge?.nonce ?? null;
  }

  /** Takes the strongest Digest challenge of the fields; false if there is none that it understands. */
  challenge(fields: readonly string[]): boolean {
    const known = fields.flatMap(parseChallenges).flatMap((one) => readChallenge(one) ?? []);
    for (const [, hash] of ALGORITHMS) {
      const found = known.find((one) => one.hash === hash);
      if (found === undefined) continue;
      this.#challenge = found;
      this.#count = 0;
      this.#cnonce = this.#newNonce();
      return true;
    }
    return false;
  }

  /** Authentication-Info: the server names the nonce of the next request (section 3.5). */
  learn(info: string): void {
    const nonce = parseChallenges(`info ${info}`)[0]?.parameters.get('nextnonce');
    if (nonce === undefined || nonce === '' || this.#challenge === null) return;
    this.#challenge = { ...this.#challenge, nonce };
    this.#count = 0;
  }

  /** The Authorization of a request; null before the first challenge. */
  authorize({ user, password }: Credentials, { method, path, body }: DigestRequest): string | null {
    const challenge = this.#challenge;
    if (challenge === null) return null;
    const { realm, nonce, opaque, algorithm, hash, isSession, qop, hashesUser } = challenge;
    const h = (text: string | Buffer): string => createHash(hash).update(text).digest('hex');
    const count = (++this.#count).toString(16).padStart(8, '0');
    const secret = h(`${user}:${realm}:${password}`);
    const a1 = isSession ? h(`${secret}:${nonce}:${this.#cnonce}`) : secret;
    const a2 = h(`${method}:${path}${qop === 'auth-int' ? `:${h(body ?? '')}` : ''}`);
    const response =
      qop === null ? h(`${a1}:${nonce}:${a2}`) : h(`${a1}:${nonce}:${count}:${this.#cnonce}:${qop}:${a2}`);
    const parts = [
      `username=${quoted(hashesUser ? h(`${user}:${realm}`) : Buffer.from(user).toString('latin1'))}`,
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(path)}`,
      `response="${response}"`,
    ];
    if (algorithm !== undefined) parts.push(`algorithm=${algorithm}`);
    if (opaque !== undefined) parts.push(`opaque=${quoted(opaque)}`);
    if (qop !== null) parts.push(`qop=${qop}`, `nc=${count}`, `cnonce="${this.#cnonce}"`);
    else if (isSession) parts.push(`cnonce="${this.#cnonce}"`);
    if (hashesUser) parts.push('userhash=true');
    return `Digest ${parts.join(', ')}`;
  }
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

function readChallenge({ scheme, parameters }: Challenge): DigestChallenge | null {
  const realm = parameters.get('realm');
  const nonce = parameters.get('nonce');
  if (scheme !== 'digest' || realm === undefined || nonce === undefined || nonce === '') return null;
  const algorithm = parameters.get('algorithm');
  const name = (algorithm ?? 'md5').toLowerCase();
  const hash = ALGORITHMS.find(([known]) => known === name)?.[1];
  if (hash === undefined) return null;
  const offered = parameters
    .get('qop')
    ?.toLowerCase()
    .split(/[\s,]+/);
  const qop = offered === undefined ? null : offered.includes('auth') ? 'auth' : 'auth-int';
  if (qop === 'auth-int' && offered?.includes('auth-int') !== true) return null;
  return {
    realm,
    nonce,
    opaque: parameters.get('opaque'),
    algorithm,
    hash,
    isSession: name.endsWith('-sess'),
    qop,
    hashesUser: parameters.get('userhash')?.toLowerCase() === 'true',
  };
}
