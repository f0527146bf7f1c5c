/** fix_nated_sdp(). Source: modules/nathelper of the manual; scenarios nathelper-sdp-*. */
import { isIPv6 } from 'node:net';
import { defineFlags } from '../flags.ts';

const names = [
  'add-dir-active',
  'rewrite-media-ip',
  'add-no-rtpproxy',
  'rewrite-origin-ip',
  'rewrite-null-ips',
] as const;

export const sdpFlags = defineFlags({ names, bits: names });

export interface SdpChange {
  readonly flags: ReadonlyMap<string, string>;
  /** The new address. */
  readonly address: string;
  /** Lines, each after a line break. */
  readonly fields: string;
  /** The line of `add-no-rtpproxy`. */
  readonly mark: string;
  /** Which old addresses are not kept: `o` and `c`. */
  readonly skip: string;
}

/** The session description with the address in its lines `c=` and `o=`, and further lines at its end. */
export function changedSdp(sdp: string, { flags, address, fields, mark, skip }: SdpChange): string {
  const family = isIPv6(address) ? 'IP6' : 'IP4';
  const old = { o: '', c: '' };
  const replace = (text: string, kind: 'o' | 'c', line: RegExp) =>
    text.replace(line, (whole, before: string, oldAddress: string) => {
      const isNull = oldAddress === '0.0.0.0' || oldAddress === '::';
      if (isNull && !flags.has('rewrite-null-ips')) return whole;
      if (old[kind] === '') old[kind] = oldAddress;
      return `${before}IN ${family} ${address}`;
    });
  let text = sdp;
  if (flags.has('rewrite-media-ip')) text = replace(text, 'c', /^(c=)IN IP[46] ([^\s/]+)/gm);
  if (flags.has('rewrite-origin-ip')) text = replace(text, 'o', /^(o=\S+ \S+ \S+ )IN IP[46] (\S+)/gm);
  const lines = [
    ...fields.split(/\r?\n/).filter(Boolean),
    ...(flags.has('add-dir-active') ? ['a=direction:active'] : []),
    ...(flags.has('add-no-rtpproxy') && mark !== '' ? [mark.trimEnd()] : []),
    ...(old.o === '' || skip.includes('o') ? [] : [`a=oldoip:${old.o}`]),
    ...(old.c === '' || skip.includes('c') ? [] : [`a=oldcip:${old.c}`]),
  ];
  const end = text === '' || text.endsWith('\n') ? '' : '\r\n';
  return `${text}${end}${lines.map((line) => `${line}\r\n`).join('')}`;
}
