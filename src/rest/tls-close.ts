/**
 * Distinguishes an orderly close of TLS from a cut: a body without a length is complete only after a close_notify (RFC
 * 9112, 9.8; RFC 8446, 6.1), but Node ends the stream the same way without one. The time of the end gives it away.
 *
 * After each piece of such a body the wire is not read until the next turn of the event loop. An end before that was
 * already in the input, so it is a close_notify. A later close_notify is a record of its own, whose last bytes are read
 * in the turn in which it ends the stream, whereas the end of the wire is read in a turn without any bytes.
 */
import type { TLSSocket } from 'node:tls';
import type { Wire } from '../net/index.ts';

/** A record has a head, in TLS 1.2 a nonce, the two bytes of the alert, in TLS 1.3 its content type, and a tag. */
const RECORD_HEAD = 5;
const ALERT = 2;
/** The maximum size with a padding cipher. */
const PADDED_ALERT = 96;

/** A wire that counts received bytes. */
type CountingWire = Wire & { readonly bytesRead: number };

/** Deno and Bun read in turns of their own, so that there every end counts as orderly. */
const CAN_TELL = !('deno' in process.versions || 'bun' in process.versions);

/** The wire below each TLS socket. */
const wires = new WeakMap<Wire, CountingWire>();

/** Remembers the wire below a socket; without a count of its bytes every end counts as orderly. */
export function rememberWire(socket: TLSSocket, wire: Wire): void {
  if (CAN_TELL && isCounting(wire)) wires.set(socket, wire);
}

const isCounting = (wire: Wire): wire is CountingWire => typeof wire.bytesRead === 'number';

/** Node's own handle: `pause()` of a socket would only buffer what arrives. */
interface Handle {
  readStop?(): unknown;
  readStart?(): unknown;
}

export class TlsClose {
  readonly #socket: TLSSocket;
  readonly #wire: CountingWire;
  /** Bytes received by the wire before this turn of the event loop. */
  #read = 0;
  #isWatching = false;
  #isStopped = false;

  private constructor(socket: TLSSocket, wire: CountingWire) {
    this.#socket = socket;
    this.#wire = wire;
  }

  /** Null for a socket without TLS. */
  static of(socket: Wire): TlsClose | null {
    const wire = wires.get(socket);
    return wire === undefined ? null : new TlsClose(socket as TLSSocket, wire);
  }

  /** Called for each piece of a body that extends to the end of the connection. */
  onBytes(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#handle?.readStop?.();
    setImmediate(() => {
      this.#isStopped = false;
      this.#handle?.readStart?.();
      if (!this.#isWatching) this.#onTurn();
    });
  }

  /** At the end of the stream: whether TLS was closed, and not only the wire. */
  get isOrderly(): boolean {
    if (this.#isStopped) return true;
    const read = this.#wire.bytesRead - this.#read;
    return read > 0 && read <= largestAlert(this.#socket);
  }

  /** Runs once in each turn until the end. The timer is unreferenced, so that the event loop can sleep. */
  readonly #onTurn = (): void => {
    this.#read = this.#wire.bytesRead;
    this.#isWatching = !this.#socket.destroyed;
    if (this.#isWatching) setImmediate(this.#onTurn).unref();
  };

  get #handle(): Handle | null {
    return (this.#socket as unknown as { readonly _handle: Handle | null })._handle;
  }
}

/** Maximum size of a record with an alert. */
function largestAlert(socket: TLSSocket): number {
  const { standardName, version } = socket.getCipher();
  const tag = standardName.endsWith('CCM_8') ? 8 : 16;
  if (version === 'TLSv1.3') return RECORD_HEAD + ALERT + 1 + tag;
  if (standardName.includes('CHACHA20')) return RECORD_HEAD + ALERT + tag;
  if (/GCM|CCM/.test(standardName)) return RECORD_HEAD + 8 + ALERT + tag;
  return PADDED_ALERT;
}
