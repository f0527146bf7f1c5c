/**
 * Profiles that several servers count together: each process tells the others, by the store, how many of its dialogs
 * belong to each, and adds what the processes of other servers tell. Those of a process that has died do not count.
 */
import type { Cluster, Host, ReplicatedValues } from '../runtime/index.ts';
import type { Membership } from './dialog.ts';
import type { ProfileCounts } from './profiles.ts';

const space = 'dialog profiles';

/** `MEMBER PROFILE VALUE`, as JSON, since values may have any characters. */
const keyOf = (member: string, { profile, value }: Membership): string =>
  JSON.stringify(value === null ? [member, profile] : [member, profile, value]);

interface Told extends Membership {
  readonly member: string;
}

function readKey(key: string): Told | null {
  let parts: unknown;
  try {
    parts = JSON.parse(key);
  } catch {
    return null;
  }
  if (!Array.isArray(parts)) return null;
  const [member, profile, value = null] = parts as readonly unknown[];
  const isValid =
    typeof member === 'string' &&
    typeof profile === 'string' &&
    (value === null || typeof value === 'string');
  return isValid ? { member, profile, value } : null;
}

export class ProfilesElsewhere {
  readonly #cluster: Cluster;
  readonly #values: ReplicatedValues;
  readonly #counts: ProfileCounts;
  /** Of this process. */
  readonly #own = new Map<string, number>();
  /** What is added to the counts, by key. */
  readonly #added = new Map<string, number>();

  constructor(host: Host, cluster: Cluster, counts: ProfileCounts) {
    this.#cluster = cluster;
    this.#values = host.store.values(space);
    this.#counts = counts;
    this.#values.watch((key) => this.#count(key));
    cluster.watch(() => this.#countAll());
    this.#countAll();
  }

  join(membership: Membership): void {
    this.#tell(keyOf(this.#cluster.member, membership), 1);
  }

  /** Nothing happens for a profile that was not shared when the dialog joined. */
  leave(membership: Membership): void {
    const key = keyOf(this.#cluster.member, membership);
    if (this.#own.has(key)) this.#tell(key, -1);
  }

  #tell(key: string, by: number): void {
    const count = (this.#own.get(key) ?? 0) + by;
    if (count > 0) {
      this.#own.set(key, count);
      this.#values.set(key, count);
    } else {
      this.#own.delete(key);
      this.#values.delete(key);
    }
  }

  #countAll(): void {
    for (const key of [...this.#values.keys()]) this.#count(key);
  }

  #count(key: string): void {
    const told = readKey(key);
    if (told === null) return;
    const value = this.#values.get(key);
    if (this.#cluster.isGone(told.member)) this.#values.delete(key);
    const count = typeof value === 'number' && this.#cluster.isElsewhere(told.member) ? value : 0;
    const before = this.#added.get(key) ?? 0;
    if (count === before) return;
    this.#counts.add(told, count - before);
    if (count === 0) this.#added.delete(key);
    else this.#added.set(key, count);
  }
}
