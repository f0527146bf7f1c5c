/** A running server as its user sees it, whether it is one process or several. */
import type { Log } from '../runtime/index.ts';
import type { ControlOptions } from './control-protocol.ts';
import type { LoadedScript } from './load-script.ts';
import type { LogDestinations } from './server-logs.ts';
import type { ServerStatus } from './status.ts';

/** Of one process. */
export interface ProcessOptions extends LogDestinations {
  /** How many messages may wait for a worker, in each process. Default 10,000. */
  readonly queueLimit?: number | undefined;
  /** How long a new request may wait for a worker before it is refused, in ms. Default 4,000. */
  readonly queueTimeout?: number | undefined;
  /** How long to wait at the start for a port that another program uses, in ms. Default 0. */
  readonly waitForPort?: number | undefined;
}

/** What further processes run. */
export interface MemberProgram {
  /** A program that calls `runMember()` when it has these arguments. */
  readonly path: string;
  readonly arguments: readonly string[];
}

export interface ServerOptions extends ProcessOptions {
  /** How many processes serve, up to 64; `udp_workers` is spread over them. Default 1: this one. */
  readonly processes?: number | undefined;
  /** What they run, if there are several. Default: a program of siprest's own. @internal */
  readonly program?: MemberProgram | undefined;
  /** Lets `siprest status` and `siprest reload` reach the server. Default: they do not. */
  readonly control?: ControlOptions | undefined;
}

/** How a server stops. */
export interface StopOptions {
  /**
   * How long calls that are being set up, and scripts that run, may take to end, in ms. New requests are answered 503
   * meanwhile. Default 30,000.
   */
  readonly grace?: number | undefined;
}

/** Of {@link StopOptions}, in ms. */
export const defaultGrace = 30_000;

/** A running server, of one process or several. */
export interface SipServer {
  /** The open sockets: `udp:127.0.0.1:5060`, with the port that a 0 became. */
  readonly sockets: readonly string[];
  /** The log of the script in force; of several processes, that of the one which starts the others. */
  readonly log: Log;
  /** The figures of each process and of all together. A process that does not answer within a second is left out. */
  status(): Promise<ServerStatus>;
  /**
   * Puts another script into force: new requests run it, calls that have begun keep theirs until they end. Sockets that
   * both scripts name stay open. Rejects with a {@link StartError} if the new script cannot start; the server then goes
   * on as before.
   */
  reload(script: LoadedScript): Promise<void>;
  /**
   * Refuses new requests, lets calls that are being set up and running scripts end for up to `grace` ms, then closes
   * everything. The sockets stay open until then.
   */
  stop(options?: StopOptions): Promise<void>;
  /** {@link stop} with its defaults. */
  [Symbol.asyncDispose](): Promise<void>;
}
