/** Call-IDs that one side of a call knows under another name. */
import type { SipMessage } from '../sip/index.ts';
import type { Host } from './host.ts';
import { StateKey } from './state.ts';

/** Reads them; null for a Call-ID as its call has it. Null while no policy hides any. */
export const hiddenCallIds = new StateKey<Host, { decode: ((message: SipMessage) => string | null) | null }>(
  'hidden Call-IDs',
  () => ({ decode: null }),
);

/** The Call-ID of a message as the caller of its call has it. */
export function callIdOf({ states }: Host, message: SipMessage): string {
  return states.known(hiddenCallIds)?.decode?.(message) ?? message.callId;
}
