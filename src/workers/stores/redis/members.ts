/** The processes of all servers that share a store, by their signs of life. */
import type { Cluster } from '../../../runtime/index.ts';
import { randomToken } from '../../../sip/index.ts';
import type { Clock } from '../../../timers/index.ts';

/** After which nothing of a process is kept, in ms. */
const goneAfter = 60_000;

export class Members implements Cluster {
  readonly member: string;
  readonly #clock: Clock;
  readonly #server: string;
  readonly #watchers: (() => void)[] = [];
  #alive: ReadonlySet<string> = new Set();
  /** When a process was found missing. */
  readonly #missingSince = new Map<string, number>();
  #isKnown = false;

  /** @param server its name, the same for all its processes */
  constructor(clock: Clock, server: string) {
    this.#clock = clock;
    this.#server = `${server}/`;
    this.member = `${this.#server}${process.pid}-${randomToken()}`;
  }

  get count(): number {
    return this.#alive.size;
  }

  isElsewhere(member: string): boolean {
    return this.#alive.has(member) && !member.startsWith(this.#server);
  }

  isGone(member: string): boolean {
    if (!this.#isKnown || member === this.member || this.#alive.has(member)) return false;
    const now = this.#clock.now();
    const since = this.#missingSince.get(member) ?? now;
    this.#missingSince.set(member, since);
    return now - since >= goneAfter;
  }

  watch(changed: () => void): void {
    this.#watchers.push(changed);
  }

  /** All that are alive now. */
  alive(members: readonly string[]): void {
    const before = this.#alive;
    this.#alive = new Set(members);
    this.#isKnown = true;
    const now = this.#clock.now();
    for (const [member, since] of this.#missingSince)
      if (this.#alive.has(member) || now - since > 2 * goneAfter) this.#missingSince.delete(member);
    const isSame = before.size === this.#alive.size && members.every((one) => before.has(one));
    if (!isSame || this.#missingSince.size > 0) for (const changed of this.#watchers) changed();
  }
}
