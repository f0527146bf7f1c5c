/**
 * Which HTTP a client speaks: `auto` is HTTP/2 if TLS offers it, else 1.1; `1.0`; `1.1`; `2` is HTTP/2 in clear text
 * too, if the server supports it; `2-tls` is HTTP/2 over TLS only; `2-prior-knowledge` is HTTP/2 in clear text
 * without negotiation.
 */
export type HttpVersion = 'auto' | '1.0' | '1.1' | '2' | '2-tls' | '2-prior-knowledge';

/** The meaning of an HTTP version option on the wire. */
export interface HttpVersionRow {
  readonly name: HttpVersion;
  /** Protocols offered by ALPN, preferred ones first; null: no ALPN. */
  readonly alpn: string[] | null;
  /** For clear text: HTTP/1, HTTP/2 by prior knowledge, or whichever a probe finds. */
  readonly clearText: 'h1' | 'h2' | 'probe';
  /** The version of HTTP/1, if it is used. */
  readonly http1: 'http/1.0' | 'http/1.1';
}

const DEFAULT: HttpVersionRow = {
  name: 'auto',
  alpn: ['h2', 'http/1.1'],
  clearText: 'h1',
  http1: 'http/1.1',
};

/** In the order of libcurl's numbers from 0, which the script parameter `curl_http_version` uses. */
export const HTTP_VERSIONS: readonly HttpVersionRow[] = [
  DEFAULT,
  { name: '1.0', alpn: null, clearText: 'h1', http1: 'http/1.0' },
  { name: '1.1', alpn: ['http/1.1'], clearText: 'h1', http1: 'http/1.1' },
  // node:http2 lacks Upgrade: h2c, so clear text is probed by prior knowledge
  { name: '2', alpn: ['h2', 'http/1.1'], clearText: 'probe', http1: 'http/1.1' },
  { name: '2-tls', alpn: ['h2', 'http/1.1'], clearText: 'h1', http1: 'http/1.1' },
  { name: '2-prior-knowledge', alpn: ['h2', 'http/1.1'], clearText: 'h2', http1: 'http/1.1' },
];

/** The row of a version. */
export function httpVersionRow(version: HttpVersion): HttpVersionRow {
  return HTTP_VERSIONS.find(({ name }) => name === version) ?? DEFAULT;
}
