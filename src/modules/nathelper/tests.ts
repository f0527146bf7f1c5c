/** nat_uac_test(): signs of a NAT between the phone and the server. Source: modules/nathelper; scenarios nathelper-test-*. */
import { bareHost, DEFAULT_PROTOCOL, defaultPort, type SipMessage } from '../../sip/index.ts';
import { defineFlags } from '../flags.ts';

const names = [
  'private-contact',
  'diff-ip-src-via',
  'private-via',
  'private-sdp',
  'diff-port-src-via',
  'diff-ip-src-contact',
  'diff-port-src-contact',
  'carrier-grade-nat',
] as const;

export const natTests = defineFlags({ names, bits: names });

/** Addresses of RFC 1918 and RFC 6598, and of the machine itself. */
export function isPrivate(host: string): boolean {
  const [, a = -1, b = -1] = (/^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(host) ?? []).map(Number);
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b <= 127)
  );
}

const usualPort = defaultPort(DEFAULT_PROTOCOL);

const tests: Readonly<Record<(typeof names)[number], (message: SipMessage) => boolean>> = {
  'private-contact': ({ contacts }) =>
    contacts?.some(({ uriParts }) => isPrivate(uriParts?.host ?? '')) === true,
  'diff-ip-src-via': ({ via, source }) => bareHost(via.host) !== source.address,
  'private-via': ({ via }) => isPrivate(via.host),
  'private-sdp': ({ body }) =>
    [...body.matchAll(/^c=IN IP4 ([\d.]+)/gm)].some(([, address = '']) => isPrivate(address)),
  'diff-port-src-via': ({ via, source }) => (via.port ?? usualPort) !== source.port,
  'diff-ip-src-contact': ({ contacts, source }) => {
    const host = contacts?.[0]?.uriParts?.host;
    return host != null && bareHost(host) !== source.address;
  },
  'diff-port-src-contact': ({ contacts, source }) => {
    const uri = contacts?.[0]?.uriParts;
    return uri != null && (uri.port ?? usualPort) !== source.port;
  },
  // 192.0.0.0/29 is never the address of a phone (scenario nathelper-test-carrier)
  'carrier-grade-nat': () => false,
};

/** Whether any of the tests is positive. */
export const isBehindNat = (message: SipMessage, text: string): boolean =>
  [...natTests.parse(text).keys()].some(
    (name) => Object.hasOwn(tests, name) && tests[name as (typeof names)[number]](message),
  );
