/** The two ends of a connection in memory, in place of sockets of node:net. */
import { Duplex } from 'node:stream';
import type { ExpectedServer } from '../net/index.ts';
import type { Clock } from '../timers/index.ts';

export interface WireOptions {
  readonly clock: Clock;
  /** How long bytes take, in ms. */
  readonly latency: number;
  /** Called for all that happens. */
  readonly touch: () => void;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** The reason why a TLS handshake fails, null if it succeeds, or `silent`. */
  readonly certify: (expected: ExpectedServer) => string | null;
}

const reset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

export class SimulatedWire extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  bytesRead = 0;
  bytesWritten = 0;
  #peer: SimulatedWire | null = null;
  /** Whether the other end has sent everything. */
  #isOver = false;
  readonly #options: WireOptions;

  private constructor(options: WireOptions, allowHalfOpen: boolean) {
    super({ allowHalfOpen });
    this.#options = options;
    this.remoteAddress = options.remoteAddress;
    this.remotePort = options.remotePort;
    this.localPort = options.localPort;
  }

  /** The client's and the server's end. */
  static pair(
    client: WireOptions,
    server: WireOptions,
  ): readonly [client: SimulatedWire, server: SimulatedWire] {
    const [ours, theirs] = [new SimulatedWire(client, false), new SimulatedWire(server, true)];
    ours.#peer = theirs;
    theirs.#peer = ours;
    return [ours, theirs];
  }

  handshake(expected: ExpectedServer, done: (refusal: string | null) => void): void {
    const { clock, latency, certify } = this.#options;
    clock.setTimer(latency, () => done(certify(expected)));
  }

  resetAndDestroy(): void {
    this.#later((peer) => peer.destroy(reset()));
    this.destroy();
  }

  override _read(): void {}

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesWritten += data.length;
    const bytes = Buffer.from(data);
    this.#later((peer) => {
      peer.bytesRead += bytes.length;
      peer.push(bytes);
    });
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#later((peer) => peer.#end());
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.#later((peer) => peer.#end());
    done(error);
  }

  #end(): void {
    this.#isOver = true;
    this.push(null);
  }

  /** Does something at the other end when it has arrived there. */
  #later(act: (peer: SimulatedWire) => void): void {
    const { clock, latency, touch } = this.#options;
    touch();
    clock.setTimer(latency, () => {
      const peer = this.#peer;
      touch();
      if (peer !== null && !peer.destroyed && !peer.#isOver) act(peer);
    });
  }
}
