/** Administration commands of drouting. Source: modules/drouting of the manual, its MI functions. */
import { CommandError, defineCommands, type Routing, type RunRouting } from '../../runtime/index.ts';
import { bytesOf, textOf } from '../command-text.ts';
import { parameters } from './parameters.ts';
import { type LoadedPartition, loadedOf, standard } from './partitions.ts';
import { type Carrier, type Gateway, type Listed, stateNames } from './records.ts';
import { forgetStates, isActive, probingSwitch, setGateway, setState, stateOf } from './states.ts';

const source = 'modules/drouting';

const partition = {
  name: 'partition_name',
  type: 'string',
  optional: true,
  summary: 'The partition, with use_partitions.',
} as const;
const status = {
  name: 'status',
  type: 'int',
  optional: true,
  minimum: 0,
  maximum: 1,
  summary: '1 enables, 0 disables; without it the present status is told.',
} as const;

/** The partitions that a command means; without a name all. */
function wanted(routing: Routing, name: string | undefined): readonly LoadedPartition[] {
  const all = routing.states.get(loadedOf);
  if (name === undefined) return [...all.values()];
  const found = all.get(name);
  if (found === undefined) throw new CommandError(404, `unknown partition "${name}"`);
  return [found];
}

/** The one partition that a command means. */
function only(routing: Routing, name: string | undefined): LoadedPartition {
  const isNeeded = routing.parameters(parameters).use_partitions;
  if (isNeeded && name === undefined) throw new CommandError(400, 'partition_name is missing');
  const [found] = wanted(routing, isNeeded ? name : standard);
  if (found === undefined) throw new CommandError(404, 'no partition is loaded');
  return found;
}

const shownGateway = (routing: Routing, gateway: Gateway) => ({
  ID: gateway.id,
  IP: gateway.address,
  State: stateNames[stateOf(routing.host, gateway)],
});
const shownCarrier = (routing: Routing, carrier: Carrier) => ({
  ID: carrier.id,
  Enabled: isActive(routing.host, carrier) ? 'yes' : 'no',
});

function found<T>(all: ReadonlyMap<string, T>, id: string, what: string): T {
  const one = all.get(id);
  if (one === undefined) throw new CommandError(404, `unknown ${what} "${id}"`);
  return one;
}

async function reload(routing: RunRouting, name: string | undefined, inherits: string): Promise<void> {
  for (const one of wanted(routing, name)) {
    await one.reload();
    if (inherits === 'n') forgetStates(routing.host, one.partition.name);
  }
}

export const droutingCommands = defineCommands([
  {
    name: 'drouting:reload',
    aliases: ['dr_reload'],
    parameters: [
      partition,
      {
        name: 'inherit_state',
        type: 'string',
        optional: true,
        oneOf: ['y', 'n'],
        summary: 'Whether gateways and carriers stay disabled; default y.',
      },
    ],
    processes: 'every',
    summary: 'Reads the tables again; if one cannot be read its partition does not change.',
    source,
    run: ({ partition_name: name, inherit_state: inherits = 'y' }, routing) =>
      reload(routing, name, inherits),
  },
  {
    name: 'drouting:gw_status',
    aliases: ['dr_gw_status'],
    parameters: [
      { name: 'gw_id', type: 'string', optional: true, summary: 'The gateway; default all.' },
      status,
      partition,
    ],
    summary: 'Tells whether gateways are enabled, or enables or disables one.',
    source,
    run: ({ gw_id: id, status: next, partition_name: name }, routing) => {
      const { data, partition: own } = only(routing, name);
      if (id === undefined)
        return { Gateways: [...data.gateways.values()].map((one) => shownGateway(routing, one)) };
      const gateway = found(data.gateways, id, 'gateway');
      if (next === undefined) return shownGateway(routing, gateway);
      setGateway(routing, own.name, gateway, next === 1 ? 'active' : 'mi');
      return undefined;
    },
  },
  {
    name: 'drouting:carrier_status',
    aliases: ['dr_carrier_status'],
    parameters: [
      { name: 'carrier_id', type: 'string', optional: true, summary: 'The carrier; default all.' },
      status,
      partition,
    ],
    summary: 'Tells whether carriers are enabled, or enables or disables one.',
    source,
    run: ({ carrier_id: id, status: next, partition_name: name }, routing) => {
      const { data } = only(routing, name);
      if (id === undefined)
        return { Carriers: [...data.carriers.values()].map((one) => shownCarrier(routing, one)) };
      const carrier = found(data.carriers, id, 'carrier');
      if (next === undefined) return shownCarrier(routing, carrier);
      setState(routing.host, carrier, next === 1 ? 'active' : 'mi');
      return undefined;
    },
  },
  {
    name: 'drouting:reload_status',
    aliases: ['dr_reload_status'],
    parameters: [partition],
    summary: 'Tells when the tables were read last.',
    source,
    run: ({ partition_name: name }, routing) => {
      const shown = wanted(routing, name).map(({ partition: { name: one }, readAt }) => ({
        name: one,
        Date: new Date(readAt).toUTCString(),
      }));
      return routing.parameters(parameters).use_partitions ? { Partitions: shown } : { Date: shown[0]?.Date };
    },
  },
  {
    name: 'drouting:number_routing',
    aliases: ['dr_number_routing'],
    parameters: [
      { name: 'number', type: 'string', summary: 'The number.' },
      { name: 'group_id', type: 'int', optional: true, summary: 'The group of the rules; default 0.' },
      partition,
    ],
    summary: 'Tells which rule a number has, and its gateways and carriers.',
    source,
    run: ({ number, group_id: group = 0, partition_name: name }, routing) => {
      const { data } = only(routing, name);
      const time = Math.floor(routing.host.clock.date() / 1000);
      const rule = data.rules.find({ group, number: bytesOf(number), isWhole: false, time });
      if (rule === null) throw new CommandError(404, 'no rule matches');
      return {
        'Matched Prefix': rule.prefix,
        ...(rule.attributes === '' ? {} : { ATTRIBUTE: textOf(rule.attributes) }),
        Destinations: rule.list.map(shownMember),
      };
    },
  },
  {
    name: 'drouting:enable_probing',
    aliases: ['dr_enable_probing'],
    parameters: [
      { ...status, summary: '1 begins probing, 0 ends it; without it the present status is told.' },
    ],
    summary: 'Begins or ends the probing of gateways, or tells whether it goes on.',
    source,
    run: ({ status: next }, { host }) => {
      if (next === undefined) return { Status: probingSwitch.isOn(host) ? 1 : 0 };
      probingSwitch.set(host, next === 1);
      return undefined;
    },
  },
]);

const shownMember = ({ id, isCarrier }: Listed) => (isCarrier ? { CARRIER: id } : { GATEWAY: id });
