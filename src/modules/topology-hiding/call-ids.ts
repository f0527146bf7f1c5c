/** Call-IDs that the callee gets instead of those of the caller. */
import { hiddenCallIds, type RunRouting } from '../../runtime/index.ts';
import type { SipMessage } from '../../sip/index.ts';
import { type HidingSettings, hidingSettings } from './parameters.ts';

/** The Call-ID for the callee of a call from this tag. */
export const hiddenCallId = ({ callIds }: HidingSettings, callId: string, tag: string): string =>
  `${callIds.prefix}${callIds.sealer.seal(callId, tag).toString('base64url')}`;

/**
 * Lets the server know the hidden Call-IDs of a policy: the requests of a callee, whose To has the caller's tag, and
 * responses to those of the caller. A call that passes this server twice is not taken for a request of its callee.
 */
export function readHiddenCallIds({ host, states, listeners }: RunRouting): void {
  const { prefix, sealer } = states.get(hidingSettings).callIds;
  const decode = (message: SipMessage): string | null => {
    const { callId } = message;
    if (!callId.startsWith(prefix)) return null;
    const tag = message.kind === 'request' ? message.toTag : message.fromTag;
    return tag === null ? null : sealer.open(Buffer.from(callId.slice(prefix.length), 'base64url'), tag);
  };
  listeners.inForce.add(() => {
    host.states.get(hiddenCallIds).decode = decode;
  });
}
