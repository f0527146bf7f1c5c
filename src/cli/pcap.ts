/**
 * SIP messages as a capture file for Wireshark (libpcap's format, packets from IP on). Messages over TCP are written as
 * UDP datagrams too, since only whole messages were recorded.
 */
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { WireEnd } from '../internal.ts';

/** LINKTYPE_RAW: packets begin with an IPv4 or IPv6 header. */
const rawPackets = 101;
const longest = 65_507;

export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(rawPackets, 20);
  return header;
}

/** @param at milliseconds since 1970 */
export function pcapPacket(at: number, from: WireEnd, to: WireEnd, message: string): Buffer {
  const data = Buffer.from(message, 'latin1').subarray(0, longest);
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(from.port, 0);
  udp.writeUInt16BE(to.port, 2);
  udp.writeUInt16BE(8 + data.length, 4);
  const packet = Buffer.concat([ipHeader(from, to, 8 + data.length), udp, data]);
  const record = Buffer.alloc(16);
  record.writeUInt32LE(Math.floor(at / 1000), 0);
  record.writeUInt32LE(Math.floor((at % 1000) * 1000), 4);
  record.writeUInt32LE(packet.length, 8);
  record.writeUInt32LE(packet.length, 12);
  return Buffer.concat([record, packet]);
}

function ipHeader(from: WireEnd, to: WireEnd, length: number): Buffer {
  const [source, destination] = [bytesOf(from.address), bytesOf(to.address)];
  if (isIPv6(from.address) && isIPv6(to.address)) {
    const header = Buffer.alloc(8);
    header.writeUInt8(0x60, 0);
    header.writeUInt16BE(length, 4);
    header.writeUInt8(17, 6);
    header.writeUInt8(64, 7);
    return Buffer.concat([header, source, destination]);
  }
  const header = Buffer.alloc(12);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + length, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(17, 9);
  const whole = Buffer.concat([header, source.subarray(-4), destination.subarray(-4)]);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += whole.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  whole.writeUInt16BE(~sum & 0xffff, 10);
  return whole;
}

const bytesOf = (address: string) => Buffer.from(ipaddr.process(address).toByteArray());
