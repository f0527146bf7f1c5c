import { hostAndPort, type Proxy, type UnusableProxy } from '../net/index.ts';
import type { ConnectTo } from './request.ts';
import type { Authority } from './url.ts';

/** The parts that requests to one origin share on the wire. */
export interface HttpTarget {
  readonly authority: Authority;
  /** The authority for node:http2. */
  readonly url: string;
  /**
   * Prefix of the path in a request line: a proxy needs the whole URL (RFC 9112, 3.2.2), unless it only tunnels TLS.
   */
  readonly beforePath: string;
  /** Header lines for the proxy. */
  readonly proxyLines: string;
  /** The Host line, and the lines for a proxy. */
  readonly hostLines: string;
}

/** @param connectTo where the proxy connects to instead of the authority's host */
export function httpTarget(
  authority: Authority,
  proxy: Proxy | UnusableProxy | null,
  connectTo: ConnectTo | null = null,
): HttpTarget {
  const { scheme, host } = authority;
  const told = scheme === 'http' && proxy !== null && !('error' in proxy) ? proxy : null;
  const proxyLines = told === null ? '' : `${authorizationLine(told)}Proxy-Connection: Keep-Alive\r\n`;
  return {
    authority,
    url: `${scheme}://${host}/`,
    beforePath:
      told === null
        ? ' '
        : ` http://${connectTo === null ? host : hostAndPort(connectTo.hostname, connectTo.port)}`,
    proxyLines,
    hostLines: `Host: ${host}\r\n${proxyLines}`,
  };
}

const authorizationLine = ({ authorization }: Proxy): string =>
  authorization === '' ? '' : `Proxy-Authorization: ${authorization}\r\n`;
