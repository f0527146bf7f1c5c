/**
 * Where users are: contacts by address of record. Each record is one replicated value of the store, as text, so that all
 * processes read it at once and a change is one operation. A removed record leaves an empty value.
 */
import { type Host, type ReplicatedValues, StateKey } from '../../runtime/index.ts';

/** A registered contact (RFC 3261, 10). */
export interface Contact {
  readonly uri: string;
  /** The address from which it registered, as a URI; null if the contact itself is reachable. */
  readonly received: string | null;
  /** The Path of the registration, without its header's name (RFC 3327). */
  readonly path: string | null;
  /** From 0 to 1; null if the contact has none. */
  readonly q: number | null;
  /** Milliseconds since 1970. */
  readonly expires: number;
  readonly callId: string;
  readonly cseq: number;
  readonly userAgent: string;
  /** The socket that received the registration, `udp:192.0.2.1:5060`; null if unknown. */
  readonly socket: string | null;
  /** The methods of its Allow; null: all. */
  readonly methods: readonly string[] | null;
  /** `+sip.instance`, with its brackets. */
  readonly instance: string | null;
  /** Text that the script has stored with it. */
  readonly attribute: string | null;
  /** Branch flags. */
  readonly flags: readonly string[];
  /** When it was registered last, in milliseconds since 1970. */
  readonly modified: number;
}

export interface Location {
  readonly contacts: readonly Contact[];
  /** Values that scripts store with ul_add_key(). */
  readonly keys: Readonly<Record<string, string>>;
}

export const nowhere: Location = { contacts: [], keys: {} };

export class Locations {
  readonly #host: Host;
  readonly #values: ReplicatedValues;

  constructor(host: Host) {
    this.#host = host;
    this.#values = host.store.values('usrloc');
  }

  /** The record, with its contacts that have not expired, the best first; null for an unknown address. */
  find(table: string, aor: string): Location | null {
    const stored = this.#stored(`${table} ${aor}`);
    if (stored === null) return null;
    const now = this.#host.clock.date();
    const contacts = stored.contacts.filter(({ expires }) => expires > now);
    return contacts.length === 0 ? null : { ...stored, contacts: byQ(contacts) };
  }

  /** The record with expired contacts. */
  #stored(key: string): Location | null {
    const text = this.#values.get(key);
    return typeof text === 'string' && text !== '' ? (JSON.parse(text) as Location) : null;
  }

  /** Replaces a record; one without contacts is removed. False if the store is full. */
  put(table: string, aor: string, location: Location): boolean {
    const text = location.contacts.length === 0 ? '' : JSON.stringify(location);
    return this.#values.set(`${table} ${aor}`, text);
  }

  /** All addresses of a table that have contacts. */
  *addresses(table: string): Iterable<string> {
    for (const key of this.#values.keys())
      if (key.startsWith(`${table} `) && this.#values.get(key) !== '') yield key.slice(table.length + 1);
  }

  /** Removes what has expired, and tells it. */
  expire(expired: (aor: string, contact: Contact, isLast: boolean) => void): void {
    const now = this.#host.clock.date();
    for (const key of this.#values.keys()) {
      const stored = this.#stored(key);
      if (stored === null) continue;
      const gone = stored.contacts.filter(({ expires }) => expires <= now);
      if (gone.length === 0) continue;
      const contacts = stored.contacts.filter(({ expires }) => expires > now);
      const space = key.indexOf(' ');
      this.put(key.slice(0, space), key.slice(space + 1), { ...stored, contacts });
      for (const [i, contact] of gone.entries())
        expired(key.slice(space + 1), contact, contacts.length === 0 && i === gone.length - 1);
    }
  }
}

const rank = ({ q }: Contact) => q ?? -1;

/** The highest q first; contacts of the same q stay in their order. */
export const byQ = (contacts: readonly Contact[]): readonly Contact[] =>
  contacts.toSorted((a, b) => rank(b) - rank(a));

export const locations = new StateKey<Host, Locations>('usrloc', (host) => new Locations(host));
