import { type Awaitable, andThen } from '../timers/index.ts';
import { editedMessage } from './forward.ts';
import { guarded } from './guarded-hook.ts';
import { SipRequest } from './message.ts';
import { parseMessage } from './parse-message.ts';
import type { Branch, ProxyHooks } from './proxy-types.ts';

/** The CANCEL of a branch as its hook, if any, edits it. */
export function editedCancel<T>(hooks: ProxyHooks<T>, branch: Branch<T>, data: Buffer): Awaitable<Buffer> {
  const cancel = hooks.onCancel === undefined ? null : parseMessage(data);
  if (!(cancel instanceof SipRequest)) return data;
  const changes = guarded(hooks, () => hooks.onCancel?.(branch, cancel) ?? null, null);
  return andThen(changes, (edits) => (edits === null ? data : editedMessage(cancel, edits)));
}
