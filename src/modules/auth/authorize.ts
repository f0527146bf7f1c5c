/** Checks Digest credentials, wherever the password comes from. Source: modules/auth of the manual; scenarios auth-*. */
import { type Request, type Run, StateKey } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { type Credentials, credentialsFor, isRight } from './digest.ts';
import { failedAttempts } from './failures.ts';
import { isFresh } from './nonces.ts';
import { parameters } from './parameters.ts';

interface Verdict {
  /** The last nonce was made by this server, but is over, or was made up. */
  isStale: boolean;
  /** The credentials that were right. */
  right: Credentials | null;
}

export const verdict = new StateKey<Request, Verdict>('authentication', () => ({
  isStale: false,
  right: null,
}));

export const kinds = {
  www: {
    key: 'authorization',
    header: 'Authorization',
    status: 401,
    reason: 'Unauthorized',
    challenge: 'WWW-Authenticate',
  },
  proxy: {
    key: 'proxy-authorization',
    header: 'Proxy-Authorization',
    status: 407,
    reason: 'Proxy Authentication Required',
    challenge: 'Proxy-Authenticate',
  },
} as const;

export type Kind = keyof typeof kinds;

/** The realm; for an empty one the host of To for REGISTER, of From otherwise. */
export function realmOf(run: Run, realm: string): string {
  if (realm !== '') return realm;
  const { message } = run.request;
  const uri = (message?.method === 'REGISTER' ? message.findTo() : message?.findFrom())?.uriParts;
  const host = uri?.host ?? '';
  const { realm_prefix: prefix } = run.parameters(parameters);
  return prefix !== '' && host.startsWith(prefix) ? host.slice(prefix.length) : host;
}

const codes = { right: 1, malformed: 0, wrongUser: -1, wrongPassword: -2, stale: -3, none: -4, failed: -5 };

export const codesText =
  '1 right, -1 another or an unknown user, -2 a wrong password, -3 an old or made-up nonce, -4 none for this realm, -5 no password can be found. Malformed ones are answered with 400, which ends the script.';

/** What is known of a password. */
export interface Secret {
  /** Whether it is a hash of `user:realm:password`. */
  readonly isHashed: boolean;
  /** The password, or the hash by this algorithm, such as `MD5`; null if there is none. */
  of(algorithm: string): string | null;
}

export type Found = Secret | 'unknown' | 'failed';

/** The algorithm of credentials, without `-sess`. */
export const algorithmOf = ({ algorithm }: Credentials): string =>
  (algorithm ?? 'MD5').toUpperCase().replace(/-SESS$/, '');

/** Checks the credentials for a realm; `find` is asked for the password of those that are worth a look. */
export function authorize(
  run: Run,
  kind: Kind,
  realm: string,
  find: (credentials: Credentials, realm: string) => Awaitable<Found>,
): Awaitable<Status> {
  const { message } = run.request;
  if (message === null) return codes.failed;
  const wanted = realmOf(run, realm);
  const credentials = credentialsFor(message, kinds[kind].key, wanted);
  if (credentials === null) return codes.none;
  const { username, nonce, uri, response, qop, nc, cnonce } = credentials;
  const needed = [username, nonce, uri, response, ...(qop ? [nc, cnonce] : [])];
  if (needed.some((value) => value === null || value === '')) {
    run.reply(400, 'Bad Request');
    return codes.malformed;
  }
  const state = run.state(verdict);
  const values = run.parameters(parameters);
  state.isStale = !isFresh(run.routing, values.secret, nonce ?? '', values.nonce_expire);
  if (state.isStale) return codes.stale;
  const attempts = run.routing.host.states.get(failedAttempts);
  const by = { address: message.source.address, user: username ?? '' };
  if (attempts.isSlowed(by)) return codes.wrongPassword;
  return andThen(find(credentials, wanted), (found) => {
    if (found === 'failed') return codes.failed;
    const secret = found === 'unknown' ? null : found.of(algorithmOf(credentials));
    if (found === 'unknown') {
      attempts.failed(run, by, 'unknown user');
      return codes.wrongUser;
    }
    const proof = { method: message.method, body: message.body, isHashed: found.isHashed };
    if (secret === null || !isRight(credentials, { ...proof, secret })) {
      attempts.failed(run, by, 'wrong password');
      return codes.wrongPassword;
    }
    state.right = credentials;
    return codes.right;
  });
}
