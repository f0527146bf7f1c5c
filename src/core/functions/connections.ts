/** Connections of stream transports. Source: the manual's Script-CoreFunctions. */

import { isIP } from 'node:net';
import { defineFunctions } from '../../runtime/index.ts';
import { bareHost, parseHostPort } from '../../sip/index.ts';

/** `[proto:]ip:port`; null for anything else. */
function peerOf(text: string): { protocol: string | null; address: string; port: number } | null {
  const [, protocol, rest = ''] = /^(?:([a-z]+):)?(.*)$/i.exec(text.trim()) ?? [];
  const parsed = parseHostPort(rest);
  const address = parsed === null ? '' : bareHost(parsed.host);
  if (parsed?.port == null || isIP(address) === 0) return null;
  return { protocol: protocol?.toLowerCase() ?? null, address, port: parsed.port };
}

export const connectionFunctions = defineFunctions([
  {
    name: 'tcp_close_conn',
    arguments: [
      {
        name: 'ipport',
        type: 'string',
        summary: 'The peer as `[proto:]ip:port`, for example `tcp:$si:$sp`.',
      },
    ],
    summary:
      'Closes the connection to this peer after sending all queued data; -1 without such a connection. Requests that wait for a reply on it fail as if the peer had closed it.',
    source: 'Script-CoreFunctions of 4.0, tcp_close_conn',
    run: (run, text) => {
      const peer = peerOf(text);
      if (peer === null) {
        run.complain(`tcp_close_conn(): invalid peer "${text}", use [proto:]ip:port`);
        return -1;
      }
      const { protocol, address, port } = peer;
      const sockets = run.routing.host.sockets.filter(
        ({ transport }) => protocol === null || transport.protocol === protocol,
      );
      return sockets.some(({ transport }) => transport.closeTo?.(address, port) === true) ? 1 : -1;
    },
  },
]);
