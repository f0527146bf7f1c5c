/**
 * Recognizes IP addresses as `node:net` does, in one pass: each message has several hosts, and the regular expression
 * of Node for IPv6 is long.
 */

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const COLON = 58;

/** By char code: hexadecimal digits. */
const HEX = table('0123456789abcdefABCDEF');
/** The characters of a zone: `fe80::1%eth0`. */
const ZONE = table('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.:');

function table(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const character of characters) set[character.charCodeAt(0)] = 1;
  return set;
}

const has = (set: Uint8Array, code: number): boolean => code < 256 && set[code] === 1;

/** 4, 6, or 0 for any other text. */
export function isIP(text: string): 0 | 4 | 6 {
  // an IPv4 address ends after 15 characters, and a colon comes within the first 5 of an IPv6 address
  const colon = text.indexOf(':');
  if (colon < 0) return isIPv4(text) ? 4 : 0;
  return colon < 5 && isIPv6(text) ? 6 : 0;
}

function isIPv4(text: string): boolean {
  return text.length >= 7 && text.length <= 15 && isDottedQuad(text, 0, text.length);
}

/** Four numbers from 0 to 255 without leading zeros. */
function isDottedQuad(text: string, from: number, end: number): boolean {
  let number = -1;
  let dots = 0;
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) {
      if (number === 0) return false;
      number = (number < 0 ? 0 : 10 * number) + code - ZERO;
      if (number > 255) return false;
    } else if (code === DOT && number >= 0) {
      dots++;
      number = -1;
    } else return false;
  }
  return dots === 3 && number >= 0;
}

/** Whether it is an IPv6 address, maybe with a zone (RFC 4291, 2.2; RFC 4007, 11). */
export function isIPv6(text: string): boolean {
  const percent = text.indexOf('%');
  const end = percent < 0 ? text.length : percent;
  if (percent >= 0 && !isZone(text, percent + 1)) return false;
  if (end < 2 || end > 45) return false;
  let groups = 0;
  let hasGap = false;
  let at = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    hasGap = true;
    at = 2;
  }
  while (at < end) {
    const start = at;
    while (at < end && at - start < 5 && has(HEX, text.charCodeAt(at))) at++;
    if (at < end && text.charCodeAt(at) === DOT) {
      groups += 2;
      if (!isDottedQuad(text, start, end)) return false;
      at = end;
      break;
    }
    if (at === start || at - start > 4) return false;
    groups++;
    if (at === end) break;
    if (text.charCodeAt(at) !== COLON) return false;
    at++;
    if (at === end) return false;
    if (text.charCodeAt(at) === COLON) {
      if (hasGap) return false;
      hasGap = true;
      at++;
    }
  }
  return hasGap ? groups < 8 : groups === 8;
}

function isZone(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) if (!has(ZONE, text.charCodeAt(at))) return false;
  return from < text.length;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` */
export const hostAndPort = (hostname: string, port: number): string =>
  `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
