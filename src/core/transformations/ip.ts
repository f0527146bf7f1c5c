/** `{ip.…}`: addresses as text and as 4 or 16 raw bytes, which `{ip.pton}` produces (trans-ip). */

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { defineTransformations } from '../../runtime/index.ts';
import { InvalidUse, type Value } from '../../script/index.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

export const ipTransformations = defineTransformations([
  {
    name: 'ip.pton',
    arguments: [],
    summary: 'The 4 or 16 bytes of an address; null if the text is not one.',
    example: ['194.168.4.134', '{ip.pton}', '\xc2\xa8\x04\x86'],
    apply: (text) => {
      const address = parseAddress(text);
      return address === null ? null : String.fromCharCode(...address.toByteArray());
    },
  },
  {
    name: 'ip.ntop',
    arguments: [],
    summary:
      'An address of 4 or 16 bytes as text; IPv6 as eight groups of upper-case hexadecimal digits, uncompressed.',
    example: ['\xc2\xa8\x04\x86', '{ip.ntop}', '194.168.4.134'],
    apply: (text) => {
      if (text.length !== 4 && text.length !== 16) return null;
      const address = ipaddr.fromByteArray([...Buffer.from(text, 'latin1')]);
      return address.toNormalizedString().toUpperCase();
    },
  },
  {
    name: 'ip.isip',
    arguments: [],
    summary: '1 for an IPv4 or IPv6 address, which may be in brackets, else 0; null if the text is empty.',
    example: ['194.168.4.134.1', '{ip.isip}', 0],
    apply: (text) => (text === '' ? null : flag(familyOf(text) !== 0)),
  },
  {
    name: 'ip.isip4',
    arguments: [],
    summary: '1 for an IPv4 address, else 0; null if the text is empty.',
    example: ['194.168.4.134', '{ip.isip4}', 1],
    apply: (text) => (text === '' ? null : flag(familyOf(text) === 4)),
  },
  {
    name: 'ip.isip6',
    arguments: [],
    summary: '1 for an IPv6 address, else 0; null if the text is empty.',
    example: ['2001:0db8:85a3:0000:0000:8a2e:0370:7334', '{ip.isip6}', 1],
    apply: (text) => (text === '' ? null : flag(familyOf(text) === 6)),
  },
  {
    name: 'ip.family',
    arguments: [],
    summary: '`INET` or `INET6` for an address of 4 or 16 bytes.',
    example: ['\xc2\xa8\x04\x86', '{ip.family}', 'INET'],
    apply: (text) => (text.length === 4 ? 'INET' : text.length === 16 ? 'INET6' : null),
  },
  {
    name: 'ip.matches',
    arguments: [{ name: 'network', type: 'string' }],
    summary:
      '1 if the address is in the network `address/bits`, else 0; null if it is of another family or not an address.',
    example: ['192.168.1.7', '{ip.matches,192.168.0.0/16}', 1],
    prepare: ([constant]) => {
      const known = constant === null ? undefined : parseNetwork(constant);
      if (known === null)
        throw new InvalidUse(`invalid network "${constant}"`, 'use address/bits, for example 10.0.0.0/8');
      return (value, [text]) => {
        const network = known ?? parseNetwork(text);
        return value === null || network === null ? null : matches(String(value), network);
      };
    },
  },
  {
    name: 'ip.isprivate',
    arguments: [],
    summary: '1 for a private (RFC 1918, RFC 6598) or loopback IPv4 address, 0 for anything else.',
    example: ['100.64.0.1', '{ip.isprivate}', 1],
    apply: (text) => {
      if (isIP(text) !== 4) return 0;
      const address = ipaddr.IPv4.parse(text);
      return flag(privateNetworks.some(([base, bits]) => address.match(base, bits)));
    },
  },
]);

const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8'].map(
  (text) => ipaddr.IPv4.parseCIDR(text),
);

const flag = (is: boolean): Value => (is ? 1 : 0);

/** An IPv6 address may be in brackets, but may not end in a dotted IPv4 address, as in the reference. */
function familyOf(text: string): 0 | 4 | 6 {
  const family = isIP(unbracketed(text));
  if (family === 6) return text.includes('.') ? 0 : 6;
  return family === 4 && !text.startsWith('[') ? 4 : 0;
}

const unbracketed = (text: string) => (text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text);

/** Node's test comes first, because ipaddr.js also accepts `10.1` and `0x7f000001`. */
function parseAddress(text: string): Address | null {
  return familyOf(text) === 0 ? null : ipaddr.parse(unbracketed(text));
}

function parseNetwork(text: string): Network | null {
  const [, base = '', digits = ''] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(base);
  if (address === null) return null;
  const bits = Number(digits);
  return bits > (address.kind() === 'ipv4' ? 32 : 128) ? null : [address, bits];
}

function matches(text: string, [base, bits]: Network): Value {
  const address = parseAddress(text);
  if (address instanceof ipaddr.IPv4 && base instanceof ipaddr.IPv4) return flag(address.match(base, bits));
  if (address instanceof ipaddr.IPv6 && base instanceof ipaddr.IPv6) return flag(address.match(base, bits));
  return null;
}
