/** The parameters of uac_registrant. Source: modules/uac_registrant of the manual. */
import { defineParameter, defineParameters, InvalidUse, type RowValues } from '../../script/index.ts';
import { readRegistrant } from './registrant.ts';

const column = <const Name extends string, const Standard extends string>(name: Name, standard: Standard) =>
  defineParameter({ name, type: 'string', default: standard, summary: 'The name of a column.' });

const inert = <const Name extends string>(name: Name, why: string) =>
  defineParameter({ name, type: 'int', default: null, summary: 'Accepted without effect.', inert: why });

export const parameters = defineParameters([
  {
    name: 'registrant',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'A registration, as `aor=sip:me@carrier.example contact=sip:me@192.0.2.1 registrar=sip:carrier.example`, with `proxy`, `username`, `password`, `params`, `third_party`, `expiry` and `socket` if needed.',
    source: "siprest's own",
  },
  {
    name: 'db_url',
    type: 'string',
    default: null,
    summary: 'The folder of the table, as `text:///etc/siprest/tables`, from the folder of the script.',
  },
  { name: 'table_name', type: 'string', default: 'registrant', summary: 'The table with registrations.' },
  column('registrar_column', 'registrar'),
  column('proxy_column', 'proxy'),
  column('aor_column', 'aor'),
  column('third_party_registrant_column', 'third_party_registrant'),
  column('username_column', 'username'),
  column('password_column', 'password'),
  column('binding_URI_column', 'binding_URI'),
  column('binding_params_column', 'binding_params'),
  column('expiry_column', 'expiry'),
  column('forced_socket_column', 'forced_socket'),
  column('state_column', 'state'),
  {
    name: 'failure_retry_interval',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
    unit: 's',
    summary: 'When a registration that failed is tried again; 0: after its expiry, but within 60 s.',
  },
  {
    name: 'reregister_expiry_percentage',
    type: 'int',
    default: 100,
    minimum: 1,
    maximum: 100,
    unit: '%',
    summary: 'When a registration is renewed, in percent of its expiry; at the latest 5 s before it expires.',
  },
  inert('timer_interval', 'each registration is renewed in time by itself'),
  inert('hash_size', 'each registration is renewed in time by itself'),
  inert('enable_clustering', 'siprest instances do not form a cluster'),
  defineParameter({
    name: 'cluster_shtag_column',
    type: 'string',
    default: null,
    summary: 'Accepted without effect.',
    inert: 'siprest instances do not form a cluster',
  }),
]);

export function checkParameters({ registrant, db_url }: RowValues<typeof parameters>): readonly string[] {
  for (const text of registrant) readRegistrant(text);
  if (db_url !== null && !/^text:\/\/./.test(db_url))
    throw new InvalidUse(
      'siprest reads registrations from text files only',
      'use db_url "text://FOLDER", as of db_text',
    );
  return [];
}
