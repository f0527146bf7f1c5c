/** Addresses that a REST service knows. */
import { type Routing, type Run, StateKey } from '../../runtime/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { ServiceTable, templateNames } from '../rest-client/service-table.ts';
import type { Sought } from './addresses.ts';
import { parameters } from './parameters.ts';

/** What a service says of an address. */
export interface ServedAddress {
  /** Null if it does not say. */
  readonly group: number | null;
  readonly info: string | null;
}

const service = new StateKey<Routing, { table: ServiceTable | null }>('permissions service', () => ({
  table: null,
}));

const known = ['address', 'group', 'port', 'proto', 'pattern'];

/** What is wrong with a template; null if nothing is. */
export function templateDefect(template: string): string | null {
  const names = templateNames(template);
  if (typeof names === 'string') return names;
  const unknown = [...names].find((name) => !known.includes(name));
  if (unknown !== undefined)
    return `unknown {${unknown}} in address_url: use ${known.map((name) => `{${name}}`).join(', ')}`;
  return names.has('address') ? null : 'address_url must contain {address}';
}

/** Asks the service, if there is one; null for an address that it does not know, or if it fails. */
export function askService(run: Run, sought: Sought): Awaitable<ServedAddress | null> {
  const { address_url: url, address_ttl, address_timeout } = run.parameters(parameters);
  if (url === null) return null;
  const own = run.routing.states.get(service);
  own.table ??= new ServiceTable(run.routing, { url, keep: 1000 * address_ttl, timeout: address_timeout });
  const { address, group, port, transport, text } = sought;
  const values = { address, group: String(group), port: String(port), proto: transport, pattern: text ?? '' };
  return andThen(own.table.ask(values), (answer) => {
    if (answer.kind === 'failed') run.complain(`permissions: ${answer.reason}`);
    return answer.kind === 'found' ? readAnswer(answer.text) : null;
  });
}

function readAnswer(text: string): ServedAddress {
  const line = text.trim();
  if (!line.startsWith('{')) return { group: null, info: line === '' ? null : line };
  try {
    const { group, context_info: info } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return {
      group: typeof group === 'number' ? group : null,
      info: typeof info === 'string' ? info : null,
    };
  } catch {
    return { group: null, info: line };
  }
}
