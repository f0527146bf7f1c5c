/** The timer values of RFC 3261, 16.6, 17 and table 4. They run in the process's {@link TimerWheel}. */

/** In milliseconds. Everything else follows from these three. */
export interface TimerValues {
  /** The round-trip time estimate. */
  readonly t1: number;
  /** The longest interval between retransmissions. */
  readonly t2: number;
  /** How long a message stays in the network. */
  readonly t4: number;
}

export const RFC_TIMERS: TimerValues = { t1: 500, t2: 4000, t4: 5000 };

/** How long a proxy waits for any response (timers B and F), and for a final one to an INVITE (timer C), in ms. */
export const DEFAULT_PROXY_TIMEOUTS = { frTimeout: 30_000, frInvTimeout: 120_000 } as const;

/** How long a target may be silent if its destination has others, in ms, unless something else is said. */
export const failoverTimeoutOf = ({ t1 }: TimerValues): number => 8 * t1;
