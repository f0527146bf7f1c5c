import { type Awaitable, isPending } from '../timers/index.ts';
import type { ProxyHooks } from './proxy-types.ts';

/** The result of a hook, or `fallback` if it fails: an error in a hook does not end the transaction. */
export function guarded<R>(
  hooks: Pick<ProxyHooks<never>, 'onError'>,
  ask: () => Awaitable<R>,
  fallback: R,
): Awaitable<R> {
  const failed = (error: unknown): R => {
    hooks.onError?.(error);
    return fallback;
  };
  try {
    const answer = ask();
    return isPending(answer) ? answer.catch(failed) : answer;
  } catch (error) {
    return failed(error);
  }
}
