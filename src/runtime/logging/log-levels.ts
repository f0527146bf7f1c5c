/** Log levels that an administrator sets while the server runs, for all calls or for some. */
import type { SipMessage } from '../../sip/index.ts';

/** A level for the calls of one Call-ID, or from or to one user. */
export interface LogFilter {
  readonly callId: string | null;
  /** `alice`, or `alice@home.example`. */
  readonly user: string | null;
  readonly level: number;
}

/** What replaces the levels of the script. */
export interface LogOverrides {
  /** The level of the server's lines; null: the script's. */
  readonly level: number | null;
  /** The same of xlog(). */
  readonly xlogLevel: number | null;
  readonly filters: readonly LogFilter[];
}

export const noOverrides: LogOverrides = { level: null, xlogLevel: null, filters: [] };

/** The highest level that the filters give to a message; below all levels if none matches. */
export function filteredLevel(filters: readonly LogFilter[], message: SipMessage | null): number {
  let level = Number.NEGATIVE_INFINITY;
  if (message === null) return level;
  for (const filter of filters) if (filter.level > level && isAbout(filter, message)) ({ level } = filter);
  return level;
}

/** Whether a message belongs to the calls of a filter; one without conditions means all. */
export function isAbout({ callId, user }: Omit<LogFilter, 'level'>, message: SipMessage): boolean {
  if (callId !== null && message.callId !== callId) return false;
  return user === null || [message.from, message.to].some(({ uriParts }) => isUser(uriParts, user));
}

function isUser(uri: { readonly user: string | null; readonly host: string | null } | null, user: string) {
  if (uri === null) return false;
  return uri.user === user || `${uri.user}@${uri.host}` === user;
}
