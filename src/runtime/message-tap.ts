/** Shows SIP messages to observers as they are received and sent. Without observers a message costs one comparison. */
import { type Protocol, parseMessage, type SipMessage, type Transport } from '../sip/index.ts';
import type { ListeningSocket } from './sockets.ts';

/** An end of a connection, or of a datagram's way. */
export interface WireEnd {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

/** A SIP message as it was received or sent. */
export interface WireMessage {
  readonly direction: 'in' | 'out';
  readonly message: SipMessage;
  readonly transport: Protocol;
  /** The socket or connection of the server; null if it is unknown. */
  readonly local: WireEnd | null;
  readonly peer: WireEnd;
}

export type WireObserver = (wire: WireMessage) => void;

/** A received message. */
export function receivedFrom(message: SipMessage): WireMessage {
  const { source, socket } = message;
  const local = socket?.local ?? null;
  return { direction: 'in', message, transport: source.transport, local, peer: source };
}

export class MessageTap {
  /** Whether anybody observes. */
  isOn = false;
  readonly #sockets: () => readonly ListeningSocket[];
  readonly #observers = new Set<WireObserver>();

  constructor(sockets: () => readonly ListeningSocket[]) {
    this.#sockets = sockets;
  }

  /** Adds an observer; repeated, it also sees sockets that were opened meanwhile. */
  add(observer: WireObserver): void {
    this.#observers.add(observer);
    this.isOn = true;
    for (const { transport } of this.#sockets()) transport.tap = this.#sent;
  }

  remove(observer: WireObserver): void {
    this.#observers.delete(observer);
    this.isOn = this.#observers.size > 0;
    if (!this.isOn) for (const { transport } of this.#sockets()) transport.tap = null;
  }

  /** A message was received. */
  received(message: SipMessage): void {
    this.#show(receivedFrom(message));
  }

  readonly #sent = (transport: Transport, data: Uint8Array, address: string, port: number): void => {
    const message = parseMessage(Buffer.from(data), { address, port, transport: transport.protocol });
    if (message.kind === 'malformed') return; // a keep-alive
    const { protocol, local } = transport;
    this.#show({ direction: 'out', message, transport: protocol, local, peer: { address, port } });
  };

  #show(wire: WireMessage): void {
    for (const observer of this.#observers) observer(wire);
  }
}
