/** The parameters of auth_db. Source: modules/auth_db of the manual; those of the service are siprest's own. */
import { defineParameter, defineParameters } from '../../script/index.ts';
import { answeringTime, keepingTime } from '../rest-client/service-table.ts';
import { nameParameter } from '../text-table.ts';

export const parameters = defineParameters([
  {
    name: 'db_url',
    type: 'string',
    default: null,
    summary: 'Where the tables are: `text://FOLDER`, as of db_text. They are read again when they change.',
  },
  {
    name: 'credentials_url',
    type: 'string',
    default: null,
    summary:
      'Instead of db_url, the URL of a service that knows passwords, with `{user}`, `{realm}` and `{table}`, such as `http://127.0.0.1:8080/users/{user}`. It answers 404 for an unknown user, and otherwise JSON with `password`, or with `ha1`, `ha1_sha256` and `ha1_sha512t256`; or text, which is the password, or with calculate_ha1 0 the hash.',
  },
  keepingTime('credentials_ttl', 30),
  answeringTime('credentials_timeout', 'the functions give -5'),
  {
    name: 'calculate_ha1',
    type: 'boolean',
    default: false,
    summary: 'Whether password_column has passwords; otherwise it has hashes of `user:realm:password`.',
  },
  {
    name: 'use_domain',
    type: 'boolean',
    default: true,
    summary: 'Whether the realm, or the domain of the URI, has to be in domain_column.',
  },
  {
    name: 'load_credentials',
    type: 'string',
    default: '',
    summary:
      'Columns that a successful authentication puts into AVPs: `$avp(name)=column;column`; a service has them in its JSON.',
  },
  nameParameter('user_column', 'username', 'The column of the user.'),
  nameParameter('domain_column', 'domain', 'The column of the domain.'),
  nameParameter('password_column', 'ha1', 'The column of the password, or of its MD5 hash.'),
  nameParameter('hash_column_sha256', 'ha1_sha256', 'The column of the SHA-256 hash, if the table has it.'),
  nameParameter(
    'hash_column_sha512t256',
    'ha1_sha512t256',
    'The column of the SHA-512-256 hash, if the table has it.',
  ),
  nameParameter('uri_user_column', 'username', 'The column of the authenticated user in a table of URIs.'),
  nameParameter('uri_domain_column', 'domain', 'The column of the domain in a table of URIs.'),
  nameParameter('uri_uriuser_column', 'uri_user', 'The column of the user of the URI in a table of URIs.'),
  defineParameter({
    name: 'skip_version_check',
    type: 'int',
    default: 0,
    summary: 'Whether the version of tables is checked.',
    inert: 'siprest looks at the columns, not at a version',
  }),
]);
