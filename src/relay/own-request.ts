/** Client transactions of requests that siprest sends itself. */
import type { Routing } from '../runtime/index.ts';
import type { ClientTransactionOptions, SendingSocket } from '../sip/index.ts';

/** Sends a request of siprest's own by a socket, and counts it. `values`: by default those of the policy's timers. */
export function sendOwnRequest(
  { host, owner }: Pick<Routing, 'host' | 'owner'>,
  socket: SendingSocket,
  options: Omit<ClientTransactionOptions, 'transport' | 'sentBy'>,
): void {
  host.ownRequests.count++;
  host.proxy.clients
    .create({ values: owner.values, ...options, transport: socket.transport, sentBy: socket })
    .start();
}
