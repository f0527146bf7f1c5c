/** The most that a server's `Keep-Alive: timeout=` can ask for. */
export const LONGEST_IDLE = 600_000;
/** Given up so long before the time that the server named, so that its close does not meet a request. */
export const IDLE_MARGIN = 1_000;
/** Largest header of an answer, in bytes. */
export const MAX_HEADER = 65_536;
