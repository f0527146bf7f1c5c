/** SIP over WebSocket (RFC 7118): a handshake, then one SIP message in each WebSocket message. */
import { isUtf8 } from 'node:buffer';
import type { Framing, FramingEvents } from './framing.ts';
import { type HttpHead, HttpHeadReader } from './http-head.ts';
import { CLOSE, closePayload, encodeFrame, OPCODE, WebSocketFrames } from './websocket-frames.ts';
import {
  answerHandshake,
  ClientHandshake,
  type HandshakeAnswer,
  refuseHandshake,
  type WebSocketRules,
} from './websocket-handshake.ts';

export interface WebSocketRole {
  readonly rules: WebSocketRules;
  /** For a client: the server's host and port, and what it sends as its Origin. Null for a server. */
  readonly client: { readonly host: string; readonly origin: string } | null;
}

const LINE_BREAKS = /^[\r\n]*$/;
const PING = '\r\n\r\n';
const PONG = Buffer.from('\r\n');
const NOTHING = Buffer.alloc(0);

export class WebSocketFraming implements Framing {
  readonly brokenHeader = null;
  readonly canPing = true;
  isFinished = false;
  readonly #events: FramingEvents;
  readonly #rules: WebSocketRules;
  readonly #client: ClientHandshake | null;
  /** Reads the handshake; null once it is done. */
  #head: HttpHeadReader | null = new HttpHeadReader();
  readonly #frames: WebSocketFrames;
  #isBroken = false;

  /** @param limit of a message, in bytes */
  constructor(limit: number, { rules, client }: WebSocketRole, events: FramingEvents) {
    this.#events = events;
    this.#rules = rules;
    this.#client = client === null ? null : new ClientHandshake(client.host, client.origin, rules.resource);
    this.#frames = new WebSocketFrames(limit, client === null, {
      message: (data) => this.#received(data),
      ping: (data) => this.#write(OPCODE.pong, data),
      close: (code) => this.#closed(code),
    });
  }

  get isReady(): boolean {
    return this.#head === null;
  }

  get isInside(): boolean {
    return this.#head?.isInside ?? this.#frames.isInside;
  }

  begin(): void {
    if (this.#client !== null) this.#events.write(Buffer.from(this.#client.text, 'latin1'));
  }

  push(chunk: Buffer): string | null {
    if (this.#isBroken) return null;
    const rest = this.#head === null ? chunk : this.#shake(this.#head, chunk);
    const defect = typeof rest === 'string' ? rest : rest.length > 0 ? this.#frame(rest) : null;
    if (defect !== null) this.#isBroken = true;
    return defect;
  }

  encode(message: Uint8Array): Uint8Array {
    return encodeFrame(isUtf8(message) ? OPCODE.text : OPCODE.binary, message, this.#client !== null);
  }

  ping(): boolean {
    if (!this.isReady || this.isFinished) return false;
    this.#write(OPCODE.ping, NOTHING);
    return true;
  }

  finish(): boolean {
    if (!this.isReady || this.isFinished) return false;
    this.#sendClose(CLOSE.goingAway);
    return true;
  }

  /** The bytes behind the handshake, or its defect. */
  #shake(reader: HttpHeadReader, chunk: Buffer): Buffer | string {
    const read = reader.push(chunk);
    if (read === 'more') return NOTHING;
    const defect =
      typeof read === 'string'
        ? this.#refuse(read)
        : this.#client === null
          ? this.#answer(read.head)
          : this.#client.defectOf(read.head);
    if (defect !== null || typeof read === 'string') return defect ?? 'the handshake is invalid';
    this.#head = null;
    this.#events.ready();
    return read.rest;
  }

  #refuse(why: 'too-long' | 'invalid'): string {
    const isLong = why === 'too-long';
    const text = isLong ? 'the handshake is too long' : 'the handshake is not HTTP';
    if (this.#client !== null) return text;
    return this.#send(refuseHandshake(isLong ? 431 : 400, text)) ?? text;
  }

  #answer(head: HttpHead): string | null {
    return this.#send(answerHandshake(head, this.#rules));
  }

  #send({ text, refusal }: HandshakeAnswer): string | null {
    if (refusal !== null) this.isFinished = true;
    this.#events.write(Buffer.from(text));
    return refusal;
  }

  #frame(bytes: Buffer): string | null {
    const defect = this.#frames.push(bytes);
    if (defect === null) return null;
    this.#sendClose(defect.code, defect.reason);
    return defect.reason;
  }

  /** A message of line breaks is a keep-alive (RFC 5626, 4.4.1). */
  #received(data: Buffer): void {
    if (data.length > PING.length || !LINE_BREAKS.test(data.toString('latin1')))
      return this.#events.message(data);
    if (data.toString('latin1') === PING) this.#write(OPCODE.text, PONG);
  }

  /** The answer to a Close has its code (RFC 6455, 5.5.1). */
  #closed(code: number | null): void {
    this.#sendClose(code);
    this.#events.ended();
  }

  #sendClose(code: number | null, reason = ''): void {
    if (this.isFinished) return;
    this.#write(OPCODE.close, code === null ? NOTHING : closePayload(code, reason));
    this.isFinished = true;
  }

  #write(opcode: number, payload: Uint8Array): void {
    if (!this.isFinished) this.#events.write(encodeFrame(opcode, payload, this.#client !== null));
  }
}
