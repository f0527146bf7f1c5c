/** The auth module: Digest authentication of callers. Source: modules/auth of the manual; scenarios auth-*. */
import { defineModule, type Request, type Run, StateKey } from '../../runtime/index.ts';
import { defineArgument, defineParameters, InvalidUse, type Status } from '../../script/index.ts';
import { headerText } from '../../sip/index.ts';
import { avpName, textOf } from '../parameter-text.ts';
import { algorithms, type Credentials, credentialsFor, isRight } from './digest.ts';
import { isFresh, newNonce, shareSecret } from './nonces.ts';

const source = 'modules/auth';

const parameters = defineParameters([
  {
    name: 'secret',
    type: 'string',
    default: null,
    summary: 'The secret of nonces, of 32 characters; default a random one, which all processes share.',
  },
  {
    name: 'nonce_expire',
    type: 'int',
    default: 30,
    minimum: 1,
    unit: 's',
    summary: 'How long a nonce is valid.',
  },
  { name: 'username_spec', type: 'string', default: null, summary: 'The variable with the user name.' },
  {
    name: 'password_spec',
    type: 'string',
    default: null,
    summary: 'The variable with the password, or its hash: see calculate_ha1.',
  },
  {
    name: 'calculate_ha1',
    type: 'boolean',
    default: false,
    summary: 'Whether password_spec is a password; otherwise it is the hash of `user:realm:password`.',
  },
  {
    name: 'realm_prefix',
    type: 'string',
    default: '',
    summary: 'Cut off the front of realms that come from a message.',
  },
  {
    name: 'disable_nonce_check',
    type: 'boolean',
    default: true,
    summary: 'Whether a nonce may be used again.',
    inert: 'a nonce may be used until it expires',
  },
  { name: 'rpid_avp', type: 'string', default: '$avp(rpid)', summary: 'The AVP for append_rpid_hf().' },
  { name: 'rpid_prefix', type: 'string', default: '', summary: 'Text before the value in Remote-Party-ID.' },
  {
    name: 'rpid_suffix',
    type: 'string',
    default: ';party=calling;id-type=subscriber;screen=yes',
    summary: 'Text after the value in Remote-Party-ID.',
  },
]);

interface Verdict {
  /** The last nonce was made by this server, but is over, or was made up. */
  isStale: boolean;
  /** The credentials that were right. */
  right: Credentials | null;
}

const verdict = new StateKey<Request, Verdict>('authentication', () => ({ isStale: false, right: null }));

const kinds = {
  www: { key: 'authorization', status: 401, reason: 'Unauthorized', challenge: 'WWW-Authenticate' },
  proxy: {
    key: 'proxy-authorization',
    status: 407,
    reason: 'Proxy Authentication Required',
    challenge: 'Proxy-Authenticate',
  },
} as const;

type Kind = keyof typeof kinds;

/** The realm; for an empty one the host of To for REGISTER, of From otherwise. */
function realmOf(run: Run, realm: string): string {
  if (realm !== '') return realm;
  const { message } = run.request;
  const uri = (message?.method === 'REGISTER' ? message.findTo() : message?.findFrom())?.uriParts;
  const host = uri?.host ?? '';
  const { realm_prefix: prefix } = run.parameters(parameters);
  return prefix !== '' && host.startsWith(prefix) ? host.slice(prefix.length) : host;
}

const codes = { right: 1, malformed: 0, wrongUser: -1, wrongPassword: -2, stale: -3, none: -4, failed: -5 };

function authorize(run: Run, kind: Kind, realm: string): Status {
  const { message } = run.request;
  if (message === null) return codes.failed;
  const credentials = credentialsFor(message, kinds[kind].key, realmOf(run, realm));
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
  const user = textOf(run, values.username_spec);
  const secret = textOf(run, values.password_spec);
  if (user === null || secret === null) {
    run.complain(`pv_${kind}_authorize(): username_spec and password_spec have no value`);
    return codes.failed;
  }
  if (user !== username) return codes.wrongUser;
  const proof = { method: message.method, body: message.body, secret, isHashed: !values.calculate_ha1 };
  if (!isRight(credentials, proof)) return codes.wrongPassword;
  state.right = credentials;
  return codes.right;
}

/** `auth,auth-int` in the order of the reference; 1 and 0 of older versions are `auth` and none. */
function protectionsOf(text: string): readonly string[] {
  if (text === '1') return ['auth'];
  const wanted = text.split(',').map((one) => one.trim().toLowerCase());
  return ['auth-int', 'auth'].filter((one) => wanted.includes(one));
}

function challenge(run: Run, kind: Kind, realm: string, qop: string, named: string | undefined): Status {
  const { key: _, status, reason, challenge: field } = kinds[kind];
  const { secret } = run.parameters(parameters);
  const wanted = named?.split(',').map((one) => one.trim().toUpperCase());
  const chosen: readonly (string | null)[] =
    wanted === undefined ? [null] : [...algorithms.keys()].filter((name) => wanted.includes(name));
  if (chosen.length === 0) {
    run.complain(
      `${kind}_challenge(): unknown algorithm "${named}"; known are ${[...algorithms.keys()].join(', ')}`,
    );
    return -1;
  }
  const protections = protectionsOf(qop);
  const lines = chosen.map((algorithm) => {
    const parts = [
      `realm="${realmOf(run, realm).replace(/["\\]/g, '\\$&')}"`,
      `nonce="${newNonce(run.routing, secret)}"`,
      ...(protections.length === 0 ? [] : [`qop="${protections.join(',')}"`]),
      ...(run.state(verdict).isStale ? ['stale=true'] : []),
      ...(algorithm === null ? [] : [`algorithm=${algorithm}`]),
    ];
    return `${field}: Digest ${parts.join(', ')}\r\n`;
  });
  const headers = headerText(lines.join(''));
  if (headers === null || !run.request.replyWith({ status, reason, headers })) return -1;
  return 0;
}

const realmArgument = defineArgument({
  name: 'realm',
  type: 'string',
  summary: 'The realm; empty: the host of To for REGISTER, of From otherwise.',
});

const routes = ['route'] as const;

const authorizing = <const Name extends string>(name: Name, kind: Kind) =>
  ({
    name,
    arguments: [realmArgument],
    routes,
    summary: `Checks the credentials in ${kind === 'www' ? 'Authorization' : 'Proxy-Authorization'} against username_spec and password_spec: 1 right, -1 another user, -2 a wrong password, -3 an old or made-up nonce, -4 none for this realm, -5 no password is known. Malformed ones are answered with 400, which ends the script.`,
    source: 'modules/auth; scenarios auth-*',
    run: (run: Run, realm: string) => authorize(run, kind, realm),
  }) as const;

/** Numbers of older versions: `www_challenge("", "0")`. */
const protections = {
  names: ['auth', 'auth-int'],
  isFormer: (text: string) => text === '0' || text === '1',
  unknown: (text: string) =>
    /^[01]?$/.test(text)
      ? null
      : (text
          .split(',')
          .map((one) => one.trim())
          .find((one) => one !== 'auth' && one !== 'auth-int') ?? null),
};

const challenging = <const Name extends string>(name: Name, kind: Kind) =>
  ({
    name,
    arguments: [
      realmArgument,
      {
        name: 'qop',
        type: 'string',
        optional: true,
        flags: protections,
        summary: 'The qualities of protection that are offered, `auth` or `auth,auth-int`; default none.',
      },
      {
        name: 'algorithms',
        type: 'string',
        optional: true,
        summary:
          'Any of MD5, SHA-256 and SHA-512-256, separated by commas; default MD5, which is then not named.',
      },
    ],
    routes,
    summary: `Asks for credentials with ${kinds[kind].status}, and ends the script.`,
    source: 'modules/auth; scenarios auth-*',
    run: (run: Run, realm: string, qop: string | undefined, named: string | undefined) =>
      challenge(run, kind, realm, qop ?? '', named),
  }) as const;

const text = (name: string, summary: string) =>
  defineArgument({ name, type: 'string', optional: true, intoHeaders: true, summary });

export const auth = defineModule({
  name: 'auth',
  summary: 'Digest authentication with passwords from variables.',
  source,
  parameters,
  start: (routing) => shareSecret(routing),
  validate: ({ secret }) => {
    if (secret !== null && secret.length !== 32)
      throw new InvalidUse(
        'secret must have exactly 32 characters',
        'for example the output of: openssl rand -hex 16',
      );
    return [];
  },
  functions: [
    authorizing('pv_www_authorize', 'www'),
    authorizing('pv_proxy_authorize', 'proxy'),
    challenging('www_challenge', 'www'),
    challenging('proxy_challenge', 'proxy'),
    {
      name: 'consume_credentials',
      arguments: [],
      routes,
      summary: 'Removes the credentials that were right from the forwarded request; -1 if there are none.',
      source: 'modules/auth; scenarios auth-proxy-consume, auth-consume-without',
      run: (run) => {
        const { right } = run.state(verdict);
        if (right === null) return -1;
        run.draft.edits.push({ kind: 'remove', header: right.header });
        return 1;
      },
    },
    {
      name: 'is_rpid_user_e164',
      arguments: [],
      routes,
      summary: 'Whether the user of the URI in rpid_avp is a telephone number, `+` and 2 to 15 digits.',
      source: 'modules/auth; scenario auth-rpid-own',
      run: (run) => {
        const value = textOf(run, run.parameters(parameters).rpid_avp);
        return value !== null && /^\s*(?:"[^"]*"\s*)?<?(?:sips?:)?\+\d{2,15}(?:@|$)/.test(value) ? 1 : -1;
      },
    },
    {
      name: 'append_rpid_hf',
      arguments: [
        text('prefix', 'Text before the value; default rpid_prefix.'),
        text('suffix', 'Text after the value; default rpid_suffix.'),
      ],
      routes: ['route', 'failure_route', 'branch_route'],
      summary: 'Adds Remote-Party-ID with the value of rpid_avp; -1 if it has none.',
      source: 'modules/auth; scenario auth-rpid-own',
      run: (run, prefix, suffix) => {
        const values = run.parameters(parameters);
        const name = avpName(values.rpid_avp);
        const value = name === null ? null : run.request.avps.get(name);
        if (value === null) return -1;
        const lines = headerText(
          `Remote-Party-ID: ${prefix ?? values.rpid_prefix}${value}${suffix ?? values.rpid_suffix}\r\n`,
        );
        if (lines === null) return -1;
        run.draft.edits.push({ kind: 'append', lines });
        return 1;
      },
    },
  ],
});
