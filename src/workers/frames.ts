/**
 * The protocol between processes: frames with a length, a kind, the source and socket of a message, and the message.
 * All numbers are big-endian.
 */

import { Checksum } from '../sip/index.ts';

const kinds = [
  /** A received SIP message for the receiver's transactions. */
  'message',
  /** A SIP message to send on the receiver's connection to `from`. */
  'send',
  /** An alias for the peer of that connection: the port of `to`. */
  'alias',
  /** Keeps that connection open without traffic for `at` ms. */
  'keep',
  /** Asks the receiver to close its connection to `from`. */
  'end',
  /** The sender has a connection to `from`. */
  'opened',
  /** The sender has closed that connection. */
  'closed',
  /** The sender has just started, and knows no connections. */
  'hello',
] as const;
export type FrameKind = (typeof kinds)[number];

export interface Endpoint {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

export interface Frame {
  readonly kind: FrameKind;
  /** The socket; see {@link socketId}. */
  readonly socket: number;
  /** When the message was received, in ms on the clock of the machine; for `keep`: a duration. */
  readonly at: number;
  /** The source of the message: the peer of its connection. */
  readonly from: Endpoint;
  /** The destination if that connection is closed. */
  readonly to: Endpoint;
  readonly data: Uint8Array;
}

const noData = Buffer.alloc(0);
const nowhere: Endpoint = { address: '', port: 0 };

/** A frame with the fields that its kind needs. */
export function frameOf(kind: FrameKind, parts: Partial<Omit<Frame, 'kind'>> = {}): Frame {
  return { socket: 0, at: 0, from: nowhere, to: nowhere, data: noData, ...parts, kind };
}

const fixed = 4 + 1 + 2 + 8 + 2 + 2 + 1 + 1;
/** Maximum length: one SIP message and two addresses. */
const longest = fixed + 2 * 255 + 65_535;

export function encodeFrame({ kind, socket, at, from, to, data }: Frame): Buffer {
  const fromLength = Buffer.byteLength(from.address);
  const toLength = Buffer.byteLength(to.address);
  const length = fixed + fromLength + toLength + data.length;
  const frame = Buffer.allocUnsafe(length);
  let position = frame.writeUInt32BE(length, 0);
  position = frame.writeUInt8(kinds.indexOf(kind), position);
  position = frame.writeUInt16BE(socket, position);
  position = frame.writeDoubleBE(at, position);
  position = frame.writeUInt16BE(from.port, position);
  position = frame.writeUInt16BE(to.port, position);
  position = frame.writeUInt8(fromLength, position);
  position = frame.writeUInt8(toLength, position);
  position += frame.write(from.address, position, 'latin1');
  position += frame.write(to.address, position, 'latin1');
  frame.set(data, position);
  return frame;
}

function decodeFrame(frame: Buffer): Frame | null {
  const kind = kinds[frame.readUInt8(4)];
  if (kind === undefined) return null;
  const fromEnd = fixed + frame.readUInt8(19);
  const toEnd = fromEnd + frame.readUInt8(20);
  if (toEnd > frame.length) return null;
  return {
    kind,
    socket: frame.readUInt16BE(5),
    at: frame.readDoubleBE(7),
    from: { port: frame.readUInt16BE(15), address: frame.toString('latin1', fixed, fromEnd) },
    to: { port: frame.readUInt16BE(17), address: frame.toString('latin1', fromEnd, toEnd) },
    data: frame.subarray(toEnd),
  };
}

/** Splits a stream, which arrives in arbitrary pieces, into frames. */
export class FrameReader {
  #rest: Buffer = noData;

  /** The completed frames; null if the stream is invalid. */
  push(chunk: Buffer): readonly Frame[] | null {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let start = 0;
    while (bytes.length - start >= 4) {
      const length = bytes.readUInt32BE(start);
      if (length < fixed || length > longest) return null;
      if (bytes.length - start < length) break;
      const frame = decodeFrame(bytes.subarray(start, start + length));
      if (frame === null) return null;
      frames.push(frame);
      start += length;
    }
    this.#rest = start === bytes.length ? noData : bytes.subarray(start);
    return frames;
  }
}

/**
 * Identifies a socket in all processes, whatever sockets they have open: 16 bits of a checksum of its name in the
 * script.
 */
export function socketId(configured: string): number {
  const { number } = new Checksum().add(configured);
  return (number >>> 16) ^ (number & 0xffff);
}
