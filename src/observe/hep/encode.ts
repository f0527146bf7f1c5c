/**
 * HEP version 3, the encapsulation protocol of Homer: a header, then chunks of vendor, type, length and value. Source:
 * the specification at github.com/sipcapture/HEP.
 */
import ipaddr from 'ipaddr.js';
import type { CapturedMessage, Collector, CorrelatedCalls, WireEnd } from '../../runtime/index.ts';

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

/** The vendor of OpenSIPS, and its chunk for further correlation IDs, as JSON. */
const opensips = 0x0003;
const extraCorrelation = 0x0001;

const [af4, af6] = [2, 10];
/** Types of payloads. */
const payloadTypes = { sip: 1, log: 100 } as const;
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

type Chunk = readonly [type: number, value: Buffer, vendor?: number];
type Sender = Pick<Collector, 'captureId' | 'key'>;

/** A packet; null if the message is too long for one. */
export function encodeHep3(captured: CapturedMessage, sender: Sender): Buffer | null {
  const { at, transport, from, to, message, correlationId } = captured;
  return encode([
    ...header({ at, protocol: ipProtocols[transport], from, to, type: payloadTypes.sip }, sender),
    [chunk.correlationId, Buffer.from(correlationId, 'latin1')],
    [chunk.payload, Buffer.from(message, 'latin1')],
  ]);
}

/**
 * Says which calls belong together, as a log message. OpenSIPS documents the JSON, `{"type": "id", ...}`, and not the number of
 * its chunk; it is the payload as well, for collectors that do not know the chunk.
 */
export function encodeCorrelation(
  { ids, correlationId, from, to }: CorrelatedCalls,
  at: number,
  sender: Sender,
): Buffer | null {
  const json = Buffer.from(JSON.stringify(ids), 'latin1');
  return encode([
    ...header({ at, protocol: ipProtocols.udp, from, to, type: payloadTypes.log }, sender),
    [chunk.correlationId, Buffer.from(correlationId, 'latin1')],
    [extraCorrelation, json, opensips],
    [chunk.payload, json],
  ]);
}

interface Header {
  /** Milliseconds since 1970, with fractions. */
  readonly at: number;
  readonly protocol: number;
  readonly from: WireEnd;
  readonly to: WireEnd;
  readonly type: number;
}

function header({ at, protocol, from, to, type }: Header, { captureId, key }: Sender): readonly Chunk[] {
  const isIPv6 = from.address.includes(':') || to.address.includes(':');
  const address = isIPv6 ? bytesOfIPv6 : bytesOfIPv4;
  const microseconds = Math.floor(1000 * at);
  return [
    [chunk.family, uint8(isIPv6 ? af6 : af4)],
    [chunk.protocol, uint8(protocol)],
    [isIPv6 ? chunk.source6 : chunk.source4, address(from.address)],
    [isIPv6 ? chunk.destination6 : chunk.destination4, address(to.address)],
    [chunk.sourcePort, uint16(from.port)],
    [chunk.destinationPort, uint16(to.port)],
    [chunk.seconds, uint32(Math.floor(microseconds / 1e6))],
    [chunk.microseconds, uint32(microseconds % 1e6)],
    [chunk.payloadType, uint8(type)],
    [chunk.captureId, uint32(captureId)],
    ...(key === null ? [] : [[chunk.key, Buffer.from(key, 'latin1')] as const]),
  ];
}

function encode(chunks: readonly Chunk[]): Buffer | null {
  const length = chunks.reduce((sum, [, value]) => sum + headerLength + value.length, headerLength);
  if (length > longest) return null;
  const parts = chunks.flatMap(([type, value, vendor = 0]) => [
    chunkHeader(vendor, type, value.length),
    value,
  ]);
  return Buffer.concat([Buffer.from('HEP3'), uint16(length), ...parts], length);
}

function chunkHeader(vendor: number, type: number, length: number): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(vendor);
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
