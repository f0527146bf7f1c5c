import type { Routing } from '../../runtime/index.ts';
import type { Transport } from '../../sip/index.ts';
import { hidingSettings } from './parameters.ts';

/** Whether a socket leads to a side that may see everything: th_internal_trusted_tag. */
export function isTrusted({ host, states }: Routing, socket: Transport | null): boolean {
  const { trustedTag } = states.get(hidingSettings);
  if (trustedTag === '' || socket === null) return false;
  const listener = socket.listener ?? socket;
  return host.sockets.some(({ transport, tag }) => transport === listener && tag === trustedTag);
}
