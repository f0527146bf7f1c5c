/** What the parts of a store in Redis have in common: the connection, the names of keys, and the form of values. */
import type { Redis } from '../../../redis/index.ts';
import { StoreError } from '../../../runtime/index.ts';
import type { Value } from '../../../script/index.ts';
import type { Clock } from '../../../timers/index.ts';

export interface Place {
  readonly redis: Redis;
  readonly clock: Clock;
  /** The name of this process among all. */
  readonly member: string;
  /** The key of something; names with free text come last. */
  key(...names: readonly string[]): string;
}

/** `s` and a text, or `n` and a number; '' is none. */
export const encoded = (value: Value | undefined): string =>
  value == null ? '' : typeof value === 'number' ? `n${value}` : `s${value}`;

/** Undefined for none, and for what is not a value of siprest. */
export function decoded(text: unknown): string | number | undefined {
  if (typeof text !== 'string') return undefined;
  if (text.startsWith('s')) return text.slice(1);
  return /^n-?\d{1,10}$/.test(text) ? Number(text.slice(1)) : undefined;
}

/** Redis has no room for writing. */
export const isFull = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'refused' && error.message.startsWith('OOM');

/** A name within a key: without colons, and without the characters of patterns. */
export const segment = (name: string): string => encodeURIComponent(name).replace(/\*/g, '%2A');
