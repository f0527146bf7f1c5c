/** The functions of load_balancer. Source: modules/load_balancer of the manual; scenarios load-balancer-*. */
import { defineFunctions, type Run } from '../../runtime/index.ts';
import {
  defineArgument,
  type FlagRules,
  type Status,
  type Value,
  type VariableReference,
} from '../../script/index.ts';
import { type Balancer, balancers } from './balancer.ts';
import { resourcesIn } from './destination.ts';
import { count, currentOf, isStarted, next, reset, start } from './session.ts';

const source = 'modules/load_balancer; scenarios load-balancer-*';
const choosing = ['route', 'branch_route', 'failure_route'] as const;
const trying = ['route', 'failure_route'] as const;

const attributes = defineArgument({
  name: 'attrs',
  type: 'variable',
  optional: true,
  gives: 'text',
  summary: 'Gets the attributes of the destination.',
});
const flagRules: FlagRules = {
  names: ['n', 'r', 's'],
  isFormer: () => false,
  unknown: (text) => /[^nrs\s]/.exec(text)?.[0] ?? null,
};
const starting = [
  defineArgument({ name: 'grp', type: 'int', summary: 'The group of destinations.' }),
  defineArgument({
    name: 'resources',
    type: 'string',
    summary: 'What the call needs: names of resources, separated by `;`.',
  }),
  defineArgument({
    name: 'flags',
    type: 'string',
    optional: true,
    flags: flagRules,
    summary:
      'Letters: `n` takes destinations without capacity as well, `r` compares what is left in percent, `s` chooses at random among equals.',
  }),
  attributes,
] as const;
const codes =
  '1; -2: none has capacity, -3: there is no such destination, -4: unknown resources, -1: an error.';

/** -1 before the module has started. */
function withBalancer(run: Run, act: (balancer: Balancer) => Status): Status {
  const { balancer } = run.routing.states.get(balancers);
  return balancer === null ? -1 : act(balancer);
}

type Attributes = VariableReference<Run> | undefined;

const startIn = (
  run: Run,
  group: number,
  resources: string,
  flags: string | undefined,
  variable: Attributes,
) => withBalancer(run, (balancer) => start(run, balancer, group, resources, flags ?? '', variable));

const portOf = (value: Value): number => Number(value ?? 0) || 0;

const address = defineArgument({ name: 'ip', type: 'string', summary: 'The address.' });
const port = defineArgument({ name: 'port', type: 'value', summary: 'The port; 0 is any.' });

export const loadBalancerFunctions = defineFunctions([
  {
    name: 'lb_start',
    arguments: starting,
    routes: choosing,
    summary: `Chooses the destination of a group that has most left of the resources, makes it the destination URI, and counts the call: ${codes}`,
    source,
    run: startIn,
  },
  {
    name: 'lb_start_or_next',
    aliases: ['load_balance'],
    arguments: starting,
    routes: choosing,
    summary: `Is lb_start(), and lb_next() when lb_start() was called before: ${codes}`,
    source,
    run: (run, group, resources, flags, variable) =>
      isStarted(run)
        ? withBalancer(run, (balancer) => next(run, balancer, variable))
        : startIn(run, group, resources, flags, variable),
  },
  {
    name: 'lb_next',
    arguments: [attributes],
    routes: trying,
    summary: `Chooses the next best destination after lb_start(), for which the call is counted instead: ${codes}`,
    source,
    run: (run, variable) => withBalancer(run, (balancer) => next(run, balancer, variable)),
  },
  {
    name: 'lb_reset',
    arguments: [],
    routes: trying,
    summary: 'Ends what lb_start() has begun: the call is not counted any more. -1 if nothing was begun.',
    source,
    run: (run) => (reset(run) ? 1 : -1),
  },
  {
    name: 'lb_is_started',
    arguments: [],
    summary: 'Whether lb_start() was called: 1 or -1.',
    source,
    run: (run) => (isStarted(run) ? 1 : -1),
  },
  {
    name: 'lb_disable_dst',
    aliases: ['lb_disable'],
    arguments: [],
    routes: trying,
    summary: 'Disables the destination that was chosen last; a probe may enable it again. -1 without one.',
    source,
    run: (run) =>
      withBalancer(run, (balancer) => {
        const current = currentOf(run);
        if (current === null) return -1;
        if (balancer.stateOf(current) === 'enabled')
          balancer.setState(current, 'disabled', 'the script has disabled it');
        return 1;
      }),
  },
  {
    name: 'lb_is_destination',
    arguments: [
      address,
      port,
      { name: 'group', type: 'int', optional: true, summary: 'The group; -1 or omitted: any.' },
      { name: 'active', type: 'int', optional: true, summary: '1: only enabled destinations count.' },
      attributes,
    ],
    routes: [...choosing, 'onreply_route', 'local_route'],
    summary: 'Whether a destination has an address: 1 or -1.',
    source,
    run: (run, ip, portValue, group = -1, active = 0, variable) =>
      withBalancer(run, (balancer) => {
        for (const one of balancer.at(ip, portOf(portValue))) {
          if (group !== -1 && one.group !== group) continue;
          if (active !== 0 && balancer.stateOf(one) !== 'enabled') continue;
          variable?.set(run, one.attrs ?? '');
          return 1;
        }
        return -1;
      }),
  },
  {
    name: 'lb_count_call',
    arguments: [
      address,
      port,
      { name: 'grp', type: 'int', summary: 'The group; -1: any.' },
      { name: 'resources', type: 'string', summary: 'What the call uses, separated by `;`.' },
      { name: 'undo', type: 'int', optional: true, summary: 'Not 0: the call is not counted any more.' },
    ],
    routes: choosing,
    summary: 'Counts the call as load of the destination with an address; -1 if there is none.',
    source,
    run: (run, ip, portValue, group, text, undo = 0) =>
      withBalancer(run, (balancer) => {
        const resources = resourcesIn(text);
        if (!resources.every((name) => balancer.knows(name))) return -1;
        for (const one of balancer.at(ip, portOf(portValue)))
          if (group === -1 || one.group === group)
            return count(run, one, resources, undo === 0 ? 'join' : 'leave') ? 1 : -1;
        return -1;
      }),
  },
]);
