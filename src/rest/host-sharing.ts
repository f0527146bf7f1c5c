/** What the processes of a server share of hosts: whoever has several processes brings it. */

import type { Awaitable } from '../timers/index.ts';

export interface HostSharing {
  /**
   * Takes a permit, of `most` at a time and `rate` in any second over all processes; null: no limit. False: none is left, and none
   * became free within `wait` milliseconds.
   */
  take(key: string, most: number | null, rate: number | null, wait: number): Awaitable<boolean>;
  /** Gives one back. */
  give(key: string): void;
  /**
   * Waits for a lock that one process has at a time, and no longer than `lease` milliseconds. False: another one had it all the
   * time.
   */
  lock(key: string, wait: number, lease: number): Awaitable<boolean>;
  unlock(key: string): void;
  /** Tells all processes of the state of a host. */
  announce(key: string, state: string): void;
  /** What was announced last; undefined: nothing. */
  stateOf(key: string): string | undefined;
  /** Calls `changed` for each state that is announced from now on, also by this process. */
  watch(changed: (key: string, state: string) => void): void;
}
