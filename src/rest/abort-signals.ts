import { firstLine } from './errors.ts';

/** Ended by a signal. */
export interface Abortable {
  abort(reason: string): void;
}

/**
 * One listener for each signal, however many requests it ends: removing one listener per request would search through
 * all of them each time, and Node would warn of a leak.
 */
const watched = new WeakMap<AbortSignal, Set<Abortable>>();

/** Aborts `one` when the signal fires, until {@link unwatchSignal}. */
export function watchSignal(signal: AbortSignal, one: Abortable): void {
  let waiting = watched.get(signal);
  if (waiting === undefined) watched.set(signal, (waiting = new Set()));
  if (waiting.size === 0) signal.addEventListener('abort', onAbort, { once: true });
  waiting.add(one);
}

export function unwatchSignal(signal: AbortSignal, one: Abortable): void {
  const waiting = watched.get(signal);
  if (waiting === undefined || !waiting.delete(one) || waiting.size > 0) return;
  watched.delete(signal);
  signal.removeEventListener('abort', onAbort);
}

function onAbort(this: AbortSignal): void {
  const waiting = watched.get(this);
  watched.delete(this);
  const reason = abortReason(this);
  for (const one of waiting ?? []) one.abort(reason);
}

/** `aborted`, followed by the reason passed to `abort()`, if any. */
export function abortReason({ reason }: AbortSignal): string {
  if (typeof reason === 'string') return `aborted: ${firstLine(reason)}`;
  // without a reason it is an AbortError, which adds nothing
  if (!(reason instanceof Error) || reason.name === 'AbortError') return 'aborted';
  return `aborted: ${firstLine(reason.message)}`;
}
