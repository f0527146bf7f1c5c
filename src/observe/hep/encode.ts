/**
 * HEP version 3, the encapsulation protocol of Homer: a header, then chunks of vendor, type, length and value. Source:
 * the specification at github.com/sipcapture/HEP.
 */
import ipaddr from 'ipaddr.js';
import type { CapturedMessage, Collector } from '../../runtime/index.ts';

/** Chunks of the generic vendor. */
const chunk = {
  family: 0x01,
  protocol: 0x02,
  source4: 0x03,
  destination4: 0x04,
  source6: 0x05,
  destination6: 0x06,
  sourcePort: 0x07,
  destinationPort: 0x08,
  seconds: 0x09,
  microseconds: 0x0a,
  payloadType: 0x0b,
  captureId: 0x0c,
  key: 0x0e,
  payload: 0x0f,
  correlationId: 0x11,
} as const;

const [af4, af6] = [2, 10];
const sip = 1;
/** Numbers of IP protocols. */
const ipProtocols: Readonly<Record<CapturedMessage['transport'], number>> = {
  udp: 17,
  tcp: 6,
  tls: 6,
  ws: 6,
  wss: 6,
};
const headerLength = 6;
const longest = 0xffff;

/** A packet; null if the message is too long for one. */
export function encodeHep3(
  { at, transport, from, to, message, correlationId }: CapturedMessage,
  { captureId, key }: Pick<Collector, 'captureId' | 'key'>,
): Buffer | null {
  const isIPv6 = from.address.includes(':') || to.address.includes(':');
  const address = isIPv6 ? bytesOfIPv6 : bytesOfIPv4;
  const microseconds = Math.floor(1000 * at);
  const chunks: readonly (readonly [type: number, value: Buffer])[] = [
    [chunk.family, uint8(isIPv6 ? af6 : af4)],
    [chunk.protocol, uint8(ipProtocols[transport])],
    [isIPv6 ? chunk.source6 : chunk.source4, address(from.address)],
    [isIPv6 ? chunk.destination6 : chunk.destination4, address(to.address)],
    [chunk.sourcePort, uint16(from.port)],
    [chunk.destinationPort, uint16(to.port)],
    [chunk.seconds, uint32(Math.floor(microseconds / 1e6))],
    [chunk.microseconds, uint32(microseconds % 1e6)],
    [chunk.payloadType, uint8(sip)],
    [chunk.captureId, uint32(captureId)],
    ...(key === null ? [] : [[chunk.key, Buffer.from(key, 'latin1')] as const]),
    [chunk.correlationId, Buffer.from(correlationId, 'latin1')],
    [chunk.payload, Buffer.from(message, 'latin1')],
  ];
  const length = chunks.reduce((sum, [, value]) => sum + headerLength + value.length, headerLength);
  if (length > longest) return null;
  const parts = chunks.flatMap(([type, value]) => [chunkHeader(type, value.length), value]);
  return Buffer.concat([Buffer.from('HEP3'), uint16(length), ...parts], length);
}

/** The vendor is 0. */
function chunkHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(type, 2);
  header.writeUInt16BE(headerLength + length, 4);
  return header;
}

const uint8 = (value: number): Buffer => Buffer.from([value]);

const uint16 = (value: number): Buffer => Buffer.from([value >>> 8, value & 0xff]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const bytesOfIPv4 = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

/** Of an IPv4 address the mapped one. */
function bytesOfIPv6(address: string): Buffer {
  const parsed = ipaddr.parse(address.replace(/%.*$/, ''));
  return Buffer.from((parsed instanceof ipaddr.IPv4 ? parsed.toIPv4MappedAddress() : parsed).toByteArray());
}
