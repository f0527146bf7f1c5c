/** How many dialogs belong to each profile, and to each of its values. */
import { Listeners } from '../runtime/index.ts';
import type { Membership } from './dialog.ts';

interface Count {
  total: number;
  readonly byValue: Map<string, number>;
}

export class ProfileCounts {
  /** A dialog of any process has joined a profile, or left it. */
  readonly changed = new Listeners<[membership: Membership]>();
  readonly #profiles = new Map<string, Count>();

  /** `value` null or undefined: of the whole profile. */
  size(profile: string, value?: string | null): number {
    const count = this.#profiles.get(profile);
    return (value == null ? count?.total : count?.byValue.get(value)) ?? 0;
  }

  /** Its values, each with its number. */
  values(profile: string): Iterable<readonly [value: string, count: number]> {
    return this.#profiles.get(profile)?.byValue ?? [];
  }

  /** `by`: so many dialogs, or fewer if negative. */
  add(membership: Membership, by = 1): void {
    this.#add(membership, by);
    this.changed.emit(membership);
  }

  remove(membership: Membership): void {
    if (this.#profiles.has(membership.profile)) this.#add(membership, -1);
    this.changed.emit(membership);
  }

  #add({ profile, value }: Membership, by: number): void {
    let count = this.#profiles.get(profile);
    if (count === undefined) {
      count = { total: 0, byValue: new Map() };
      this.#profiles.set(profile, count);
    }
    count.total += by;
    if (count.total <= 0) {
      this.#profiles.delete(profile);
      return;
    }
    if (value === null) return;
    const left = (count.byValue.get(value) ?? 0) + by;
    if (left > 0) count.byValue.set(value, left);
    else count.byValue.delete(value);
  }
}
