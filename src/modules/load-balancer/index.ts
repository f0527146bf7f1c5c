/**
 * The load_balancer module: destinations with resources that calls use. Source: modules/load_balancer of the manual;
 * scenarios load-balancer-*.
 */
import { defineModule } from '../../runtime/index.ts';
import { Balancer, balancers } from './balancer.ts';
import { loadBalancerCommands } from './commands.ts';
import { events } from './events.ts';
import { loadBalancerFunctions } from './functions.ts';
import { checkParameters, parameters } from './parameters.ts';
import { loadBalancerProbes, probeDestinations } from './probing.ts';

export const loadBalancer = defineModule({
  name: 'load_balancer',
  summary: 'Gateways with limited resources: a call gets the one that has most left.',
  source: 'modules/load_balancer',
  requires: ['dialog'],
  parameters,
  validate: checkParameters,
  events,
  commands: loadBalancerCommands,
  figures: [
    {
      name: 'load_balancer_probes',
      kind: 'counter',
      unit: 'transactions',
      labels: ['result'],
      summary: 'Probes of destinations of `load_balancer`, by result: `answered` or `failed`.',
      read: (host) => ({ ...host.states.get(loadBalancerProbes).counts }),
    },
  ],
  functions: loadBalancerFunctions,
  start: async (routing) => {
    const balancer = await Balancer.open(routing);
    routing.states.set(balancers, { balancer });
    probeDestinations(routing, balancer);
  },
});
