/** The access token of a host, over all processes. */
import type { HostContext } from './context.ts';
import type { SectionValues } from './host-options.ts';
import type { SharedToken } from './token-source.ts';

/** A process that asks for a token may end without saying so: after its time limit and this time others may ask, in ms. */
const GRACE = 1_000;

/** Null: there is one process, or no token. */
export function sharedToken(settings: SectionValues<'auth'>, context: HostContext): SharedToken | null {
  const { sharing } = context.environment;
  if (sharing === null || settings.scheme !== 'oauth2') return null;
  const key = context.sharedKey('auth', { settings, trust: context.environment.trust });
  const { tokenTimeout } = settings;
  return {
    read: () => sharing.stateOf(key),
    write: (text) => sharing.announce(key, text),
    lock: () => sharing.lock(key, tokenTimeout, tokenTimeout + GRACE),
    unlock: () => sharing.unlock(key),
  };
}
