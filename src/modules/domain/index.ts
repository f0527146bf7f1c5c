/** The domain module: which domains are the server's own. Source: modules/domain of the manual. */
import { defineModule, type Run } from '../../runtime/index.ts';
import { defineArgument, InvalidUse, type Status, type VariableReference } from '../../script/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { templateNames } from '../rest-client/service-table.ts';
import { folderOf } from '../text-table.ts';
import { domainCommands } from './commands.ts';
import { domainsOf, findDomain, openDomains } from './domains.ts';
import { parameters } from './parameters.ts';

const source = 'modules/domain';

const attributes = defineArgument({
  name: 'attrs_var',
  type: 'variable',
  optional: true,
  summary: 'Gets the attributes of the domain; null if it has none.',
});

/** Whether a domain is local: then sets the variable to its attributes. */
function check(
  run: Run,
  domain: string | null | undefined,
  variable: VariableReference<Run> | undefined,
): Awaitable<(later: Run) => Status> {
  if (domain == null || domain === '') return () => -1;
  return andThen(findDomain(run, domain), (found) => (later: Run): Status => {
    if (found === null) return -1;
    return variable === undefined || variable.set(later, found.attributes) ? 1 : -1;
  });
}

export const domain = defineModule({
  name: 'domain',
  summary: 'Tells which domains are local, by text files, the script or a REST service.',
  source,
  parameters,
  commands: domainCommands,
  validate: ({ db_url, domains_url }) => {
    if (db_url !== null) folderOf(db_url, 'the parameters domain and domains_url');
    const names = domains_url === null ? new Set(['domain']) : templateNames(domains_url);
    if (typeof names === 'string') throw new InvalidUse(names);
    if (names.size !== 1 || !names.has('domain'))
      throw new InvalidUse(
        'domains_url must contain {domain}, and no other name',
        'for example http://127.0.0.1:8080/domains/{domain}',
      );
    return [];
  },
  start: (routing) => {
    routing.states.set(domainsOf, openDomains(routing));
  },
  functions: [
    {
      name: 'is_from_local',
      arguments: [attributes],
      routes: ['route'],
      summary: 'Whether the host of From is a local domain.',
      source,
      start: ({ run }, variable) => check(run, run.request.message?.findFrom()?.uriParts?.host, variable),
    },
    {
      name: 'is_uri_host_local',
      arguments: [attributes],
      routes: ['route', 'failure_route', 'branch_route'],
      summary: 'Whether the host of the request URI is a local domain.',
      source,
      start: ({ run }, variable) => check(run, run.request.uri?.host, variable),
    },
    {
      name: 'is_domain_local',
      arguments: [{ name: 'domain', type: 'string', summary: 'The domain.' }, attributes],
      routes: ['route', 'failure_route', 'branch_route'],
      summary: 'Whether a domain is local.',
      source,
      start: ({ run }, name, variable) => check(run, name, variable),
    },
  ],
});
