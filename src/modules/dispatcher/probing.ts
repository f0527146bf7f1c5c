/** Probes of destinations. Source: modules/dispatcher of the manual; scenarios dispatcher-probing*. */
import type { RunRouting } from '../../runtime/index.ts';
import { type Probe, probesOf, replyCodes } from '../gateways/probes.ts';
import type { Destination } from './destination.ts';
import { parameters, type Values } from './parameters.ts';
import type { Partition } from './partition.ts';

export const dispatcherProbes = probesOf('dispatcher');

/** The sets that are probed; null for all. */
function probedSets({ ds_probing_list: list }: Values): ReadonlySet<number> | null {
  return list === null ? null : new Set(list.split(',').map((one) => Number(one.trim())));
}

/** Probes the destinations of these partitions while the policy is in force. */
export function probeDestinations(routing: RunRouting, partitions: readonly Partition[]): void {
  const values = routing.parameters(parameters);
  const sets = probedSets(values);
  /** Those of the round, by key. */
  const asked = new Map<string, readonly [Partition, Destination]>();
  const isDue = (partition: Partition, one: Destination): boolean => {
    const state = partition.stateOf(one);
    const isAlways = values.ds_probing_mode === 1 || one.isProbed;
    return (sets?.has(one.set) ?? true) && (state === 'probing' || (state === 'active' && isAlways));
  };
  const due = (): readonly Probe[] => {
    asked.clear();
    return partitions.flatMap((partition) =>
      partition.destinations
        .filter((one) => isDue(partition, one))
        .map((one) => {
          asked.set(one.key, [partition, one]);
          return {
            ...{ key: one.key, uri: one.uri, socket: one.socket ?? values.ds_probing_sock },
            ...{ method: partition.settings.pingMethod, from: partition.settings.pingFrom },
            maxForwards: values.ds_ping_maxfwd,
          };
        }),
    );
  };
  routing.host.states.get(dispatcherProbes).follow(routing, {
    interval: 1000 * values.ds_ping_interval,
    codes: replyCodes('options_reply_codes', values.options_reply_codes),
    due,
    answered: (key, isAlive, status) => {
      const [partition, one] = asked.get(key) ?? [];
      if (partition === undefined || one === undefined) return;
      if (isAlive) partition.answered(one);
      else
        void partition.failed(
          one,
          status === null ? 'no answer to a probe' : `a probe was answered ${status}`,
        );
    },
  });
}
