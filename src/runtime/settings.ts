/** The global parameters of a script as the server uses them: checked, complete, in milliseconds. */
import type { Advertised, Asking, Protocol, TcpLimits } from '../sip/index.ts';

/** Where the log goes, and what of it. */
export interface LogConsumer {
  readonly enabled: boolean;
  readonly format: 'plain_text' | 'json' | 'json_cee';
  /** Beside log_level; null: that alone counts. */
  readonly level: number | null;
}

/** What the settings of a script come to. */
export interface Settings {
  readonly logLevel: number;
  readonly xlogLevel: number;
  readonly xlogPrintLevel: number;
  readonly xlogForceColor: boolean;
  readonly logPrefix: string;
  readonly stderror: LogConsumer;
  readonly syslog: LogConsumer & { readonly facility: string; readonly name: string };
  readonly sockets: readonly ListenAddress[];
  readonly tcp: Partial<TcpLimits>;
  readonly tcpAcceptAliases: boolean;
  readonly names: Asking;
  readonly multihomed: boolean;
  /** What `$argv(name)` reads. */
  readonly argv: ReadonlyMap<string, string>;
  readonly udpWorkers: number;
  readonly aliases: readonly string[];
  readonly maxWhileLoops: number;
  /** In ms; Infinity for none. */
  readonly scriptTimeLimit: number;
  readonly enableAsserts: boolean;
  readonly disable503Translation: boolean;
  /** Null: dropped unless the script calls forward(). */
  readonly disableStatelessForwarding: boolean | null;
  /** Other addresses of a destination are tried where one does not answer. */
  readonly dnsFailover: boolean;
  /** The value of the User-Agent header of own requests; null: the usual one. */
  readonly userAgent: string | null;
  /** A whole header line for replies, or null for none. */
  readonly serverHeader: string | null;
}

/** `udp:127.0.0.1:5060` */
export interface ListenAddress {
  readonly transport: Protocol;
  readonly host: string;
  readonly port: number;
  /** The advertised host; null: its own address. */
  readonly advertised: Advertised | null;
  /** `tag NAME`: what `$socket_in(tag)` gives. */
  readonly tag?: string | null;
}
