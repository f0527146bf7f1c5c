/**
 * SIP, SIPS and TEL URIs (RFC 3261, 19.1; RFC 3966) as byte strings, split into parts as written: nothing is unescaped;
 * a missing part is null, an empty one ''.
 */
import { isIPv6 } from '../net/index.ts';
import { findParameter } from './parameters.ts';
import {
  DEFAULT_PROTOCOL,
  DEFAULT_SECURE_PROTOCOL,
  isProtocol,
  type Protocol,
  secureProtocol,
} from './transports.ts';

/** The parts of a URI as written; a missing part is null. */
export interface Uri {
  /** As written, in any case. */
  readonly scheme: string;
  /** Includes `;parameters` of the user part (`bob;day=tuesday`). For a TEL URI: the number, visual separators kept. */
  readonly user: string | null;
  /** Between the user's `:` and the `@`. */
  readonly password: string | null;
  /** An IPv6 address keeps its brackets. Null for a TEL URI. */
  readonly host: string | null;
  /** The port as a number. */
  readonly port: number | null;
  /** Without the first `;`. */
  readonly params: string | null;
  /** Without the `?`. */
  readonly headers: string | null;
}

export type UriKind = 'sip' | 'sips' | 'tel';

/** White space, control characters, angle brackets and quotes would end the URI in its context. */
const UNSAFE = /[\x00-\x20"<>\x7f]/;
/** By char code: the characters of a host name or an IPv4 address. */
const HOST_CHARACTERS = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-')
  HOST_CHARACTERS[character.charCodeAt(0)] = 1;
const PORT = /^\d{1,5}$/;

export function uriKind(uri: Uri): UriKind {
  return uri.scheme.toLowerCase() as UriKind;
}

/** Null if it is not a SIP, SIPS or TEL URI. */
export function parseUri(text: string): Uri | null {
  const colon = text.indexOf(':');
  if (colon < 3 || colon > 4 || UNSAFE.test(text)) return null;
  const scheme = text.slice(0, colon);
  switch (scheme.toLowerCase()) {
    case 'sip':
    case 'sips':
      return parseSip(scheme, text, colon + 1);
    case 'tel':
      return parseTel(scheme, text.slice(colon + 1));
    default:
      return null;
  }
}

function parseTel(scheme: string, rest: string): Uri | null {
  const semicolon = rest.indexOf(';');
  const user = semicolon < 0 ? rest : rest.slice(0, semicolon);
  if (user === '') return null;
  const params = semicolon < 0 ? null : rest.slice(semicolon + 1);
  return { scheme, user, password: null, host: null, port: null, params, headers: null };
}

function parseSip(scheme: string, text: string, from: number): Uri | null {
  let user: string | null = null;
  let password: string | null = null;
  // `;`, `?` and `/` are allowed unescaped in the user part (25.1, user-unreserved), so look for the `@`
  const at = text.indexOf('@', from);
  if (at >= 0) {
    const colon = text.indexOf(':', from);
    user = text.slice(from, colon >= 0 && colon < at ? colon : at);
    if (colon >= 0 && colon < at) password = text.slice(colon + 1, at);
    from = at + 1;
  }
  const question = text.indexOf('?', from);
  const headers = question < 0 ? null : text.slice(question + 1);
  const end = question < 0 ? text.length : question;
  const semicolon = text.indexOf(';', from);
  const hasParams = semicolon >= 0 && semicolon < end;
  const params = hasParams ? text.slice(semicolon + 1, end) : null;
  const hostPort = parseHostPort(text.slice(from, hasParams ? semicolon : end));
  return hostPort && { scheme, user, password, host: hostPort.host, port: hostPort.port, params, headers };
}

export interface HostPort {
  /** An IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port: number | null;
}

/** `host`, `host:port`, `[2001:db8::1]:port`; null for anything else. */
export function parseHostPort(text: string): HostPort | null {
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', bracket + 1);
  const host = colon < 0 ? text : text.slice(0, colon);
  if (!isHost(host)) return null;
  if (colon < 0) return { host, port: null };
  const port = text.slice(colon + 1);
  return PORT.test(port) && Number(port) <= 65_535 ? { host, port: Number(port) } : null;
}

/** Whether this is a valid host of a URI or a Via: a name, an IPv4 address, or an IPv6 address in brackets. */
export function isHost(text: string): boolean {
  if (text.startsWith('[')) return text.endsWith(']') && isIPv6(text.slice(1, -1));
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127 || HOST_CHARACTERS[code] === 0) return false;
  }
  return text !== '';
}

/** The host, an IPv6 address without its brackets. */
export const bareHost = (host: string): string => (host.startsWith('[') ? host.slice(1, -1) : host);

/** The text of a URI's parts. */
export function formatUri(uri: Uri): string {
  if (uri.host === null)
    return `${uri.scheme}:${uri.user ?? ''}${uri.params === null ? '' : `;${uri.params}`}`;
  const password = uri.password === null ? '' : `:${uri.password}`;
  return `${uri.scheme}:${uri.user === null ? '' : `${uri.user}${password}@`}${uri.host}${
    uri.port === null ? '' : `:${uri.port}`
  }${uri.params === null ? '' : `;${uri.params}`}${uri.headers === null ? '' : `?${uri.headers}`}`;
}

/** The value of a URI parameter: '' without a value, null if absent. */
export function uriParameter(uri: Uri, name: string): string | null {
  return uri.params === null ? null : findParameter(uri.params, name);
}

/** The transport as written, in any case; the default of its scheme if absent (RFC 3261, 26.2.2). */
export function uriTransport(uri: Uri): string {
  return (
    uriParameter(uri, 'transport') || (uriKind(uri) === 'sips' ? DEFAULT_SECURE_PROTOCOL : DEFAULT_PROTOCOL)
  );
}

/** The transport that a URI selects; null if it is unknown, or not secure in a SIPS URI. */
export function uriProtocol(uri: Uri): Protocol | null {
  const name = uriTransport(uri).toLowerCase();
  return uriKind(uri) === 'sips' ? secureProtocol(name) : isProtocol(name) ? name : null;
}

/** The changed URI, or null if it would parse differently or not at all. */
function changed(uri: Uri, change: Partial<Uri>): Uri | null {
  const next = { ...uri, ...change };
  const read = parseUri(formatUri(next));
  if (read === null) return null;
  for (const part of PARTS) if (read[part] !== next[part]) return null;
  return next;
}

const PARTS = ['scheme', 'user', 'password', 'host', 'port', 'params', 'headers'] as const;

/** Sets the user; null or '' removes the user part with its password and the `@`. Null for an invalid user. */
export function withUser(uri: Uri, user: string | null): Uri | null {
  return changed(uri, user === null || user === '' ? { user: null, password: null } : { user });
}

/** Sets the password. Null for an invalid password, or if the URI has no user. */
export function withPassword(uri: Uri, password: string): Uri | null {
  return changed(uri, { password });
}

/** Sets the host; an IPv6 address may be given without brackets. */
export function withHost(uri: Uri, host: string): Uri | null {
  return changed(uri, { host: isIPv6(host) ? `[${host}]` : host });
}

export function withPort(uri: Uri, port: number | null): Uri | null {
  return changed(uri, { port });
}

/** Replaces all parameters, given without the first `;`. */
export function withParams(uri: Uri, params: string | null): Uri | null {
  return changed(uri, { params });
}
