/** Probes of destinations. Source: modules/load_balancer of the manual, Probing and Disabling destinations. */
import type { RunRouting } from '../../runtime/index.ts';
import { probesOf, replyCodes } from '../gateways/probes.ts';
import type { Balancer } from './balancer.ts';
import { parameters } from './parameters.ts';

export const loadBalancerProbes = probesOf('load_balancer');

/** Probes the destinations while the policy is in force. */
export function probeDestinations(routing: RunRouting, balancer: Balancer): void {
  const {
    probing_interval,
    probing_method: method,
    probing_from: from,
    probing_reply_codes,
  } = routing.parameters(parameters);
  routing.host.states.get(loadBalancerProbes).follow(routing, {
    interval: 1000 * probing_interval,
    codes: replyCodes('probing_reply_codes', probing_reply_codes),
    due: () =>
      balancer.destinations
        .filter((one) => {
          const state = balancer.stateOf(one);
          return (
            state !== 'off' &&
            (one.probing === 'always' || (one.probing === 'disabled' && state !== 'enabled'))
          );
        })
        .map(({ id: key, uri }) => ({ key, uri, method, from, socket: null, maxForwards: null })),
    answered: (id, isAlive, status) => {
      const one = balancer.find(id);
      // an administrator's state stays
      if (one === null || balancer.stateOf(one) === 'off') return;
      const why = status === null ? 'no answer to a probe' : `a probe was answered ${status}`;
      balancer.setState(one, isAlive ? 'enabled' : 'disabled', why);
    },
  });
}
