/**
 * What processes say to each other over a stream: frames of a length, a kind, where the message came from and by
 * which socket, and the message. All numbers are big-endian.
 */

import { Checksum } from '../sip/index.ts';

const kinds = [
  /** A SIP message that came in, for the receiver's transactions. */
  'message',
  /** A SIP message to be sent by the receiver's connection to `from`. */
  'send',
  /** Another port, that of `to`, by which the peer of that connection is known. */
  'alias',
  /** The receiver is to end its connection to `from`. */
  'end',
  /** The sender has a connection to `from`. */
  'opened',
  /** It has it no longer. */
  'closed',
  /** The sender has just started, and knows of no connection. */
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
  /** Which of the server's sockets; see {@link socketId}. */
  readonly socket: number;
  /** When the message was received, in ms since 1970. */
  readonly at: number;
  /** Where the message came from: the other end of its connection. */
  readonly from: Endpoint;
  /** Where to send it to when that connection is gone. */
  readonly to: Endpoint;
  readonly data: Uint8Array;
}

const noData = Buffer.alloc(0);
const nowhere: Endpoint = { address: '', port: 0 };

/** A frame with what its kind needs. */
export function frameOf(kind: FrameKind, parts: Partial<Omit<Frame, 'kind'>> = {}): Frame {
  return { socket: 0, at: 0, from: nowhere, to: nowhere, data: noData, ...parts, kind };
}

const fixed = 4 + 1 + 2 + 8 + 2 + 2 + 1 + 1;
/** A frame has one SIP message, which is at most this long, and two addresses. */
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

/** Cuts frames out of a stream, in whatever pieces it comes. */
export class FrameReader {
  #rest: Buffer = noData;

  /** The frames that are complete now; null where the stream is none of frames. */
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

/** The same in all processes, whatever they have opened so far: 16 bits of a checksum of how the script names the socket. */
export function socketId(configured: string): number {
  const { number } = new Checksum().add(configured);
  return (number >>> 16) ^ (number & 0xffff);
}
