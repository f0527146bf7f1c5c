import { afterEach } from 'vitest';
import {
  type Outcome,
  type ResponseOutcome,
  RestClient,
  type RestClientOptions,
  RestShared,
  type TimeoutOutcome,
} from '../../src/rest/index.ts';
import { LONGEST_WAIT } from '../support/until.ts';
import { type Behaviour, type RawServer, startRawServer } from './raw-server.ts';

/** Clients and servers that a test starts, closed after it. */
const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

export function closeLater<T extends { close(): Promise<unknown> }>(one: T): T {
  open.push(one);
  return one;
}

/** A client that shares nothing with other tests. Its timeouts are for those that set them. */
export function newClient(options: RestClientOptions = {}): RestClient {
  return closeLater(new RestClient({ timeout: LONGEST_WAIT, shared: new RestShared(), ...options }));
}

export async function newServer(
  behave: Behaviour,
  options: Parameters<typeof startRawServer>[1] = {},
): Promise<RawServer> {
  return closeLater(await startRawServer(behave, options));
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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
