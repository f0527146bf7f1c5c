/** Which gateways and carriers are disabled, in all processes. Source: modules/drouting of the manual. */
import { raiseEvent } from '../../engine/index.ts';
import type { Host, RunRouting } from '../../runtime/index.ts';
import type { EventSpec } from '../../script/index.ts';
import { sharedStates } from '../gateways/shared-states.ts';
import { type Carrier, type Gateway, type State, stateNames } from './records.ts';

const eventName = 'E_DROUTING_STATUS';

export const events: readonly EventSpec[] = [
  {
    name: eventName,
    attributes: [
      { name: 'partition', summary: 'The partition.' },
      { name: 'gwid', summary: 'The gateway.' },
      { name: 'address', summary: 'Its address.' },
      { name: 'status', summary: '`active`, `inactive`, `probing` or `disabled MI`.' },
    ],
    summary: 'A gateway was enabled or disabled.',
    source: 'modules/drouting',
  },
];

const statesOf = sharedStates('drouting');

export function stateOf(host: Host, { key, state }: Gateway | Carrier): State {
  const changed = host.states.get(statesOf).get(key);
  return changed !== null && changed in stateNames ? (changed as State) : state;
}

export const isActive = (host: Host, one: Gateway | Carrier): boolean => stateOf(host, one) === 'active';

/** Changes a state in all processes. */
export const setState = (host: Host, { key }: Gateway | Carrier, state: State): void => {
  host.states.get(statesOf).set(key, state);
};

/** Changes the state of a gateway, and raises the event if it was another one. */
export function setGateway(routing: RunRouting, partition: string, gateway: Gateway, state: State): void {
  const { host } = routing;
  if (stateOf(host, gateway) === state) return;
  setState(host, gateway, state);
  raiseEvent(routing, eventName, [
    { name: 'partition', value: partition },
    { name: 'gwid', value: gateway.id },
    { name: 'address', value: gateway.address },
    { name: 'status', value: state === 'mi' ? 'disabled MI' : state },
  ]);
}

/** What a gateway becomes that does not answer, or that a script disables: `probing` if probes begin now. */
export const disabledState = ({ probing }: Gateway): State => (probing === 1 ? 'probing' : 'inactive');

/** Forgets all changes to a partition, so that the tables say how its gateways and carriers stand. */
export const forgetStates = (host: Host, partition: string): void =>
  host.states.get(statesOf).retain((key) => !key.startsWith(`${partition} `));

const probingKey = 'probing';

/** Whether gateways are probed, in all processes. */
export const probingSwitch = {
  isOn: (host: Host): boolean => host.states.get(statesOf).get(probingKey) !== 'off',
  set: (host: Host, isOn: boolean) => host.states.get(statesOf).set(probingKey, isOn ? 'on' : 'off'),
};
