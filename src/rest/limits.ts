/** Upper limit for a server's `Keep-Alive: timeout=`. */
export const LONGEST_IDLE = 600_000;
/** How long before the server's time idling ends, so that its close does not meet a request. */
export const IDLE_MARGIN = 1_000;
/** Maximum size of an answer's header, in bytes. */
export const MAX_HEADER = 65_536;
