/** The gateways that a list gives a message, in the order in which they are tried. */
import type { Carrier, Gateway, Listed, Rule, Sorting } from './records.ts';
import type { RoutingData } from './routing-data.ts';

/** A gateway that a message can be sent to, with the carrier that it was chosen for. */
export interface Destination {
  readonly gateway: Gateway;
  readonly carrier: Carrier | null;
}

/** What may be chosen. */
export interface Choice {
  readonly data: Pick<RoutingData, 'gateways' | 'carriers'>;
  readonly isUsable: (one: Gateway | Carrier) => boolean;
  /** 0 to 1. */
  readonly random: () => number;
  /** The members that may be chosen; null: all. */
  readonly allowed: ReadonlySet<string> | null;
}

/** A list as destinations, in the order in which they are tried. */
export function destinationsOf(
  { list, sorting }: Pick<Rule, 'list' | 'sorting'>,
  choice: Choice,
): readonly Destination[] {
  const { data, allowed } = choice;
  const found: Destination[] = [];
  for (const { id, isCarrier } of inOrder(list, sorting, choice.random)) {
    if (allowed !== null && !allowed.has(isCarrier ? `#${id}` : id)) continue;
    if (!isCarrier) {
      add(found, id, null, choice);
      continue;
    }
    const carrier = data.carriers.get(id);
    if (carrier === undefined || !choice.isUsable(carrier)) continue;
    for (const one of inOrder(carrier.list, carrier.sorting, choice.random))
      if (add(found, one.id, carrier, choice) && carrier.usesFirst) break;
  }
  return found;
}

/** Adds a gateway; false if it cannot be used. */
function add(found: Destination[], id: string, carrier: Carrier | null, { data, isUsable }: Choice): boolean {
  const gateway = data.gateways.get(id);
  if (gateway === undefined || !isUsable(gateway)) return false;
  found.push({ gateway, carrier });
  return true;
}

/** By weight, each next one is drawn from those that are left; where none has a weight, all are equal. */
function inOrder(list: readonly Listed[], sorting: Sorting, random: () => number): readonly Listed[] {
  if (sorting === 'none' || list.length < 2) return list;
  const order = list.slice();
  let sum = 0;
  for (const { weight } of order) sum += weight;
  for (let first = 0; first < order.length - 1; first++) {
    const at =
      sum === 0 ? first + Math.floor(random() * (order.length - first)) : drawn(order, first, random() * sum);
    const there = order[at];
    if (there === undefined) break;
    sum -= there.weight;
    // those before it move up
    order.copyWithin(first + 1, first, at);
    order[first] = there;
  }
  return order;
}

/** The place, from `first` on, whose part of the sum of weights contains a number. */
function drawn(order: readonly Listed[], first: number, number: number): number {
  let at = first;
  let left = number;
  while (at < order.length - 1 && left >= (order[at]?.weight ?? 0)) left -= order[at++]?.weight ?? 0;
  return at;
}
