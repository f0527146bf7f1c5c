/** What a value of `curl_http_version` means on the wire. */
export interface HttpVersionRow {
  /** What ALPN offers, most wanted first; null: no ALPN. */
  readonly alpn: string[] | null;
  /** In clear text: HTTP/1, HTTP/2 by prior knowledge, or found out by trying. */
  readonly clearText: 'h1' | 'h2' | 'probe';
  /** Which HTTP/1 where it is HTTP/1. */
  readonly http1: 'http/1.0' | 'http/1.1';
}

const DEFAULT: HttpVersionRow = { alpn: ['h2', 'http/1.1'], clearText: 'h1', http1: 'http/1.1' };

/** By value of the parameter. */
const HTTP_VERSIONS: readonly HttpVersionRow[] = [
  DEFAULT,
  { alpn: null, clearText: 'h1', http1: 'http/1.0' },
  { alpn: ['http/1.1'], clearText: 'h1', http1: 'http/1.1' },
  // node:http2 has no Upgrade: h2c, so that clear text is tried by prior knowledge.
  { alpn: ['h2', 'http/1.1'], clearText: 'probe', http1: 'http/1.1' },
  { alpn: ['h2', 'http/1.1'], clearText: 'h1', http1: 'http/1.1' },
  { alpn: ['h2', 'http/1.1'], clearText: 'h2', http1: 'http/1.1' },
];

export function httpVersion(value: number): HttpVersionRow {
  return HTTP_VERSIONS[value] ?? DEFAULT;
}
