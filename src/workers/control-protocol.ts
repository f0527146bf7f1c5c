/** How a server identifies itself on its control socket, and what that needs. */

/** The identity of a server, and its unfinished work. */
export interface ServerIdentity {
  readonly pid: number;
  /** The name given by `run --name`. */
  readonly name: string | null;
  readonly state: 'running' | 'stopping';
  /** `udp:127.0.0.1:5060` */
  readonly sockets: readonly string[];
  /** Number of calls being set up, pending requests and running scripts. */
  readonly unfinished: number;
  /** Remaining time for these while it stops, in s; null while it runs. */
  readonly graceLeft: number | null;
}

/** What a reload has done. */
export interface ReloadResult {
  /** Whether the new script is in force. */
  readonly reloaded: boolean;
  /** What was done, or why not, for people. */
  readonly message: string;
}

/** The location of a server's control socket. */
export interface ControlPlace {
  /** Default: one below `$XDG_RUNTIME_DIR`, else below the folder for temporary files. */
  readonly directory?: string | undefined;
  /** The name of the server; letters, digits, `_` and `-`. */
  readonly name?: string | undefined;
  /** The whole path of the socket, instead of the other two. */
  readonly path?: string | undefined;
}

/** Options of the control socket, for `siprest status`, `siprest reload` and `siprest mi`. */
export interface ControlOptions extends ControlPlace {
  /** Reloads for `siprest reload` and the command `reload_routes`. */
  readonly reload: () => Promise<ReloadResult>;
  /** Stops for the command `kill`. Default: stops the server. */
  readonly stop?: (() => void) | undefined;
}
