/** The global parameters of a script, validated and complete, times in milliseconds. */
import type {
  Advertised,
  Asking,
  Avoidance,
  BlacklistDefinition,
  ListenOptions,
  Protocol,
  StreamLimits,
  WebSocketRules,
} from '../sip/index.ts';

/** A destination of the log. */
export interface LogConsumer {
  readonly enabled: boolean;
  readonly format: 'plain_text' | 'json' | 'json_cee';
  /** Its own limit in addition to log_level, or null. */
  readonly level: number | null;
}

/** The settings of a script. */
export interface Settings {
  readonly logLevel: number;
  readonly xlogLevel: number;
  readonly xlogPrintLevel: number;
  readonly xlogForceColor: boolean;
  readonly logPrefix: string;
  readonly stderror: LogConsumer;
  readonly syslog: LogConsumer & { readonly facility: string; readonly name: string };
  readonly sockets: readonly ListenAddress[];
  readonly tcp: Partial<StreamLimits>;
  readonly tcpAcceptAliases: boolean;
  /** The branch flag of branches that may use open connections only, or null. */
  readonly connectedOnlyFlag: string | null;
  readonly names: Asking;
  /** Lists of destinations that get no requests. */
  readonly blacklists: readonly BlacklistDefinition[];
  /** How targets that failed are avoided; null: not at all. */
  readonly avoidance: Avoidance | null;
  readonly multihomed: boolean;
  /** The values of `$argv(name)`. */
  readonly argv: ReadonlyMap<string, string>;
  readonly udpWorkers: number;
  readonly aliases: readonly string[];
  readonly maxWhileLoops: number;
  /** In ms; Infinity: unlimited. */
  readonly scriptTimeLimit: number;
  /** The URL of the store that several servers share, or null. */
  readonly store: string | null;
  readonly enableAsserts: boolean;
  readonly disable503Translation: boolean;
  /** Null: responses are dropped unless the script calls forward(). */
  readonly disableStatelessForwarding: boolean | null;
  /** Whether other addresses of a destination are tried if one does not answer. */
  readonly dnsFailover: boolean;
  /** User-Agent of generated requests; null: the default. */
  readonly userAgent: string | null;
  /** A whole header line for replies, or null. */
  readonly serverHeader: string | null;
}

/** `udp:127.0.0.1:5060` */
export interface ListenAddress {
  readonly transport: Protocol;
  readonly host: string;
  readonly port: number;
  /** The advertised host; null: its own address. */
  readonly advertised: Advertised | null;
  /** `tag NAME`: the value of `$socket_in(tag)`. */
  readonly tag?: string | null;
  /** For a WebSocket: what it asks of handshakes. Default: as without parameters. */
  readonly webSocket?: WebSocketRules | undefined;
  /** Addresses whose connections begin with a PROXY header; null: none. */
  readonly proxies?: ListenOptions['proxies'];
}
