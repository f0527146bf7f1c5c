/** What a trace is. */
import type { Collector, WireEnd } from '../../runtime/index.ts';

/** A name, and where its messages go. */
export interface Trace {
  isOn: boolean;
  readonly collectors: readonly Collector[];
}

export interface Traces {
  isOn: boolean;
  /** The source of sent messages; null: the socket. */
  readonly localEnd: WireEnd | null;
  readonly byName: ReadonlyMap<string, Trace>;
}

export type Scope = 'message' | 'transaction';

/** Whose messages of a transaction are taken: with the caller, the callee, or both. */
export type Sides = 'caller' | 'callee' | 'both';
