import { isIPv6, SocketAddress } from 'node:net';
import { domainToASCII } from 'node:url';
import { percentDecode } from './percent-encoding.ts';

/** The supported schemes. */
export type Scheme = 'http' | 'https';

/** The part of a URL that names a server. */
export interface Authority {
  /** `http` or `https`. */
  readonly scheme: Scheme;
  /** Host name in lower case and Punycode, or an IP address without brackets. */
  readonly hostname: string;
  /** The port in the URL, or the scheme's default. */
  readonly port: number;
  /** The value of Host: the name as written, with the port unless it is the scheme's default. */
  readonly host: string;
  /** `Basic …` from user and password in the URL, or empty. Secret. */
  readonly authorization: string;
}

export interface ParsedUrl {
  readonly authority: Authority;
  /** Path and query, as in the request line. */
  readonly path: string;
}

/** Why a URL is unusable; the text never quotes the user part. */
export interface UrlError {
  readonly error: string;
}

/** Maximum length of a URL, in bytes. */
export const MAX_URL = 1_048_576;

const PORTS: Record<Scheme, number> = { http: 80, https: 443 };

// spaces and control characters could end the request line (RFC 9112, 3.2)
export const UNSAFE_IN_URL: RegExp = /[\x00-\x20\x7f\u0100-\uffff]/;
/** A character that is not ASCII, or not allowed in a URL. */
export const ODD_IN_URL: RegExp = /[^\x21-\x7e]/;
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):(\/+)/;
/** libcurl accepts one slash, or three, instead of two. */
const MAX_SLASHES = 3;
// characters that libcurl refuses in a host name
const BAD_HOST = /[ \r\n\t/:#?!@{}[\]\\$'"^`*<>=;,+&()|%]/;

/**
 * Parses a URL by libcurl's rules: http without a scheme, odd but legal characters unchanged, the fragment dropped, dot
 * segments removed from the path but not from the query. The URL is a byte string, each character one byte.
 */
export function parseUrl(url: string): ParsedUrl | UrlError {
  if (url === '') return { error: 'the URL is empty' };
  if (url.length > MAX_URL) return { error: `the URL is longer than ${MAX_URL} bytes` };
  const unsafe = UNSAFE_IN_URL.exec(url);
  if (unsafe !== null) return { error: unsafeReason(unsafe[0], unsafe.index) };

  let rest = 0;
  let scheme: Scheme = 'http';
  const match = SCHEME.exec(url);
  if (match !== null) {
    const name = (match[1] ?? '').toLowerCase();
    if (name !== 'http' && name !== 'https') return { error: `the scheme ${name} is not supported` };
    if ((match[2] ?? '').length > MAX_SLASHES) return { error: 'the URL has slashes instead of a host name' };
    scheme = name;
    rest = match[0].length;
  }
  const end = authorityEnd(url, rest);
  const authority = parseAuthority(scheme, url.slice(rest, end));
  if ('error' in authority) return authority;
  return { authority, path: parsePath(url, end) };
}

/** Names only the character, since its context may be a password. */
function unsafeReason(character: string, offset: number): string {
  if (character === ' ') return `the URL has a space at offset ${offset}; percent-encode it`;
  const code = character.charCodeAt(0);
  const hex = code.toString(16).toUpperCase().padStart(4, '0');
  return code > 255
    ? `the URL has the character U+${hex} at offset ${offset}, which is above 255 and not a byte`
    : `the URL has the control character U+${hex} at offset ${offset}`;
}

/** The end of the authority that starts at `from`. */
export function authorityEnd(url: string, from: number): number {
  for (let i = from; i < url.length; i++) {
    const code = url.charCodeAt(i);
    if (code === 47 || code === 63 || code === 35) return i; // / ? #
  }
  return url.length;
}

/** Path and query from an offset on, without the fragment. */
export function parsePath(url: string, from: number): string {
  const hash = url.indexOf('#', from);
  const target = hash < 0 ? url.slice(from) : url.slice(from, hash);
  if (target === '') return '/';
  if (target.charCodeAt(0) === 63) return `/${target}`;
  if (!NEEDS_WORK.test(target)) return target;
  const query = target.indexOf('?');
  const path = removeDotSegments(query < 0 ? target : target.slice(0, query)).replace(
    NOT_ASCII,
    percentEncoded,
  );
  return query < 0 ? path : path + target.slice(query);
}

/** A dot segment, or a byte above 127. */
const NEEDS_WORK = /\/\.|[\x80-\xff]/;
/** Bytes that libcurl encodes in a path, but not in a query. */
const NOT_ASCII = /[\x80-\xff]/g;

const percentEncoded = (byte: string): string => `%${byte.charCodeAt(0).toString(16)}`;

/** RFC 3986, section 5.2.4, for a path that starts with a slash. Keeps empty segments (`//`). */
export function removeDotSegments(path: string): string {
  const out: string[] = [];
  const segments = path.split('/');
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] ?? '';
    const last = i === segments.length - 1;
    if (segment === '.') {
      if (last) out.push('');
    } else if (segment === '..') {
      out.pop();
      if (last) out.push('');
    } else {
      out.push(segment);
    }
  }
  return `/${out.join('/')}`;
}

function parseAuthority(scheme: Scheme, text: string): Authority | UrlError {
  const at = text.indexOf('@');
  const authorization = at < 0 ? '' : basicAuthorization(text.slice(0, at));
  if (authorization === null) return { error: 'the user or password in the URL has a control character' };
  const hostPort = text.slice(at + 1);
  let hostname: string;
  let shown: string;
  let portText = '';
  if (hostPort.startsWith('[')) {
    const close = hostPort.indexOf(']');
    // a zone may follow the address: %25eth0 (RFC 6874) or, as libcurl accepts too, %eth0
    hostname = hostPort.slice(1, close).toLowerCase().replace(/%25/, '%');
    if (close < 0 || !isIPv6(hostname)) return { error: 'the URL has no valid IPv6 address in its brackets' };
    const after = hostPort.slice(close + 1);
    if (after !== '' && !after.startsWith(':')) return { error: 'the URL has text after its IPv6 address' };
    shown = `[${new SocketAddress({ address: hostname.replace(/%.*/, ''), family: 'ipv6' }).address}]`;
    portText = after.slice(1);
  } else {
    const colon = hostPort.indexOf(':');
    const name = normalHost(colon < 0 ? hostPort : hostPort.slice(0, colon));
    if (name === null) return { error: 'the URL has no valid host name' };
    hostname = name.toLowerCase();
    shown = name;
    if (colon >= 0) portText = hostPort.slice(colon + 1);
  }
  if (!/^\d*$/.test(portText)) return { error: 'the port in the URL is not a number' };
  const port = portText === '' ? PORTS[scheme] : Number(portText);
  if (port > 65_535) return { error: 'the port in the URL is above 65535' };
  const host = port === PORTS[scheme] ? shown : `${shown}:${port}`;
  return { scheme, hostname, port, host, authorization };
}

/** The value of Authorization for `user:password`; null if it contains control characters. */
function basicAuthorization(userinfo: string): string | null {
  const colon = userinfo.indexOf(':');
  const user = percentDecode(colon < 0 ? userinfo : userinfo.slice(0, colon), 'latin1');
  const password = colon < 0 ? '' : percentDecode(userinfo.slice(colon + 1), 'latin1');
  if (/[\x00-\x1f\x7f]/.test(user + password)) return null;
  return `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`;
}

/** A host name for the Host field; null if invalid. */
function normalHost(text: string): string | null {
  let host = text;
  if (host.includes('%')) host = percentDecode(host, 'latin1');
  if (/[^\x00-\x7f]/.test(host)) {
    host = domainToASCII(Buffer.from(host, 'latin1').toString('utf8'));
  }
  if (host === '' || host.length > 254 || BAD_HOST.test(host) || /[\x00-\x20\x7f]/.test(host)) return null;
  return normalIPv4(host) ?? host;
}

/** `127.1`, `0x7f000001` and octal parts as a dotted quad, like inet_aton(3); null for a name. */
function normalIPv4(host: string): string | null {
  const parts = host.split('.');
  if (parts.length > 4) return null;
  let address = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? '';
    const value = addressPart(part);
    const last = i === parts.length - 1;
    if (value < 0 || value > (last ? 256 ** (5 - parts.length) - 1 : 255)) return null;
    address += last ? value : value * 256 ** (3 - i);
  }
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** A part as a number, or -1: hexadecimal after 0x, octal after 0, with any number of zeros. */
function addressPart(text: string): number {
  const [, prefix = '', digits = ''] = /^(0x0*|0+)?([0-9a-f]{0,11})$/i.exec(text) ?? [];
  if (prefix === '') return /^\d{1,10}$/.test(digits) ? Number(digits) : -1;
  const hexadecimal = prefix.length > 1 && /^0x/i.test(prefix);
  if (digits === '') return hexadecimal && prefix.length === 2 ? -1 : 0;
  if (hexadecimal) return digits.length <= 8 ? Number.parseInt(digits, 16) : -1;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : -1;
}

/** A URL for the log: without user, password, query and fragment, which may contain secrets. */
export function redactUrl(authority: Authority, path: string): string {
  const query = path.indexOf('?');
  const shown = `${authority.scheme}://${authority.host}${query < 0 ? path : path.slice(0, query)}`;
  return shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
}

/** A URL as written, for the log: without user, password, query and fragment. An invalid one is not shown at all. */
export function urlForLog(url: string): string {
  const parsed = parseUrl(url);
  return 'error' in parsed ? '(unusable URL)' : redactUrl(parsed.authority, parsed.path);
}
