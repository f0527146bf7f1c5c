/** A partition: its sets of destinations, as they were loaded last, and their states. */
import { raiseEvent } from '../../engine/index.ts';
import {
  type Host,
  type ReplicatedValues,
  type Routing,
  type RunRouting,
  StateKey,
} from '../../runtime/index.ts';
import { type Awaitable, andThen, isPending } from '../../timers/index.ts';
import type { TextRow } from '../db-text.ts';
import { AddressBook } from '../gateways/address-book.ts';
import { type SharedStates, sharedStates } from '../gateways/shared-states.ts';
import type { LoadedTable } from '../loaded-table.ts';
import { openTable } from '../open-table.ts';
import {
  type Destination,
  type DestinationState,
  destinationColumns,
  destinationOf,
  writtenDestination,
} from './destination.ts';
import { type DestinationSet, setsOf, stateOf } from './destination-set.ts';
import { statusEvent } from './events.ts';
import { parameters } from './parameters.ts';
import { type PartitionSettings, partitionsOf, standard } from './partition-settings.ts';

/** What a table holds. */
interface Loaded {
  readonly sets: ReadonlyMap<number, DestinationSet>;
  readonly destinations: readonly Destination[];
  readonly book: AddressBook<Destination>;
}

/** The space of the states that a file keeps. */
export const keptSpace = 'dispatcher';
const kept = sharedStates(keptSpace);
const unkept = sharedStates('dispatcher, not kept');
const scriptAttrs = sharedStates('dispatcher attributes');
/** How often a destination has failed since it was alive. */
const failures = new StateKey<Host, ReplicatedValues>('dispatcher failures', ({ store }) =>
  store.values('dispatcher failures'),
);

export class Partition {
  readonly settings: PartitionSettings;
  readonly states: SharedStates;
  readonly #routing: RunRouting;
  readonly #table: LoadedTable<Loaded>;

  private constructor(routing: RunRouting, settings: PartitionSettings, table: LoadedTable<Loaded>) {
    this.#routing = routing;
    this.settings = settings;
    this.#table = table;
    this.states = statesFor(routing, settings);
  }

  /** Throws or rejects if a file cannot be read. */
  static open(routing: RunRouting, settings: PartitionSettings): Awaitable<Partition> {
    const { url, table, name } = settings;
    const { db_refresh, db_timeout, destination } = routing.parameters(parameters);
    const written = name !== standard ? [] : destination.map((text) => writtenDestination(name, text));
    const index = (rows: readonly TextRow[]) =>
      load(routing, settings, [...written, ...destinationsIn(routing, settings, rows)]);
    const opened: Awaitable<LoadedTable<Loaded>> =
      url === null
        ? { current: index([]), reload: () => undefined }
        : openTable(routing, {
            ...{ module: 'dispatcher', url, table, index },
            ...{ refresh: 1000 * db_refresh, timeout: db_timeout },
          });
    return andThen(opened, (one) => new Partition(routing, settings, one));
  }

  get name(): string {
    return this.settings.name;
  }

  get sets(): ReadonlyMap<number, DestinationSet> {
    return this.#table.current.sets;
  }

  get destinations(): readonly Destination[] {
    return this.#table.current.destinations;
  }

  /** The destinations at an address, and at a port unless it is 0. */
  at(address: string, port: number): Iterable<Destination> {
    return this.#table.current.book.at(address, port);
  }

  /** Reads the table again. Throws or rejects, and changes nothing, if it cannot be read. */
  reload(inheritsStates: boolean): Awaitable<void> {
    return andThen(this.#table.reload(), () => {
      if (!inheritsStates) this.states.retain((key) => !this.#isOwn(key));
    });
  }

  #isOwn(key: string): boolean {
    return key.startsWith(`${this.name} `);
  }

  stateOf(destination: Destination): DestinationState {
    return stateOf(this.states, destination);
  }

  /** Sets a state for all processes; the event tells whether the destination is active. */
  setState(destination: Destination, state: DestinationState, why: string): void {
    const { host, log } = this.#routing;
    const before = this.stateOf(destination);
    const failed = host.states.get(failures);
    if (failed.get(destination.key) !== undefined) failed.delete(destination.key);
    if (before === state) return;
    if (!this.states.set(destination.key, state)) {
      log.warning(`dispatcher: ${destination.uri} stays ${before}: the memory for shared data is full`);
      return;
    }
    log.notice(`dispatcher: ${destination.uri} of set ${destination.set} is ${state}: ${why}`);
    const status = state === 'active' ? 'active' : 'inactive';
    if ((before === 'active') === (state === 'active')) return;
    raiseEvent(this.#routing, statusEvent, [
      { name: 'partition', value: this.name },
      { name: 'group', value: destination.set },
      { name: 'address', value: destination.uri },
      { name: 'status', value: status },
    ]);
  }

  /** Counts a failure over all processes; after `ds_probing_threshold` of them an active destination is probing. */
  failed(destination: Destination, why: string): Awaitable<void> {
    if (this.stateOf(destination) !== 'active') return;
    const { ds_probing_threshold: most } = this.#routing.parameters(parameters);
    const judge = (count: number | 'full') => {
      if (count === 'full' || count >= most) this.setState(destination, 'probing', why);
    };
    if (most === 1) return judge(1);
    const counted = this.#routing.host.states.get(failures).add(destination.key, 1);
    return isPending(counted) ? counted.then(judge, () => undefined) : judge(counted);
  }

  /** It has answered: one that was probing is active again. */
  answered(destination: Destination): void {
    const state = this.stateOf(destination);
    if (state !== 'inactive') this.setState(destination, 'active', 'it has answered');
  }

  scriptAttrs({ key }: Destination): string | null {
    return this.#routing.host.states.get(scriptAttrs).get(key);
  }

  /** Sets those of the destinations of a set at an address. False if there is none, or the store is full. */
  setScriptAttrs(
    { set, address, port }: { readonly set: number; readonly address: string; readonly port: number },
    text: string,
  ): boolean {
    const attrs = this.#routing.host.states.get(scriptAttrs);
    let isSet = false;
    for (const one of this.at(address, port)) if (one.set === set) isSet = attrs.set(one.key, text) || isSet;
    return isSet;
  }
}

const statesFor = ({ host }: Routing, { isPersistent }: PartitionSettings) =>
  host.states.get(isPersistent ? kept : unkept);

/** Rows that cannot be read are strings. Throws if the table has no column of URIs. */
function destinationsIn(
  routing: Routing,
  { name, isPersistent }: PartitionSettings,
  rows: readonly TextRow[],
): readonly (Destination | string)[] {
  const values = routing.parameters(parameters);
  const { destination_col: column } = values;
  if (rows[0]?.has(column) === false) throw new Error(`there is no column "${column}"`);
  return rows.map((row) => {
    const fields = {
      ...Object.fromEntries(destinationColumns.map((one) => [one, row.get(values[`${one}_col`]) ?? null])),
      description: row.get('description') ?? null,
    };
    return destinationOf(name, isPersistent ? fields : { ...fields, state: null });
  });
}

function load(
  routing: Routing,
  settings: PartitionSettings,
  read: readonly (Destination | string)[],
): Loaded {
  const { host, log } = routing;
  const destinations = read.filter((one) => typeof one !== 'string');
  const states = statesFor(routing, settings);
  if (host.number === 0) {
    for (const wrong of read)
      if (typeof wrong === 'string')
        log.warning(`dispatcher: left out a row of ${settings.table} (partition ${settings.name}): ${wrong}`);
    // states of those that are gone; an empty table is more likely an error
    const keys = new Set(destinations.map(({ key }) => key));
    const prefix = `${settings.name} `;
    if (keys.size > 0) states.retain((key) => !key.startsWith(prefix) || keys.has(key));
  }
  const sets = setsOf(destinations, states);
  return {
    destinations,
    sets,
    // an address in several sets is found in the last one, as in OpenSIPS
    book: new AddressBook(
      routing,
      [...sets.values()].reverse().flatMap(({ all }) => all.list),
    ),
  };
}

/** The partitions of a policy, by the names that calls use. */
export const partitions = new StateKey<Routing, ReadonlyMap<string, Partition>>(
  'dispatcher partitions',
  () => new Map(),
);

/** Opens the partitions of a policy that is about to start. */
export async function openPartitions(routing: RunRouting): Promise<readonly Partition[]> {
  const settings = partitionsOf(routing.parameters(parameters));
  const distinct = [...new Set(settings.values())];
  const opened = await Promise.all(distinct.map(async (one) => Partition.open(routing, one)));
  const bySettings = new Map(opened.map((one) => [one.settings, one]));
  const byName = [...settings].flatMap(([name, one]) => {
    const found = bySettings.get(one);
    return found === undefined ? [] : [[name, found] as const];
  });
  routing.states.set(partitions, new Map(byName));
  return opened;
}
