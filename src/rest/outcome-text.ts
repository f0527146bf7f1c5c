/** An outcome as lines for people, and as fields of a log line. */
import { hostAndPort } from '../net/index.ts';
import type { Outcome } from './outcome.ts';

/** `200, 12 bytes in 8 ms`, `-3, no answer within 2 s, after 2001 ms` */
export function outcomeText(outcome: Outcome): string {
  const time = `${Math.round(outcome.times.total)} ms`;
  return outcome.kind === 'response'
    ? `${outcome.status}, ${outcome.body.length} bytes in ${time}`
    : `${outcome.rc}, ${outcome.reason}, after ${time}`;
}

/** The status of an answer, or the kind of a failure. */
export const outcomeLabel = (outcome: Outcome): string =>
  outcome.kind === 'response' ? String(outcome.status) : outcome.kind;

/** The members of a JSON line about an outcome. */
export const outcomeFields = ({ rc, retcode, times, connection }: Outcome) => ({
  rc,
  status: retcode,
  ms: Math.round(times.total),
  ...(connection === null ? {} : { peer: hostAndPort(connection.remoteAddress, connection.remotePort) }),
});
