/** Variables about the message's last transfer, by whichever function of rest_client or rest_policy it was made. */
import { indexed } from '../../core/index.ts';
import type { PhaseTimes } from '../../rest/index.ts';
import { defineVariables, type Run } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { fieldValues, type LastOutcome, lastOutcome } from './last-outcome.ts';

/** The phases as a script names them. */
const phases: Readonly<Record<string, keyof PhaseTimes>> = {
  lookup: 'lookup',
  connect: 'connect',
  tls: 'tls',
  first_byte: 'firstByte',
  total: 'total',
};

const about = (read: (outcome: LastOutcome) => Value) => ({
  get: (run: Run): Value => {
    const outcome = lastOutcome(run);
    return outcome === null ? null : read(outcome);
  },
});

export const variables = defineVariables([
  {
    name: 'rest_hdr',
    subname: 'required',
    indexed: true,
    summary:
      'A header of the last answer: `$(rest_hdr(Set-Cookie)[1])` is the second, `[-1]` the last, `[*]` all. Null without one.',
    resolve: (use) => {
      const { subname } = use;
      return indexed(use, (run) => fieldValues(run, typeof subname === 'string' ? subname : subname(run)));
    },
  },
  {
    name: 'rest_kind',
    summary:
      'What became of the last transfer: `response`, `refused`, `connect-timeout`, `timeout`, `locked`, `blocked` or `error`. Null before the first.',
    resolve: () => about(({ kind }) => kind),
  },
  {
    name: 'rest_attempts',
    summary:
      'How many attempts the last transfer took: more than 1 after retries, redirects, or requests to several replicas; 0 if a cache answered, or a policy refused it. Null before the first.',
    resolve: () => about(({ attempts }) => attempts),
  },
  {
    name: 'rest_from_cache',
    summary: '1 if a cache gave the last answer, otherwise 0. Null before the first transfer.',
    resolve: () => about(({ fromCache }) => (fromCache ? 1 : 0)),
  },
  {
    name: 'rest_reason',
    summary: 'Why the last transfer failed, for logs. Null if an answer has arrived.',
    resolve: () => about(({ reason }) => reason),
  },
  {
    name: 'rest_time',
    subname: Object.keys(phases),
    summary:
      'Milliseconds from the call to the end of a phase of the last transfer; 0 for a phase that did not take place. Without a name: the total. After several attempts the phases are those of the last one, and the time before it counts as well.',
    resolve: ({ subname }) => {
      const read = (run: Run, name: string): Value => {
        const outcome = lastOutcome(run);
        const phase = phases[name];
        return outcome === null || phase === undefined ? null : Math.round(outcome.times[phase]);
      };
      if (typeof subname === 'function') return { get: (run) => read(run, subname(run)) };
      const name = subname ?? 'total';
      return { get: (run) => read(run, name) };
    },
  },
  {
    name: 'rest_url',
    summary: 'The URL of the last transfer, without user and password.',
    resolve: () => about(({ url }) => url),
  },
]);
