/** How scripts and commands name what a trace covers. */
import type { Scope } from './trace.ts';

/** Neither dialogs nor B2B sessions are followed: their transactions are traced one by one. */
const scopes: Readonly<Record<string, Scope>> = {
  m: 'message',
  t: 'transaction',
  d: 'transaction',
  b: 'transaction',
};

const types: ReadonlySet<string> = new Set(['sip', 'xlog', 'rest']);

/** Default the transaction; null if unknown. */
export const readScope = (text = 't'): Scope | null => scopes[text.toLowerCase()] ?? null;

/** Names joined by `|`, default `sip`; null if one is unknown. */
export function readTypes(text = 'sip'): ReadonlySet<string> | null {
  const names = text.split('|').map((name) => name.trim().toLowerCase());
  return names.every((name) => types.has(name)) ? new Set(names) : null;
}
