import type { TlsFacts, Transport } from '../sip/index.ts';
import { type Endpoint, type Frame, type FrameKind, frameOf } from './frames.ts';
import type { Peers } from './peers.ts';

export interface RemoteFacts {
  readonly peer: Endpoint;
  readonly socket: number;
  readonly process: number;
  /** Null in clear text. */
  readonly tls: TlsFacts | null;
}

/** A connection of another process: messages are passed to that process for sending. */
export class RemoteConnection implements Transport {
  readonly protocol: Transport['protocol'];
  readonly reliable = true;
  readonly local: Transport['local'];
  /** This process's socket of the same name, for messages to other peers. */
  readonly listener: Transport;
  readonly secured: { readonly facts: TlsFacts } | null;
  readonly #peer: Endpoint;
  readonly #socket: number;
  readonly #process: number;
  readonly #peers: Peers;

  constructor(listener: Transport, { peer, socket, process, tls }: RemoteFacts, peers: Peers) {
    this.secured = tls === null ? null : { facts: tls };
    this.listener = listener;
    this.protocol = listener.protocol;
    this.local = listener.local;
    this.#peer = peer;
    this.#socket = socket;
    this.#process = process;
    this.#peers = peers;
  }

  alias(port: number): void {
    this.#tell('alias', { address: this.#peer.address, port });
  }

  keepOpen(milliseconds: number): void {
    this.#tell('keep', this.#peer, { at: milliseconds });
  }

  /** `done` is called when the message was passed on. */
  send(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void {
    this.#tell('send', { address, port }, { data });
    done?.(null);
  }

  async close(): Promise<void> {
    this.#tell('end', this.#peer);
  }

  #tell(kind: FrameKind, to: Endpoint, more: Partial<Pick<Frame, 'at' | 'data'>> = {}): void {
    this.#peers.send(this.#process, frameOf(kind, { socket: this.#socket, from: this.#peer, to, ...more }));
  }
}
