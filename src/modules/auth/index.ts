/** The auth module: Digest authentication of callers. Source: modules/auth of the manual; scenarios auth-*. */
import { defineModule, type FigureSpec, type Host, type Run } from '../../runtime/index.ts';
import { defineArgument, InvalidUse, type Status } from '../../script/index.ts';
import { headerText } from '../../sip/index.ts';
import { avpName, textOf } from '../parameter-text.ts';
import { authorize, codesText, type Kind, kinds, realmOf, verdict } from './authorize.ts';
import { algorithms } from './digest.ts';
import { failedAttempts, sweepFailures } from './failures.ts';
import { newNonce, shareSecret } from './nonces.ts';
import { parameters } from './parameters.ts';

const source = 'modules/auth';

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
    summary: `Checks the credentials in ${kinds[kind].header} against username_spec and password_spec: ${codesText}`,
    source: 'modules/auth; scenarios auth-*',
    run: (run: Run, realm: string) =>
      authorize(run, kind, realm, ({ username }) => {
        const { username_spec, password_spec, calculate_ha1 } = run.parameters(parameters);
        const user = textOf(run, username_spec);
        const secret = textOf(run, password_spec);
        if (user !== null && secret !== null)
          return user === username ? { isHashed: !calculate_ha1, of: () => secret } : 'unknown';
        run.complain(`pv_${kind}_authorize(): username_spec and password_spec have no value`);
        return 'failed';
      }),
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

const figures: readonly FigureSpec<Host>[] = [
  {
    name: 'auth_failures',
    kind: 'counter',
    unit: '',
    labels: ['reason'],
    summary:
      'Failed authentications: a wrong password, an unknown user, and those refused unseen since too many had failed before.',
    read: ({ states }) => ({ ...states.get(failedAttempts).counts }),
  },
];

export const auth = defineModule({
  name: 'auth',
  summary: 'Digest authentication with passwords from variables.',
  source,
  parameters,
  figures,
  start: (routing) => {
    shareSecret(routing);
    sweepFailures(routing);
  },
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
