/**
 * Where users are: contacts by address of record. Each record is one replicated text of the store, so that all processes
 * read it at once. A change replaces the text that was read, or is made again on the one that another process has put
 * there meanwhile.
 */
import { type Host, type ReplicatedValues, StateKey, StoreError } from '../../runtime/index.ts';
import { type Awaitable, andThen, isPending } from '../../timers/index.ts';
import {
  byQ,
  type Contact,
  earliestExpiry,
  keyOf,
  type Location,
  locationOf,
  nameOf,
  nowhere,
  type RecordName,
  textOf,
} from './location.ts';

/** What became of a change. */
export interface Change {
  /** `full`: the store is full, or cannot be reached, and nothing has changed. */
  readonly outcome: 'stored' | 'unchanged' | 'full';
  /** Whether the file has it, once that is known. */
  readonly written: Awaitable<boolean>;
}

const unchanged: Change = { outcome: 'unchanged', written: true };
const full: Change = { outcome: 'full', written: true };

/** Told of each contact that has expired. */
type Expired = (record: RecordName, contact: Contact, isLast: boolean) => void;

/** A change that meets so many of other processes is given up. */
const mostAttempts = 100;

export const space = 'usrloc';
/** Of latencies, in the store. */
const collection = 'usrloc latency';

export class Locations {
  readonly #host: Host;
  readonly #values: ReplicatedValues;
  #sweep: Iterator<string> | null = null;
  /** Changes that are in memory only. */
  unwritten = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#values = host.store.values(space);
  }

  /** The record, with its contacts that have not expired, the best first; null for an unknown address. */
  find(table: string, aor: string): Location | null {
    return this.#live(this.#text(keyOf({ table, aor })));
  }

  #text(key: string): string | null {
    const text = this.#values.get(key);
    return typeof text === 'string' ? text : null;
  }

  #live(text: string | null): Location | null {
    if (text === null) return null;
    const now = this.#host.clock.date();
    const location = locationOf(text);
    const contacts =
      earliestExpiry(text) > now
        ? location.contacts
        : location.contacts.filter(({ expires }) => expires > now);
    return contacts.length === 0 ? null : { ...location, contacts: byQ(contacts) };
  }

  /**
   * Replaces a record by what `next` makes of it, null for no change; a record without contacts is removed. `next` is
   * called again if another process has changed the record meanwhile.
   */
  change(table: string, aor: string, next: (before: Location) => Location | null): Awaitable<Change> {
    return this.changeRecord(keyOf({ table, aor }), next);
  }

  /** The same by the key of a record, the table and the address. */
  changeRecord(key: string, next: (before: Location) => Location | null): Awaitable<Change> {
    const changed = this.#change(key, next, mostAttempts);
    if (!isPending(changed)) return changed;
    return changed.catch((error: unknown): Change => {
      if (!(error instanceof StoreError)) throw error;
      return full;
    });
  }

  #change(key: string, next: (before: Location) => Location | null, attempts: number): Awaitable<Change> {
    const text = this.#text(key);
    const location = next(this.#live(text) ?? nowhere);
    if (location === null || attempts === 0) return location === null ? unchanged : full;
    const value = location.contacts.length === 0 ? null : textOf(location);
    if (value === text) return unchanged;
    const { result, written } = this.#values.replace(key, text, value);
    return andThen(result, (outcome) => {
      if (outcome === 'changed') return this.#change(key, next, attempts - 1);
      return { outcome, written: isPending(written) ? this.#counted(written) : written };
    });
  }

  async #counted(written: Promise<boolean>): Promise<boolean> {
    const isWritten = await written;
    if (!isWritten) this.unwritten++;
    return isWritten;
  }

  /** All addresses of a table that have contacts. */
  *addresses(table: string): Iterable<string> {
    for (const key of this.#values.keys())
      if (key.startsWith(`${table} `) && this.find(table, key.slice(table.length + 1)) !== null)
        yield key.slice(table.length + 1);
  }

  /** The tables that have addresses. */
  tables(): ReadonlySet<string> {
    return new Set([...this.#values.keys()].map((key) => nameOf(key).table));
  }

  /** The contacts of a record, by its key, that have not expired. */
  contactsOf(key: string): readonly Contact[] {
    return this.#live(this.#text(key))?.contacts ?? [];
  }

  /** The keys of records with a contact that expires before a time, in milliseconds since 1970. */
  *expiringBefore(time: number): Iterable<string> {
    for (const key of this.#values.keys()) if (earliestExpiry(this.#text(key)) < time) yield key;
  }

  /** Calls `changed` for all records, and for those that are new, changed or gone later, until the result is called. */
  watch(changed: (key: string, isThere: boolean) => void): () => void {
    let isOver = false;
    const tell = (key: string) => {
      if (!isOver) changed(key, this.#text(key) !== null);
    };
    for (const key of this.#values.keys()) tell(key);
    this.#values.watch(tell);
    return () => {
      isOver = true;
    };
  }

  /** Notes how fast a contact answers, in µs, for as long as it is registered. */
  setLatency(record: RecordName, contact: Contact, latency: number): void {
    const { clock, store } = this.#host;
    const ttl = Math.max(1, contact.expires - clock.date());
    store.tell({ kind: 'set', collection, key: latencyKey(record, contact), value: latency, ttl });
  }

  /** In µs; null if it has not been measured. */
  latencyOf(record: RecordName, contact: Contact): Awaitable<number | null> {
    const key = latencyKey(record, contact);
    return andThen(this.#host.store.ask({ kind: 'get', collection, key }), (value) =>
      typeof value === 'number' ? value : null,
    );
  }

  /** Removes what has expired among the next `share` of all records, and tells it. */
  expire(share: number, expired: Expired): void {
    const now = this.#host.clock.date();
    for (let left = Math.ceil(this.#values.size * share); left > 0; left--) {
      this.#sweep ??= this.#values.keys()[Symbol.iterator]();
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = null;
        if (this.#values.size === 0) return;
        continue;
      }
      if (earliestExpiry(this.#text(next.value)) <= now) void this.#expire(next.value, now, expired);
    }
  }

  async #expire(key: string, now: number, expired: Expired): Promise<void> {
    const text = this.#text(key);
    if (text === null) return;
    const location = locationOf(text);
    const contacts = location.contacts.filter(({ expires }) => expires > now);
    const gone = location.contacts.filter(({ expires }) => expires <= now);
    const value = contacts.length === 0 ? null : textOf({ ...location, contacts });
    try {
      const result = await this.#values.replace(key, text, value).result;
      // refreshed meanwhile: what has expired is found again
      if (result === 'changed' || result === 'full') return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return;
    }
    for (const [i, contact] of gone.entries())
      expired(nameOf(key), contact, contacts.length === 0 && i === gone.length - 1);
  }
}

const latencyKey = (record: RecordName, { uri }: Contact) => `${keyOf(record)} ${uri}`;

export const locations = new StateKey<Host, Locations>('usrloc', (host) => new Locations(host));
