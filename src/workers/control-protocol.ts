/** The questions that a server answers on its control socket, and how it identifies itself. */

export const CONTROL_COMMANDS = ['status', 'reload', 'identity'] as const;
export type ControlCommand = (typeof CONTROL_COMMANDS)[number];

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

/** The location of a server's control socket. */
export interface ControlPlace {
  /** Default: one below `$XDG_RUNTIME_DIR`, else below the folder for temporary files. */
  readonly directory?: string | undefined;
  /** The name of the server; letters, digits, `_` and `-`. */
  readonly name?: string | undefined;
  /** The whole path of the socket, instead of the other two. */
  readonly path?: string | undefined;
}

/** Options of the control socket, for `siprest status` and `siprest reload`. */
export interface ControlOptions extends ControlPlace {
  /** Reloads for `siprest reload`; resolves to the answer, as JSON. */
  readonly reload: () => Promise<unknown>;
}
