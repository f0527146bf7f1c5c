/** What a running server may be asked by its control socket, and who it says it is. */

export const CONTROL_COMMANDS = ['status', 'reload', 'identity'] as const;
export type ControlCommand = (typeof CONTROL_COMMANDS)[number];

/** Who a server is, and what is left there. */
export interface ServerIdentity {
  readonly pid: number;
  /** What `run --name` calls it. */
  readonly name: string | null;
  readonly state: 'running' | 'stopping';
  /** `udp:127.0.0.1:5060` */
  readonly sockets: readonly string[];
  /** Calls that are being set up, requests in hand, and scripts that run. */
  readonly unfinished: number;
  /** How long these may still take once it stops, in s; null while it runs. */
  readonly graceLeft: number | null;
}

/** Where the control socket of a server is. */
export interface ControlPlace {
  /** Default: one below `$XDG_RUNTIME_DIR`, else below the folder for temporary files. */
  readonly directory?: string | undefined;
  /** Of the server; letters, digits, `_` and `-`. */
  readonly name?: string | undefined;
  /** The socket's whole path instead. */
  readonly path?: string | undefined;
}

/** What `siprest status` and `siprest reload` find. */
export interface ControlOptions extends ControlPlace {
  /** Does what `siprest reload` asks for; it resolves to the answer, as JSON. */
  readonly reload: () => Promise<unknown>;
}
