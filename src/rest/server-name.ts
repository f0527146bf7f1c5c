/**
 * Checks that a certificate is valid for the host of a URL, by libcurl's rules (RFC 6125 without partial wildcards).
 */
import { isIP, isIPv6, SocketAddress } from 'node:net';
import type { PeerCertificate } from 'node:tls';

/** Limit on the names shown in a reason, in characters. */
const MAX_SHOWN = 300;
/** `DNS:a.test, IP Address:192.0.2.1`; Node puts a value with a comma or quote in it into JSON quotes. */
const ALTERNATIVE = /(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)/y;

/** Null if it is valid, else the reason. @param name in lower case, without a final dot; IPv6 without brackets */
export function checkServerName(name: string, certificate: PeerCertificate): string | null {
  const { subject, subjectaltname = '' } = certificate;
  const kind = isIP(name) === 0 ? 'DNS' : 'IP Address';
  let alternatives = 0;
  ALTERNATIVE.lastIndex = 0;
  for (
    let match = ALTERNATIVE.exec(subjectaltname);
    match !== null;
    match = ALTERNATIVE.exec(subjectaltname)
  ) {
    const [, type, value = ''] = match;
    if (type === 'DNS' || type === 'IP Address') alternatives++;
    if (type !== kind) continue;
    if (kind === 'DNS' ? isFor(value, name) : isSameAddress(value, name)) return null;
  }
  const commonName = [subject?.CN ?? ''].flat().at(-1) ?? '';
  const no = `the server's certificate is not for ${name}`;
  // RFC 9525 ignores the CN; libcurl uses it if nothing else names a host, and real certificates need that
  if (alternatives === 0) {
    if (isFor(commonName, name)) return null;
    return `${no}, it is for CN:${commonName === '' ? '(none)' : commonName.slice(0, MAX_SHOWN)}`;
  }
  const names = subjectaltname.slice(0, MAX_SHOWN);
  if (commonName.toLowerCase() !== name) return `${no}, it is for ${names}`;
  return `${no}, it is for ${names}; its CN is ignored because of these`;
}

/** The first label may be `*`, which matches one label; `b*.a.test` and `*.test` match nothing. */
function isFor(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase().replace(/\.$/, '');
  if (wanted === '') return false;
  if (!wanted.startsWith('*.')) return wanted === name;
  if (isIP(name) !== 0) return false;
  const dot = name.indexOf('.');
  return dot > 0 && wanted.indexOf('.', 2) > 0 && name.slice(dot) === wanted.slice(1);
}

function isSameAddress(one: string, other: string): boolean {
  return one === other || (isIPv6(one) && isIPv6(other) && plainIPv6(one) === plainIPv6(other));
}

const plainIPv6 = (text: string): string =>
  new SocketAddress({ address: text.replace(/%.*/, ''), family: 'ipv6' }).address;
