/**
 * The destinations of a policy and their load: the calls that are members of the dialog profile of a resource, with the
 * identifier of the destination as value. So all processes count all calls, and a call that ends frees its place.
 */
import { dialogsOf, type Membership } from '../../dialog/index.ts';
import { raiseEvent } from '../../engine/index.ts';
import { type Routing, type RunRouting, StateKey } from '../../runtime/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import type { TextRow } from '../db-text.ts';
import { AddressBook } from '../gateways/address-book.ts';
import { sharedStates } from '../gateways/shared-states.ts';
import type { LoadedTable } from '../loaded-table.ts';
import { openTable } from '../open-table.ts';
import { type Contest, Contests } from './contests.ts';
import { type Destination, destinationOf, writtenDestination } from './destination.ts';
import { statusEvent } from './events.ts';
import { parameters } from './parameters.ts';

/** `disabled`: probes may enable it again; `off`: only an administrator may. */
export type LoadState = 'enabled' | 'disabled' | 'off';

interface Loaded {
  readonly destinations: readonly Destination[];
  readonly byId: ReadonlyMap<string, Destination>;
  readonly resources: ReadonlySet<string>;
  readonly book: AddressBook<Destination>;
  readonly contests: Contests;
}

const states = sharedStates('load_balancer');
/** Capacities that an administrator has set, until the table is read again. */
const sizes = sharedStates('load_balancer sizes');

const prefix = 'lb ';
/** The dialog profile of a resource. */
export const profileOf = (resource: string): string => `${prefix}${resource}`;

export class Balancer {
  readonly #routing: RunRouting;
  readonly #table: LoadedTable<Loaded>;

  private constructor(routing: RunRouting, table: LoadedTable<Loaded>) {
    this.#routing = routing;
    this.#table = table;
    const { profiles } = routing.host.states.get(dialogsOf);
    const stop = profiles.changed.add(({ profile, value }: Membership) => {
      if (value !== null && profile.startsWith(prefix))
        this.#table.current.contests.loadChanged(profile.slice(prefix.length), value);
    });
    routing.listeners.closed.add(stop);
  }

  static open(routing: RunRouting): Awaitable<Balancer> {
    const values = routing.parameters(parameters);
    const written = values.destination.map((text) => writtenDestination(text));
    const index = (rows: readonly TextRow[]) => load(routing, [...written, ...rows.map(ofRow)]);
    const opened: Awaitable<LoadedTable<Loaded>> =
      values.db_url === null
        ? { current: index([]), reload: () => undefined }
        : openTable(routing, {
            ...{ module: 'load_balancer', url: values.db_url, table: values.db_table, index },
            ...{ refresh: 1000 * values.db_refresh, timeout: values.db_timeout },
          });
    return andThen(opened, (table) => new Balancer(routing, table));
  }

  get destinations(): readonly Destination[] {
    return this.#table.current.destinations;
  }

  find(id: string): Destination | null {
    return this.#table.current.byId.get(id) ?? null;
  }

  /** Whether any destination has this resource. */
  knows(resource: string): boolean {
    return this.#table.current.resources.has(resource);
  }

  at(address: string, port: number): Iterable<Destination> {
    return this.#table.current.book.at(address, port);
  }

  /** The destinations of a group that have all these resources, by what they have left of them. */
  contest(group: number, resources: readonly string[], isRelative: boolean): Contest {
    return this.#table.current.contests.of(group, resources, isRelative);
  }

  /** Reads the table again; capacities are those of the table. Throws or rejects, and changes nothing, if it cannot be read. */
  reload(): Awaitable<void> {
    return andThen(this.#table.reload(), () => this.#routing.host.states.get(sizes).retain(() => false));
  }

  stateOf({ id }: Destination): LoadState {
    return stateIn(this.#routing, id);
  }

  setState(destination: Destination, state: LoadState, why: string): void {
    const { host, log } = this.#routing;
    const before = this.stateOf(destination);
    if (before === state || !host.states.get(states).set(destination.id, state)) return;
    if ((before === 'enabled') === (state === 'enabled')) return;
    const status = state === 'enabled' ? 'enabled' : 'disabled';
    if (this.#routing.parameters(parameters).probing_verbose)
      log.info(`load_balancer: ${destination.uri} of group ${destination.group} is ${status}: ${why}`);
    raiseEvent(this.#routing, statusEvent, [
      { name: 'group', value: destination.group },
      { name: 'uri', value: destination.uri },
      { name: 'status', value: status },
    ]);
  }

  capacity(destination: Destination, resource: string): number {
    return capacityIn(this.#routing, destination, resource);
  }

  /** False if the store is full. */
  resize({ id }: Destination, resource: string, capacity: number): boolean {
    return this.#routing.host.states.get(sizes).set(`${id} ${resource}`, String(capacity));
  }

  load({ id }: Destination, resource: string): number {
    return loadIn(this.#routing, id, resource);
  }
}

const stateIn = ({ host }: Routing, id: string): LoadState => {
  const state = host.states.get(states).get(id);
  return state === 'disabled' || state === 'off' ? state : 'enabled';
};

const capacityIn = ({ host }: Routing, { id, resources }: Destination, resource: string): number =>
  Number(host.states.get(sizes).get(`${id} ${resource}`) ?? resources.get(resource) ?? 0);

const loadIn = ({ host }: Routing, id: string, resource: string): number =>
  host.states.get(dialogsOf).profiles.size(profileOf(resource), id);

const ofRow = (row: TextRow): Destination | string => {
  const field = (name: string) => row.get(name) ?? null;
  return destinationOf({
    ...{ id: field('id'), group_id: field('group_id'), dst_uri: field('dst_uri') },
    ...{ resources: field('resources'), probe_mode: field('probe_mode'), attrs: field('attrs') },
  });
};

function load(routing: Routing, read: readonly (Destination | string)[]): Loaded {
  const { host, log } = routing;
  if (host.number === 0)
    for (const wrong of read)
      if (typeof wrong === 'string') log.warning(`load_balancer: left out a destination: ${wrong}`);
  const destinations = read.filter((one) => typeof one !== 'string');
  const [shared, resized] = [host.states.get(states), host.states.get(sizes)];
  return {
    destinations,
    byId: new Map(destinations.map((one) => [one.id, one])),
    resources: new Set(destinations.flatMap(({ resources }) => [...resources.keys()])),
    book: new AddressBook(routing, destinations),
    contests: new Contests(destinations, {
      version: () => shared.version + resized.version,
      isEnabled: ({ id }) => stateIn(routing, id) === 'enabled',
      capacity: (one, resource) => capacityIn(routing, one, resource),
      load: ({ id }, resource) => loadIn(routing, id, resource),
    }),
  };
}

/** The balancer of a policy; null before it starts. */
export const balancers = new StateKey<Routing, { balancer: Balancer | null }>('load_balancer', () => ({
  balancer: null,
}));
