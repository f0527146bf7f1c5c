/**
 * The uri module of OpenSIPS up to 2.4, limited to functions that have moved to sipmsgops: scripts in the field still
 * load it. Source: modules/uri of 2.4.
 */

import { defineModule } from '../runtime/index.ts';
import { defineParameter } from '../script/index.ts';
import { testFunctions } from './sipmsgops/tests.ts';
import { uriFunctions } from './sipmsgops/uri.ts';

/** The name of each function in sipmsgops. */
const formerNames: Readonly<Record<string, string>> = {
  has_totag: 'has_totag',
  is_uri_user_e164: 'is_uri_user_e164',
  uri_param: 'ruri_has_param',
  add_uri_param: 'ruri_add_param',
  del_uri_param: 'ruri_del_param',
  tel2sip: 'ruri_tel2sip',
};

const ofDatabases = [
  'aaa_url',
  'service_type',
  'use_sip_uri_host',
  'db_url',
  'db_table',
  'user_column',
  'domain_column',
  'uriuser_column',
  'use_uri_table',
  'use_domain',
] as const;

export const uri = defineModule({
  name: 'uri',
  summary: 'Functions that have moved to sipmsgops, for older scripts.',
  source: 'modules/uri of 2.4',
  parameters: ofDatabases.map((name) =>
    defineParameter({
      name,
      type: 'string',
      default: null,
      summary: 'Accepted without effect.',
      inert: 'siprest has no database support',
    }),
  ),
  functions: Object.entries(formerNames).flatMap(([name, now]) =>
    [...testFunctions, ...uriFunctions]
      .filter((spec) => spec.name === now)
      .map((spec) => ({ ...spec, name })),
  ),
});
