import type { Proxy, UnusableProxy } from '../net/index.ts';
import type { Authority } from './url.ts';

/** What requests to one origin have in common on the wire. */
export interface HttpTarget {
  readonly authority: Authority;
  /** As node:http2 wants it. */
  readonly url: string;
  /**
   * The prefix of the path in a request line: a proxy gets the whole URL (RFC 9112, 3.2.2), unless TLS is tunnelled
   * through it.
   */
  readonly beforePath: string;
  /** Header lines for the proxy. */
  readonly proxyLines: string;
  /** The Host line, and what a proxy is told. */
  readonly hostLines: string;
}

export function httpTarget(authority: Authority, proxy: Proxy | UnusableProxy | null): HttpTarget {
  const { scheme, host } = authority;
  const told = scheme === 'http' && proxy !== null && !('error' in proxy) ? proxy : null;
  const proxyLines = told === null ? '' : `${authorizationLine(told)}Proxy-Connection: Keep-Alive\r\n`;
  return {
    authority,
    url: `${scheme}://${host}/`,
    beforePath: told === null ? ' ' : ` http://${host}`,
    proxyLines,
    hostLines: `Host: ${host}\r\n${proxyLines}`,
  };
}

const authorizationLine = ({ authorization }: Proxy): string =>
  authorization === '' ? '' : `Proxy-Authorization: ${authorization}\r\n`;
