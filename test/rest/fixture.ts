import {
  type Outcome,
  type ResponseOutcome,
  RestClient,
  type RestClientOptions,
  RestShared,
  type RestSharedOptions,
  type TimeoutOutcome,
} from '../../src/rest/index.ts';
import { closeLater } from '../support/close-later.ts';
import { steadyClock } from '../support/steady-clock.ts';
import { LONGEST_WAIT } from '../support/until.ts';
import { type Behaviour, type RawServer, startRawServer } from './raw-server.ts';

export { closeLater };

/** What clients share whose timers run by the steady clock. */
export const newShared = (options: RestSharedOptions = {}): RestShared =>
  new RestShared({ clock: steadyClock, ...options });

/**
 * A client that shares nothing with other tests, and whose timers run by the steady clock: delays of a test and its
 * servers must do so too.
 */
export function newClient(options: RestClientOptions = {}): RestClient {
  return closeLater(new RestClient({ timeout: LONGEST_WAIT, shared: newShared(), ...options }));
}

export async function newServer(
  behave: Behaviour,
  options: Parameters<typeof startRawServer>[1] = {},
): Promise<RawServer> {
  return closeLater(await startRawServer(behave, options));
}

/** The answer, or the part that arrived; throws for an outcome without one. */
export function answerOf(outcome: Outcome): ResponseOutcome | TimeoutOutcome {
  if (outcome.kind === 'response' || outcome.kind === 'timeout') return outcome;
  throw new Error(`no answer, but ${outcome.kind}: ${outcome.reason}`);
}

/** The body; empty without an answer. */
export const bodyOf = (outcome: Outcome): Buffer => ('body' in outcome ? outcome.body : Buffer.alloc(0));

export const textOf = (outcome: Outcome): string => bodyOf(outcome).toString();

/** Why there is no answer; empty with one. */
export const reasonOf = (outcome: Outcome): string => ('reason' in outcome ? outcome.reason : '');
