/** Probes gateways, which are enabled and disabled by their answers. Source: modules/drouting of the manual. */
import type { RunRouting } from '../../runtime/index.ts';
import { formatUri } from '../../sip/index.ts';
import { probesOf, replyCodes } from '../gateways/probes.ts';
import { parameters, type Values } from './parameters.ts';
import { loadedOf } from './partitions.ts';
import type { Gateway, State } from './records.ts';
import { disabledState, probingSwitch, setGateway, stateOf } from './states.ts';

const probes = probesOf('drouting');

const isProbed = ({ probing }: Gateway, state: State) =>
  state !== 'mi' && (probing === 2 || (probing === 1 && state !== 'active'));

/** Throws InvalidUse for an invalid list of statuses. */
export const probeCodes = ({ probing_reply_codes: codes }: Pick<Values, 'probing_reply_codes'>) =>
  replyCodes('probing_reply_codes', codes);

/** Probes the gateways of a routing as long as it is in force. */
export function followGateways(routing: RunRouting): void {
  const { host } = routing;
  const values = routing.parameters(parameters);
  const all = () =>
    [...routing.states.get(loadedOf).values()].flatMap(({ partition: { name }, data }) =>
      [...data.gateways.values()].map((gateway) => ({ name, gateway })),
    );
  host.states.get(probes).follow(routing, {
    interval: 1000 * values.probing_interval,
    codes: probeCodes(values),
    due: () =>
      probingSwitch.isOn(host)
        ? all()
            .filter(({ gateway }) => isProbed(gateway, stateOf(host, gateway)))
            .map(({ gateway: { key, parts, socket } }) => ({
              key,
              uri: formatUri(parts),
              socket: socket ?? values.probing_socket,
              method: values.probing_method,
              from: values.probing_from,
              maxForwards: null,
            }))
        : [],
    answered: (key, isAlive) => {
      const found = all().find(({ gateway }) => gateway.key === key);
      // an administrator may have disabled it meanwhile
      if (found === undefined || stateOf(host, found.gateway) === 'mi') return;
      setGateway(routing, found.name, found.gateway, isAlive ? 'active' : disabledState(found.gateway));
    },
  });
}
