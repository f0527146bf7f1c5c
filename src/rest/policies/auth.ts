/** Identifies the caller to a host. A request with an Authorization of its own, or a user in its URL, keeps that. */
import { isPending } from '../../timers/index.ts';
import { invalidOption, RestOptionError } from '../errors.ts';
import { valuesOf } from '../header-fields.ts';
import type { Policy, Send } from '../policies.ts';
import { fieldOf, type HttpRequest, maySendAgain, withHeader } from '../request.ts';
import { parseUrl } from '../url.ts';
import type { AuthState } from './auth-state.ts';
import type { HostContext } from './context.ts';
import type { SectionValues } from './host-options.ts';
import { Secret } from './secret.ts';
import { abortedOutcome, timeLeft, Wait, withTimeLeft } from './waiting.ts';

type AuthSettings = SectionValues<'auth'>;

/** The settings with their secrets read. */
export interface AuthSecrets {
  readonly settings: AuthSettings;
  readonly user: Secret;
  readonly password: Secret;
  readonly token: Secret;
  readonly clientId: Secret;
  readonly clientSecret: Secret;
}

/** Which options a scheme needs. */
const NEEDED = {
  basic: ['user', 'password'],
  bearer: ['token'],
  digest: ['user', 'password'],
  oauth2: ['tokenUrl', 'clientId', 'clientSecret'],
} as const;

/** @throws RestOptionError that never quotes a secret */
export function readAuth(settings: AuthSettings, name: string): AuthSecrets {
  for (const needed of NEEDED[settings.scheme])
    if (settings[needed] === '')
      throw new RestOptionError(
        'wrong-type',
        `${name}.${needed}`,
        `${name} needs ${needed} for ${settings.scheme}`,
      );
  if (settings.scheme === 'oauth2') {
    const parsed = parseUrl(settings.tokenUrl);
    if ('error' in parsed || parsed.authority.authorization !== '')
      throw invalidOption(`${name}.tokenUrl`, 'a text', 'a URL without a user');
  }
  const secret = (option: 'user' | 'password' | 'token' | 'clientId' | 'clientSecret'): Secret =>
    new Secret(settings[option], `${name}.${option}`);
  return {
    settings,
    user: secret('user'),
    password: secret('password'),
    token: secret('token'),
    clientId: secret('clientId'),
    clientSecret: secret('clientSecret'),
  };
}

/** @param ask sends a request through the policies of its host */
export function authPolicy(secrets: AuthSecrets, state: AuthState, ask: Send, context: HostContext): Policy {
  const { scheme } = secrets.settings;
  const own = { basic, bearer, digest, oauth2 }[scheme](secrets, state, ask, context);
  return (next) => {
    const send = own(next);
    return (request) =>
      fieldOf(request.headers, 'authorization') === undefined ? send(request) : next(request);
  };
}

const authorized = (request: HttpRequest, value: string): HttpRequest =>
  withHeader(request, 'Authorization', value);

const encoded = (user: string, password: string): string =>
  Buffer.from(`${user}:${password}`, 'utf8').toString('base64');

/** Sends with a secret, and once more if that has been replaced meanwhile. */
const withSecret =
  (value: () => string, refresh: () => boolean, { clock }: HostContext): Policy =>
  (next) =>
  async (request) => {
    const started = clock.now();
    const outcome = await next(authorized(request, value()));
    if (outcome.kind !== 'response' || outcome.status !== 401 || !refresh() || !maySendAgain(request))
      return outcome;
    const left = timeLeft(request, started, clock);
    return left > 0 ? next(withTimeLeft(authorized(request, value()), left)) : outcome;
  };

function basic({ user, password }: AuthSecrets, _state: AuthState, _ask: Send, context: HostContext): Policy {
  return withSecret(
    () => `Basic ${encoded(user.text, password.text)}`,
    () => [user.refresh(), password.refresh()].includes(true),
    context,
  );
}

function bearer({ token }: AuthSecrets, _state: AuthState, _ask: Send, context: HostContext): Policy {
  return withSecret(
    () => `Bearer ${token.text}`,
    () => token.refresh(),
    context,
  );
}

function digest(
  { user, password }: AuthSecrets,
  { digest: session }: AuthState,
  _: Send,
  { clock }: HostContext,
): Policy {
  const credentials = (): { user: string; password: string } => ({
    user: user.text,
    password: password.text,
  });
  return (next) => async (request) => {
    const started = clock.now();
    // a challenge, then perhaps one with a fresh nonce
    for (let attempt = 0; ; attempt++) {
      const used = session.nonce;
      const value = session.authorize(credentials(), request);
      const timed = withTimeLeft(request, Math.max(timeLeft(request, started, clock), 1));
      const outcome = await next(value === null ? timed : authorized(timed, value));
      if (outcome.kind !== 'response') return outcome;
      const info = outcome.header('authentication-info');
      if (info !== undefined && session.nonce === used) session.learn(info);
      if (outcome.status !== 401 || attempt >= 2 || timeLeft(request, started, clock) <= 0) return outcome;
      const fields = valuesOf(outcome.headers, 'www-authenticate');
      // another request may have got the new challenge meanwhile
      const isNew = used === null || /\bstale[ \t]*=[ \t]*"?true/i.test(fields.join());
      if (session.nonce === used && !session.challenge(fields)) return outcome;
      const isReplaced = [user.refresh(), password.refresh()].includes(true);
      // a nonce that is not stale was answered with the wrong password, or it is that of another server of the same name
      if ((!isNew && !isReplaced && attempt > 0) || !maySendAgain(request)) return outcome;
    }
  };
}

function oauth2(secrets: AuthSecrets, { tokens }: AuthState, ask: Send, context: HostContext): Policy {
  const { clock } = context;
  const { tokenUrl, scope, renewBefore, tokenTimeout } = secrets.settings;
  const target = parseUrl(tokenUrl);
  if ('error' in target) throw new TypeError(target.error); // readAuth() has checked it
  const { authority, path } = target;

  const askFor = (): ReturnType<Send> => {
    const { clientId, clientSecret } = secrets;
    for (const secret of [clientId, clientSecret]) secret.refresh();
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === '' ? {} : { scope }),
    });
    // RFC 6749, section 2.3.1: both are form-encoded first
    const [id, secret] = [clientId.text, clientSecret.text].map((text) =>
      new URLSearchParams({ '': text }).toString().slice(1),
    );
    const fields = [
      ...['Authorization', `Basic ${encoded(id ?? '', secret ?? '')}`],
      ...['Accept', 'application/json'],
      ...['Content-Type', 'application/x-www-form-urlencoded'],
    ];
    return ask({
      method: 'POST',
      authority,
      path,
      headers: { fields, expect: 'off', ownHost: false, closes: false },
      body: Buffer.from(form.toString()),
      streams: null,
      timeout: tokenTimeout,
      connectTimeout: tokenTimeout,
      holdConnectLock: 'while-connecting',
      signal: null,
      tlsDomain: null,
      route: null,
    });
  };
  return (next) => async (request) => {
    const started = clock.now();
    for (let attempt = 0; ; attempt++) {
      const answer = tokens.get(renewBefore, askFor);
      if (isPending(answer)) {
        const wait = new Wait(clock, Math.max(timeLeft(request, started, clock), 0), request.signal);
        void answer.then(() => wait.end('event'));
        const ended = await wait.ended;
        if (ended === 'aborted') return abortedOutcome(request);
        if (ended === 'time') return context.refuse('auth', 'the token endpoint has not answered in time');
      }
      const known = await answer;
      if ('failure' in known) return context.refuse('auth', `no access token: ${known.failure}`);
      const left = timeLeft(request, started, clock);
      if (left <= 0) return context.refuse('auth', 'the token endpoint has not answered in time');
      const outcome = await next(authorized(withTimeLeft(request, left), `Bearer ${known.token}`));
      const isRefused = outcome.kind === 'response' && outcome.status === 401;
      if (!isRefused || attempt > 0 || !tokens.reject(known.token) || !maySendAgain(request)) return outcome;
    }
  };
}
