/** The public interface of a running server, of one process or several. */
import type { HttpAddress } from '../observe/index.ts';
import type { Policy } from '../routing/index.ts';
import type { Log, TraceOptions } from '../runtime/index.ts';
import type { ControlOptions } from './control-protocol.ts';
import type { LoadedPolicy } from './load-policy.ts';
import type { LoadedScript } from './load-script.ts';
import type { LogDestinations } from './server-logs.ts';
import type { ServerStatus } from './status.ts';

/** Options of one process. */
export interface ProcessOptions extends LogDestinations {
  /** Maximum number of messages that wait for a worker in each process. Default 10,000. */
  readonly queueLimit?: number | undefined;
  /** How long a new request may wait for a worker before it is refused, in ms. Default 4,000. */
  readonly queueTimeout?: number | undefined;
  /** Traces calls by OpenTelemetry; needs the package `@opentelemetry/api` and an SDK. Default: none are traced. */
  readonly traces?: TraceOptions | undefined;
  /**
   * Redis, where several servers keep what they share, as a URL (docs/cluster.md); needs the package `@redis/client`. Default:
   * the global parameter `store`, if any.
   */
  readonly store?: string | undefined;
  /** How long to wait at the start for a port that another program uses, in ms. Default 0. */
  readonly waitForPort?: number | undefined;
}

/** The program of further processes. */
export interface MemberProgram {
  /** A program that calls `runMember()` when it has these arguments. */
  readonly path: string;
  readonly arguments: readonly string[];
}

export interface ServerOptions extends ProcessOptions {
  /** Number of serving processes, up to 64, which share `udp_workers`. Default 1: this process. */
  readonly processes?: number | undefined;
  /** The program of several processes. Default: siprest's own. @internal */
  readonly program?: MemberProgram | undefined;
  /** Opens a control socket for `siprest status` and `siprest reload`. Default: none. */
  readonly control?: ControlOptions | undefined;
  /** Serves health, metrics and the live page over HTTP at this address. Default: none. */
  readonly http?: HttpAddress | undefined;
}

/** Options for stopping. */
export interface StopOptions {
  /**
   * Time for calls being set up and running scripts to end, in ms. New requests are answered 503 meanwhile. Default
   * 30,000.
   */
  readonly grace?: number | undefined;
}

/** Default of {@link StopOptions}, in ms. */
export const defaultGrace = 30_000;

/** A running server, of one process or several. */
export interface SipServer {
  /** The open sockets, such as `udp:127.0.0.1:5060`; a port of 0 is shown as the chosen port. */
  readonly sockets: readonly string[];
  /** The log of the current script; with several processes, the supervisor's. */
  readonly log: Log;
  /** The figures of each process and of all together. A process that does not answer within a second is left out. */
  status(): Promise<ServerStatus>;
  /**
   * Why new calls should go elsewhere: `stopping`, `overloaded` (a process refused a request in the last 5 s), or
   * `no process answers`; null if the server takes them. Cheaper than {@link SipServer.status}.
   */
  whyNotReady(): Promise<string | null>;
  /**
   * Replaces the script or policy: new requests run the new one, existing calls keep theirs until they end. Sockets of both
   * scripts stay open. Rejects with a {@link StartError} if the new script cannot start; the server then continues as
   * before.
   */
  reload(script: LoadedScript | LoadedPolicy | Policy): Promise<void>;
  /**
   * Refuses new requests, lets calls being set up and running scripts end for up to `grace` ms, then closes everything.
   * The sockets stay open until then.
   */
  stop(options?: StopOptions): Promise<void>;
  /** {@link stop} with its defaults. */
  [Symbol.asyncDispose](): Promise<void>;
}
