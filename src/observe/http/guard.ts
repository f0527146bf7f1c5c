/**
 * Keeps web pages of other sites out: a browser on this machine reaches loopback addresses, so a page could send
 * requests (with a foreign Origin), or read answers under a name of its own that leads here (DNS rebinding).
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type HttpAnswer, plain } from './endpoint.ts';

/** The refusal of a request, or null. */
export function guardRequest({ headers, socket }: IncomingMessage): HttpAnswer | null {
  const { host = '', origin } = headers;
  const name = host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '');
  const isLocal = /^(?:::1$|(?:::ffff:)?127\.)/.test(socket.localAddress ?? '');
  if (isLocal && host !== '' && isIP(name) === 0 && !/^(?:.+\.)?localhost$/i.test(name))
    return plain(421, `the Host "${name}" is not this server's; use its IP address or localhost`);
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    return plain(403, 'requests of other web sites are refused');
  return null;
}
