/** A set of destinations, and which of them are active. */
import type { SharedStates } from '../gateways/shared-states.ts';
import { Choices } from './choices.ts';
import { type Destination, type DestinationState, destinationStates } from './destination.ts';

export const stateOf = (states: SharedStates, { key, initial }: Destination): DestinationState => {
  const changed = states.get(key);
  return destinationStates.find((one) => one === changed) ?? initial;
};

export class DestinationSet {
  readonly id: number;
  /** The highest priority first, in the order of the table among equals. */
  readonly all: Choices;
  readonly #states: SharedStates;
  #active: Choices;
  /** The place of each among the active ones; -1 for one that is not. */
  #places: readonly number[] = [];
  #version = -1;

  constructor(id: number, destinations: readonly Destination[], states: SharedStates) {
    this.id = id;
    this.all = new Choices(destinations.toSorted((a, b) => b.priority - a.priority));
    this.#states = states;
    this.#active = this.all;
  }

  /** Those that are active now. It is counted again only after a state has changed. */
  get active(): Choices {
    if (this.#version !== this.#states.version) this.#count();
    return this.#active;
  }

  /** The place among the active ones of one of all; -1 for one that is not active. */
  placeOf(index: number): number {
    return this.active === this.all ? index : (this.#places[index] ?? -1);
  }

  #count(): void {
    this.#version = this.#states.version;
    const { list } = this.all;
    const active = list.filter((one) => stateOf(this.#states, one) === 'active');
    this.#active = active.length === list.length ? this.all : new Choices(active);
    let place = 0;
    this.#places = list.map((one) => (active[place] === one ? place++ : -1));
  }
}

/** The sets of destinations, by number. */
export function setsOf(
  destinations: readonly Destination[],
  states: SharedStates,
): ReadonlyMap<number, DestinationSet> {
  const byId = new Map<number, Destination[]>();
  for (const one of destinations) {
    const others = byId.get(one.set);
    if (others === undefined) byId.set(one.set, [one]);
    else others.push(one);
  }
  return new Map([...byId].map(([id, own]) => [id, new DestinationSet(id, own, states)]));
}
