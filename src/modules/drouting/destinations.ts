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
  const { data, isUsable, allowed } = choice;
  const found: Destination[] = [];
  const add = ({ id }: Listed, carrier: Carrier | null): boolean => {
    const gateway = data.gateways.get(id);
    if (gateway === undefined || !isUsable(gateway)) return false;
    found.push({ gateway, carrier });
    return true;
  };
  for (const member of inOrder(list, sorting, choice.random)) {
    const { id, isCarrier } = member;
    if (allowed !== null && !allowed.has(isCarrier ? `#${id}` : id)) continue;
    if (!isCarrier) {
      add(member, null);
      continue;
    }
    const carrier = data.carriers.get(id);
    if (carrier === undefined || !isUsable(carrier)) continue;
    for (const one of inOrder(carrier.list, carrier.sorting, choice.random))
      if (add(one, carrier) && carrier.usesFirst) break;
  }
  return found;
}

/** By weight, each next one is drawn from those that are left; where none has a weight, all are equal. */
function inOrder(list: readonly Listed[], sorting: Sorting, random: () => number): readonly Listed[] {
  if (sorting === 'none' || list.length < 2) return list;
  const left = [...list];
  let sum = 0;
  for (const { weight } of left) sum += weight;
  const order: Listed[] = [];
  while (left.length > 0) {
    let at = 0;
    if (sum === 0) at = Math.floor(random() * left.length);
    else {
      let drawn = random() * sum;
      while (at < left.length - 1 && drawn >= (left[at]?.weight ?? 0)) drawn -= left[at++]?.weight ?? 0;
    }
    const [one] = left.splice(at, 1);
    if (one === undefined) break;
    sum -= one.weight;
    order.push(one);
  }
  return order;
}
