/** Administration commands of domain. Source: modules/domain of the manual, its MI functions. */
import { defineCommands } from '../../runtime/index.ts';
import { domainsOf } from './domains.ts';

const source = 'modules/domain';

export const domainCommands = defineCommands([
  {
    name: 'domain:reload',
    aliases: ['domain_reload'],
    parameters: [],
    processes: 'every',
    summary: 'Reads the table of domains again; if it cannot be read nothing changes.',
    source,
    run: (_, routing) => routing.states.get(domainsOf).table?.reload(),
  },
  {
    name: 'domain:dump',
    aliases: ['domain_dump'],
    parameters: [],
    summary: 'Lists the local domains of the script and of the table.',
    source,
    run: (_, routing) => {
      const { written, table } = routing.states.get(domainsOf);
      const all = [...written.values(), ...(table?.current.values() ?? [])];
      return {
        Domains: all.map(({ name, attributes, hasSubdomains }) => ({
          name,
          attributes: attributes ?? '',
          accept_subdomain: Number(hasSubdomains),
        })),
      };
    },
  },
]);
