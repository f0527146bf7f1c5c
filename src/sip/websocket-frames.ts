/**
 * Frames of the WebSocket protocol (RFC 6455, 5), without extensions. Frames arrive in arbitrary pieces; a message may
 * be spread over several.
 */
import { isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Why a connection is closed (RFC 6455, 7.4.1). */
export const CLOSE = { normal: 1000, goingAway: 1001, protocol: 1002, notUtf8: 1007, tooBig: 1009 } as const;

/** An error that ends the connection. */
export interface FrameDefect {
  readonly code: (typeof CLOSE)['protocol' | 'notUtf8' | 'tooBig'];
  readonly reason: string;
}

export interface FrameEvents {
  /** Called with a complete message, text or binary; the receiver may keep the bytes. */
  readonly message: (data: Buffer) => void;
  readonly ping: (data: Buffer) => void;
  /** Called for a Close with its code, or null without one. */
  readonly close: (code: number | null) => void;
}

const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const MAX_CONTROL_BYTES = 125;
const MASK_BYTES = 4;
const FIRST_CAPACITY = 1024;
const NOTHING = Buffer.alloc(0);

const breaks = (reason: string): FrameDefect => ({ code: CLOSE.protocol, reason });
const tooBig: FrameDefect = { code: CLOSE.tooBig, reason: 'the message is too long' };

/** The frame that is being received. */
interface Frame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly mask: Buffer | null;
  /** Bytes of its payload: in all, and still to come. */
  readonly length: number;
  left: number;
}

/** Bytes that grow as they arrive, never by what their sender announces. */
class Gathered {
  #bytes = NOTHING;
  length = 0;

  append(from: Buffer, mask: Buffer | null, maskAt: number): void {
    const needed = this.length + from.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length, FIRST_CAPACITY));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    if (mask === null) from.copy(this.#bytes, this.length);
    else {
      const bytes = this.#bytes;
      for (let i = 0; i < from.length; i++)
        bytes[this.length + i] = (from[i] ?? 0) ^ (mask[(maskAt + i) & 3] ?? 0);
    }
    this.length = needed;
  }

  /** The bytes, which are never written to again. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = NOTHING;
    this.length = 0;
    return taken;
  }
}

export class WebSocketFrames {
  readonly #limit: number;
  readonly #isServer: boolean;
  readonly #events: FrameEvents;
  /** The start of a frame whose header is incomplete. */
  #rest = NOTHING;
  #frame: Frame | null = null;
  /** The opcode of the message that is being received; null between messages. */
  #kind: number | null = null;
  readonly #message = new Gathered();
  #control: Gathered | null = null;
  /** Of the frame that has just ended. */
  #defect: FrameDefect | null = null;
  #isOver = false;

  /** @param limit of a message, in bytes; a server's peer masks its frames, a client's does not (5.1) */
  constructor(limit: number, isServer: boolean, events: FrameEvents) {
    this.#limit = limit;
    this.#isServer = isServer;
    this.#events = events;
  }

  /** Whether an incomplete frame or message has been received. */
  get isInside(): boolean {
    return this.#rest.length > 0 || this.#frame !== null || this.#kind !== null;
  }

  /** Returns the error that ends the connection, if any; later bytes are ignored, as are those after a Close. */
  push(chunk: Buffer): FrameDefect | null {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = NOTHING;
    while (!this.#isOver) {
      if (this.#frame === null) {
        const size = headerSize(bytes);
        if (bytes.length < size) {
          this.#rest = Buffer.from(bytes); // at most 13 bytes
          return null;
        }
        const defect = this.#begin(bytes, size);
        if (defect !== null) return this.#fail(defect);
        bytes = bytes.subarray(size);
      }
      bytes = this.#take(bytes);
      if (this.#frame !== null) return null; // all bytes are taken
      const defect = this.#defect;
      if (defect !== null) return this.#fail(defect);
    }
    return null;
  }

  #fail(defect: FrameDefect): FrameDefect {
    this.#isOver = true;
    this.#message.take();
    return defect;
  }

  #begin(bytes: Buffer, size: number): FrameDefect | null {
    const [first = 0, second = 0] = bytes;
    const opcode = first & 0x0f;
    const isFinal = (first & FIN) !== 0;
    const isMasked = (second & MASKED) !== 0;
    if ((first & RESERVED) !== 0) return breaks('a reserved bit is set');
    if (isMasked !== this.#isServer)
      return breaks(isMasked ? 'a frame of the server is masked' : 'a frame of the client is not masked');
    const length = payloadLength(bytes);
    const isControl = opcode >= OPCODE.close;
    if (isControl) {
      if (opcode > OPCODE.pong) return breaks(`unknown opcode ${opcode}`);
      if (!isFinal) return breaks('a control frame is fragmented');
      if (length > MAX_CONTROL_BYTES) return breaks('a control frame is too long');
    } else {
      if (opcode > OPCODE.binary) return breaks(`unknown opcode ${opcode}`);
      if ((opcode === OPCODE.continuation) !== (this.#kind !== null))
        return breaks(
          opcode === OPCODE.continuation
            ? 'a continuation continues no message'
            : 'a message begins within another',
        );
      if (this.#message.length + length > this.#limit) return tooBig;
      this.#kind ??= opcode;
    }
    const mask = isMasked ? Buffer.from(bytes.subarray(size - MASK_BYTES, size)) : null;
    this.#frame = { opcode, isFinal, mask, length, left: length };
    return null;
  }

  /** Takes payload of the current frame, and ends the frame if it is complete. Returns the bytes behind it. */
  #take(bytes: Buffer): Buffer {
    const frame = this.#frame;
    if (frame === null) return bytes;
    const part = bytes.subarray(0, frame.left);
    const isControl = frame.opcode >= OPCODE.close;
    if (isControl) this.#control ??= new Gathered();
    const gathered = (isControl ? this.#control : null) ?? this.#message;
    if (part.length > 0) gathered.append(part, frame.mask, frame.length - frame.left);
    frame.left -= part.length;
    if (frame.left > 0) return NOTHING;
    this.#frame = null;
    if (isControl) {
      this.#control = null;
      this.#endControl(frame.opcode, gathered.take());
    } else if (frame.isFinal) this.#endMessage();
    return bytes.subarray(part.length);
  }

  #endMessage(): void {
    const isText = this.#kind === OPCODE.text;
    this.#kind = null;
    const data = this.#message.take();
    if (isText && !isUtf8(data))
      this.#defect = { code: CLOSE.notUtf8, reason: 'a text message is not UTF-8' };
    else this.#events.message(data);
  }

  #endControl(opcode: number, data: Buffer): void {
    if (opcode === OPCODE.ping) this.#events.ping(data);
    if (opcode !== OPCODE.close) return;
    const code = data.length >= 2 ? data.readUInt16BE(0) : null;
    if (data.length === 1 || (code !== null && !isCloseCode(code)) || !isUtf8(data.subarray(2)))
      this.#defect = breaks('a Close is invalid');
    else {
      this.#isOver = true;
      this.#events.close(code);
    }
  }
}

/** The codes that may stand in a Close (RFC 6455, 7.4). */
const isCloseCode = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000);

/** Bytes of the frame header; more than there are if its length is not known yet. */
function headerSize(bytes: Buffer): number {
  const second = bytes[1];
  if (second === undefined) return 2;
  const length = second & 0x7f;
  return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
}

function payloadLength(bytes: Buffer): number {
  const length = (bytes[1] ?? 0) & 0x7f;
  if (length === 126) return bytes.readUInt16BE(2);
  return length === 127 ? bytes.readUInt32BE(2) * 2 ** 32 + bytes.readUInt32BE(6) : length;
}

/** One frame with this payload. A client masks it (RFC 6455, 5.3). */
export function encodeFrame(opcode: number, payload: Uint8Array, isMasked: boolean): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + lengthBytes + (isMasked ? MASK_BYTES : 0);
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FIN | opcode;
  frame[1] = (isMasked ? MASKED : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, start);
  if (isMasked) {
    const maskAt = start - MASK_BYTES;
    randomFillSync(frame, maskAt, MASK_BYTES);
    for (let i = 0; i < length; i++)
      frame[start + i] = (frame[start + i] ?? 0) ^ (frame[maskAt + (i & 3)] ?? 0);
  }
  return frame;
}

/** The payload of a Close. */
export function closePayload(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}
