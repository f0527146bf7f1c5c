/** Administration commands of load_balancer. Source: modules/load_balancer of the manual, its MI functions. */
import { CommandError, defineCommands, messageOf, type Routing } from '../../runtime/index.ts';
import { bytesOf, textOf } from '../command-text.ts';
import { type Balancer, balancers } from './balancer.ts';
import type { Destination } from './destination.ts';

const source = 'modules/load_balancer';
const identifier = {
  name: 'destination_id',
  type: 'int',
  summary: 'The identifier of the destination in the table.',
} as const;

function balancerOf(routing: Routing): Balancer {
  const { balancer } = routing.states.get(balancers);
  if (balancer === null) throw new CommandError(500, 'load_balancer has not started');
  return balancer;
}

/** Throws a {@link CommandError} for an unknown destination. */
function named(routing: Routing, id: number): readonly [Balancer, Destination] {
  const balancer = balancerOf(routing);
  const found = balancer.find(String(id));
  if (found === null) throw new CommandError(404, `unknown destination ${id}`);
  return [balancer, found];
}

const yes = (is: boolean) => (is ? 'yes' : 'no');

export const loadBalancerCommands = defineCommands([
  {
    name: 'load_balancer:reload',
    aliases: ['lb_reload'],
    parameters: [],
    processes: 'every',
    summary: 'Reads the table again; if it cannot be read it stays as it was.',
    source,
    run: async (_, routing) => {
      try {
        await balancerOf(routing).reload();
      } catch (error) {
        throw error instanceof CommandError ? error : new CommandError(500, messageOf(error));
      }
    },
  },
  {
    name: 'load_balancer:resize',
    aliases: ['lb_resize'],
    parameters: [
      identifier,
      { name: 'res_name', type: 'string', summary: 'The resource.' },
      { name: 'new_capacity', type: 'int', minimum: 0, summary: 'How many calls it may have at a time.' },
    ],
    summary: 'Changes the capacity of a resource, until the table is read again.',
    source,
    run: ({ destination_id: id, res_name, new_capacity: capacity }, routing) => {
      const [balancer, found] = named(routing, id);
      const resource = bytesOf(res_name);
      if (!found.resources.has(resource))
        throw new CommandError(404, `the destination has no resource "${res_name}"`);
      if (!balancer.resize(found, resource, capacity))
        throw new CommandError(500, 'the memory for shared data is full');
    },
  },
  {
    name: 'load_balancer:list',
    aliases: ['lb_list'],
    parameters: [],
    summary: 'Lists the destinations with the capacity and load of their resources.',
    source,
    run: (_, routing) => {
      const balancer = balancerOf(routing);
      return {
        Destinations: balancer.destinations.map((one) => ({
          uri: textOf(one.uri),
          id: Number(one.id),
          group: one.group,
          enabled: yes(balancer.stateOf(one) === 'enabled'),
          'auto-reenable': balancer.stateOf(one) !== 'off' ? 'on' : 'off',
          Resources: [...one.resources.keys()].map((name) => ({
            name: textOf(name),
            max: balancer.capacity(one, name),
            load: balancer.load(one, name),
          })),
          ...(one.attrs === null ? {} : { attrs: textOf(one.attrs) }),
        })),
      };
    },
  },
  {
    name: 'load_balancer:status',
    aliases: ['lb_status'],
    parameters: [
      identifier,
      {
        name: 'new_status',
        type: 'int',
        optional: true,
        minimum: 0,
        maximum: 1,
        summary: '1 enables it, 0 disables it until it is enabled by this command.',
      },
    ],
    summary: 'Tells whether a destination is enabled, or sets it.',
    source,
    run: ({ destination_id: id, new_status: status }, routing) => {
      const [balancer, found] = named(routing, id);
      if (status === undefined)
        return {
          enable: yes(balancer.stateOf(found) === 'enabled'),
          ...(found.attrs === null ? {} : { attrs: textOf(found.attrs) }),
        };
      balancer.setState(found, status === 1 ? 'enabled' : 'off', 'an administrator has set it');
      return undefined;
    },
  },
]);
