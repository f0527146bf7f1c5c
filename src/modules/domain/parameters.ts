/** The parameters of domain. Source: modules/domain of the manual; `domain` and those of the service are siprest's own. */
import { defineParameter, defineParameters } from '../../script/index.ts';

const column = <const Name extends string, const Default extends string>(
  name: Name,
  standard: Default,
  summary: string,
) => defineParameter({ name, type: 'string', default: standard, summary });

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
  {
    name: 'domains_ttl',
    type: 'int',
    default: 60,
    minimum: 0,
    maximum: 86_400,
    unit: 's',
    summary: 'How long an answer of the service is kept.',
  },
  {
    name: 'domains_timeout',
    type: 'int',
    default: 2000,
    minimum: 1,
    maximum: 60_000,
    unit: 'ms',
    summary: 'Longest time for an answer of the service; then the domain is not local.',
  },
  column('domain_table', 'domain', 'The name of the table.'),
  column('domain_col', 'domain', 'The column of the domain.'),
  column('attrs_col', 'attrs', 'The column of the attributes, if the table has it.'),
  column(
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
