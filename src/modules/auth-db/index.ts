/**
 * The auth_db module: Digest authentication with passwords from a table or a REST service. Source: modules/auth_db of
 * the manual.
 */
import { defineModule, type Routing, type Run, StateKey } from '../../runtime/index.ts';
import { defineArgument, InvalidUse, type Status } from '../../script/index.ts';
import { parseUri } from '../../sip/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { authorize, codesText, type Kind, kinds, verdict } from '../auth/authorize.ts';
import { avpName } from '../parameter-text.ts';
import { templateNames } from '../rest-client/service-table.ts';
import { folderOf } from '../text-table.ts';
import { parameters } from './parameters.ts';
import { findSubscriber, foundOf, matchingRows, type Subscriber } from './subscribers.ts';

const source = 'modules/auth_db';
const routes = ['route'] as const;

const realmArgument = defineArgument({
  name: 'realm',
  type: 'string',
  summary: 'The realm; empty: the host of To for REGISTER, of From otherwise.',
});
const table = defineArgument({
  name: 'table',
  type: 'string',
  summary: 'The table, such as `subscriber`; a service gets it as `{table}`.',
});

/** The AVPs of load_credentials with their columns. Throws {@link InvalidUse}. */
function loaded(text: string): readonly (readonly [avp: string, column: string])[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const [, avp, column] = /^(?:(\$avp\([^()]+\))\s*=\s*)?(\w+)$/.exec(part) ?? [];
      if (column === undefined)
        throw new InvalidUse(`invalid part "${part}" of load_credentials`, 'use $avp(name)=column;column');
      return [avp === undefined ? column : (avpName(avp) ?? column), column] as const;
    });
}

/** What load_credentials asks for. */
const loadedOf = new StateKey<Routing, ReturnType<typeof loaded>>('auth_db load_credentials', (routing) =>
  loaded(routing.parameters(parameters).load_credentials),
);

/** Checks credentials against a table or a service; `later` continues with the result. */
function check(run: Run, kind: Kind, realm: string, name: string): Awaitable<Status> {
  const values = run.parameters(parameters);
  const found: { right: Subscriber | null } = { right: null };
  const status = authorize(run, kind, realm, ({ username }, wanted) => {
    const [user = '', domain = wanted] = (username ?? '').split('@');
    return andThen(findSubscriber(run, name, user, domain), (looked) => {
      found.right = typeof looked === 'string' ? null : looked;
      return foundOf(looked, values);
    });
  });
  return andThen(status, (result) => {
    if (result === 1)
      for (const [avp, column] of run.routing.states.get(loadedOf)) {
        const value = found.right?.get(column);
        if (value != null) run.request.avps.replace(avp, value);
      }
    return result;
  });
}

const authorizing = <const Name extends string>(name: Name, kind: Kind) =>
  ({
    name,
    arguments: [realmArgument, table],
    routes,
    summary: `Checks the credentials in ${kinds[kind].header} against a table or a service: ${codesText} With async() no worker waits for the service.`,
    source,
    start: ({ run }: { readonly run: Run }, realm: string, from: string) =>
      andThen(check(run, kind, realm, from), (status) => () => status),
  }) as const;

/** Whether the authenticated user may be the user of a URI. */
function isAuthorized(run: Run, from: string, uriText: string | undefined): Status {
  const { right } = run.state(verdict);
  const uri = uriText === undefined ? null : parseUri(uriText);
  if (right === null || uri === null) {
    run.complain('auth_db: no credentials were right, or the URI is invalid');
    return -1;
  }
  const values = run.parameters(parameters);
  const [user = ''] = (right.username ?? '').split('@');
  const rows = matchingRows(run, from, [values.uri_uriuser_column, uri.user ?? ''], {
    [values.uri_user_column]: user,
    ...(values.use_domain ? { [values.uri_domain_column]: uri.host ?? '' } : {}),
  });
  return rows !== null && rows.length > 0 ? 1 : -1;
}

export const authDb = defineModule({
  name: 'auth_db',
  summary: 'Digest authentication with passwords from text files or a REST service.',
  source,
  requires: ['auth'],
  parameters,
  validate: ({ db_url, credentials_url, load_credentials }) => {
    loaded(load_credentials);
    if (db_url !== null) folderOf(db_url, 'credentials_url');
    const names = credentials_url === null ? new Set<string>() : templateNames(credentials_url);
    if (typeof names === 'string') throw new InvalidUse(names);
    const known = ['user', 'realm', 'table'];
    for (const name of names)
      if (!known.includes(name))
        throw new InvalidUse(`unknown {${name}} in credentials_url`, 'use {user}, {realm} and {table}');
    if (credentials_url !== null && !names.has('user'))
      throw new InvalidUse(
        'credentials_url must contain {user}',
        'for example http://127.0.0.1:8080/users/{user}',
      );
    return [];
  },
  functions: [
    authorizing('www_authorize', 'www'),
    authorizing('proxy_authorize', 'proxy'),
    {
      name: 'db_is_to_authorized',
      arguments: [table],
      routes,
      summary: 'Whether the user whose credentials were right may be the user in To, by a table of URIs.',
      source,
      run: (run, from) => isAuthorized(run, from, run.request.message?.findTo()?.uri),
    },
    {
      name: 'db_is_from_authorized',
      arguments: [table],
      routes,
      summary: 'Whether the user whose credentials were right may be the user in From, by a table of URIs.',
      source,
      run: (run, from) => isAuthorized(run, from, run.request.message?.findFrom()?.uri),
    },
    {
      name: 'db_does_uri_exist',
      arguments: [{ name: 'uri', type: 'string', summary: 'The URI, with a user.' }, table],
      routes,
      summary: 'Whether the user of a URI is known: 1 or -1.',
      source,
      start: ({ run }, text, from) => {
        const uri = parseUri(text);
        if (uri === null || !uri.user) return () => -1;
        return andThen(
          findSubscriber(run, from, uri.user, uri.host ?? ''),
          (looked) => () => (typeof looked === 'string' ? -1 : 1),
        );
      },
    },
    {
      name: 'db_get_auth_id',
      arguments: [
        table,
        { name: 'uri', type: 'string', summary: 'The URI.' },
        { name: 'auth', type: 'variable', gives: 'text', summary: 'Gets the user of its credentials.' },
        { name: 'realm', type: 'variable', gives: 'text', summary: 'Gets their realm.' },
      ],
      routes: ['route', 'failure_route', 'local_route'],
      summary: 'Finds whose credentials belong to a URI, by a table of URIs; -1 for none.',
      source,
      run: (run, from, text, auth, realm) => {
        const values = run.parameters(parameters);
        const uri = parseUri(text);
        const [row] =
          (uri === null
            ? null
            : matchingRows(
                run,
                from,
                [values.uri_uriuser_column, uri.user ?? ''],
                values.use_domain ? { [values.uri_domain_column]: uri.host ?? '' } : {},
              )) ?? [];
        if (row === undefined) return -1;
        const isSet = auth.set(run, row.get(values.uri_user_column) ?? null);
        return isSet && realm.set(run, row.get(values.uri_domain_column) ?? null) ? 1 : -1;
      },
    },
  ],
});
