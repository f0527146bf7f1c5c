/** The parameters of domain. Source: modules/domain of the manual; `domain` and those of the service are siprest's own. */
import { defineParameters } from '../../script/index.ts';
import { answeringTime, keepingTime } from '../rest-client/service-table.ts';
import { nameParameter } from '../text-table.ts';

export const parameters = defineParameters([
  {
    name: 'db_url',
    type: 'string',
    default: null,
    summary: 'Where the table is: `text://FOLDER`, as of db_text. It is read again when it changes.',
  },
  {
    name: 'domain',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'A local domain: `example.com`, with attributes after a blank; `.example.com`: its subdomains too.',
  },
  {
    name: 'domains_url',
    type: 'string',
    default: null,
    summary:
      'The URL of a service that knows domains, with `{domain}`: it answers 404 for one that is not local, otherwise the attributes, as text or as `attrs` of JSON.',
  },
  keepingTime('domains_ttl', 60),
  answeringTime('domains_timeout', 'the domain is not local'),
  nameParameter('domain_table', 'domain', 'The name of the table.'),
  nameParameter('domain_col', 'domain', 'The column of the domain.'),
  nameParameter('attrs_col', 'attrs', 'The column of the attributes, if the table has it.'),
  nameParameter(
    'subdomain_col',
    'accept_subdomain',
    'The column that says whether subdomains are local too, if the table has it.',
  ),
  {
    name: 'db_mode',
    type: 'int',
    default: 0,
    summary: 'Whether the table is kept in memory.',
    inert: 'the table is kept in memory, and read again when it changes',
  },
]);
