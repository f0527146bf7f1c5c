/**
 * The contacts of an address of record. As a text it is the time when its first contact expires, and JSON, so that most
 * texts need not be parsed.
 */

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
  /** `reg-id`: which of several flows of its device it is (RFC 5626); null without flows. */
  readonly regId: number | null;
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

/** What a record is found by. */
export interface RecordName {
  readonly table: string;
  readonly aor: string;
}

/** The key of a record in the store. */
export const keyOf = ({ table, aor }: RecordName): string => `${table} ${aor}`;

export function nameOf(key: string): RecordName {
  const space = key.indexOf(' ');
  return { table: key.slice(0, space), aor: key.slice(space + 1) };
}

export const nowhere: Location = { contacts: [], keys: {} };

const rank = ({ q }: Contact) => q ?? -1;

/** The highest q first; contacts of the same q stay in their order. */
export const byQ = (contacts: readonly Contact[]): readonly Contact[] =>
  contacts.length < 2 ? contacts : contacts.toSorted((a, b) => rank(b) - rank(a));

/** When the first contact of a text expires, in milliseconds since 1970; Infinity without a text. */
export const earliestExpiry = (text: string | null): number =>
  text === null ? Number.POSITIVE_INFINITY : Number.parseInt(text, 10);

export const textOf = (location: Location): string =>
  `${Math.min(...location.contacts.map(({ expires }) => Math.floor(expires)))} ${JSON.stringify(location)}`;

export const locationOf = (text: string): Location => JSON.parse(text.slice(text.indexOf(' '))) as Location;
