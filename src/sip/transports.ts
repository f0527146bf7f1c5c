/**
 * Everything that differs between the transports of SIP. To add one, add a row here and its code to listen.ts: a
 * transport without code can be named in URIs, Vias and sockets, but never sends.
 */

interface TransportFacts {
  /** For messages. */
  readonly label: string;
  /** Its token in a Via, after `SIP/2.0/`. */
  readonly via: string;
  /** Default port of a URI, Via or socket (RFC 3261, 18.2.2 and 19.1.2; RFC 7118, 5). */
  readonly defaultPort: number;
  /**
   * Whether a message arrives or its loss is reported: nothing is retransmitted, and replies use the request's
   * connection (RFC 3261, 17 and 18.2.2).
   */
  readonly reliable: boolean;
  /** Whether SIPS URIs may use it (RFC 3261, 26.2.2). */
  readonly secure: boolean;
  /** `stream`: only Content-Length delimits messages (RFC 3261, 18.3). */
  readonly framing: 'message' | 'stream';
  /** Its name in the `transport` parameter of SIPS URIs, if different (RFC 3261, 26.2.2; RFC 7118, 5). */
  readonly inSips: string | null;
  /**
   * Its name in the `transport` parameter of SIP URIs beside its own: browsers connected by WSS write `ws` (RFC 7118,
   * 5).
   */
  readonly alsoInSip: string | null;
  /**
   * Whether its clients listen too, so that a reply may take a new connection (RFC 3261, 18.2.2): browsers do not (RFC
   * 7118, 5).
   */
  readonly clientsListen: boolean;
  /** The prefix of its SRV names (RFC 3263, 4.1); null: only the host's addresses are looked up. */
  readonly service: string | null;
  /** Its service in NAPTR records (RFC 3263, 4.1); null: none. */
  readonly pointer: string | null;
}

/** Rows with a service are in order of preference for URIs without a transport (RFC 3263, 4.1). */
const table = {
  udp: {
    label: 'UDP',
    via: 'UDP',
    defaultPort: 5060,
    reliable: false,
    secure: false,
    framing: 'message',
    inSips: null,
    alsoInSip: null,
    clientsListen: true,
    service: '_sip._udp.',
    pointer: 'SIP+D2U',
  },
  tcp: {
    label: 'TCP',
    via: 'TCP',
    defaultPort: 5060,
    reliable: true,
    secure: false,
    framing: 'stream',
    inSips: null,
    alsoInSip: null,
    clientsListen: true,
    service: '_sip._tcp.',
    pointer: 'SIP+D2T',
  },
  tls: {
    label: 'TLS',
    via: 'TLS',
    defaultPort: 5061,
    reliable: true,
    secure: true,
    framing: 'stream',
    inSips: 'tcp',
    alsoInSip: null,
    clientsListen: true,
    service: '_sips._tcp.',
    pointer: 'SIPS+D2T',
  },
  ws: {
    label: 'WebSocket',
    via: 'WS',
    defaultPort: 80,
    reliable: true,
    secure: false,
    framing: 'message',
    inSips: null,
    alsoInSip: null,
    clientsListen: false,
    service: null,
    pointer: null,
  },
  wss: {
    label: 'secure WebSocket',
    via: 'WSS',
    defaultPort: 443,
    reliable: true,
    secure: true,
    framing: 'message',
    inSips: 'ws',
    alsoInSip: 'ws',
    clientsListen: false,
    service: null,
    pointer: null,
  },
} satisfies Readonly<Record<string, TransportFacts>>;

/** In lower case, as URIs and sockets name it. */
export type Protocol = keyof typeof table;

export const TRANSPORTS: Readonly<Record<Protocol, TransportFacts>> = table;

export const PROTOCOLS: readonly Protocol[] = Object.keys(TRANSPORTS).filter(isProtocol);

/** The default transport of a SIP URI or a socket. */
export const DEFAULT_PROTOCOL: Protocol = 'udp';
/** The default transport of a SIPS URI. */
export const DEFAULT_SECURE_PROTOCOL: Protocol = 'tls';

const byVia: ReadonlyMap<string, Protocol> = new Map(PROTOCOLS.map((name) => [TRANSPORTS[name].via, name]));
const prefixed = new RegExp(`^(?:(${PROTOCOLS.join('|')}):)?(.*)$`, 'i');

/** @param name in lower case */
export function isProtocol(name: string): name is Protocol {
  return Object.hasOwn(table, name);
}

/** The transport of a Via by its token, in any case; null for an unknown one. */
export function viaProtocol(token: string): Protocol | null {
  return byVia.get(token) ?? byVia.get(token.toUpperCase()) ?? null;
}

/** The URI parameter that selects it, such as `;transport=tcp`; '' for the default. */
export const transportParameter = (protocol: Protocol): string =>
  protocol === DEFAULT_PROTOCOL ? '' : `;transport=${protocol}`;

/** The same for a SIPS URI. */
export const secureTransportParameter = (protocol: Protocol): string =>
  protocol === DEFAULT_SECURE_PROTOCOL ? '' : `;transport=${TRANSPORTS[protocol].inSips ?? protocol}`;

/** The default port of a URI, Via or socket with this transport (in lower case, possibly unknown). */
export function defaultPort(transport: string): number {
  return TRANSPORTS[isProtocol(transport) ? transport : DEFAULT_PROTOCOL].defaultPort;
}

/** The default port of a Via with this transport token. */
export function viaDefaultPort(token: string): number {
  return TRANSPORTS[viaProtocol(token) ?? DEFAULT_PROTOCOL].defaultPort;
}

/** The transport of a SIPS URI with this `transport` parameter, in lower case; null if it is not secure. */
export function secureProtocol(parameter: string): Protocol | null {
  return (
    PROTOCOLS.find(
      (name) => TRANSPORTS[name].secure && (name === parameter || TRANSPORTS[name].inSips === parameter),
    ) ?? null
  );
}

/** The transports of a SIP URI with this `transport` parameter, in lower case, its own first. */
export const namedProtocols = (parameter: string): readonly Protocol[] =>
  PROTOCOLS.filter((name) => name === parameter || TRANSPORTS[name].alsoInSip === parameter);

/** Splits `[udp:]host[:port]`, as scripts write sockets and next hops, into the transport, if any, and the rest. */
export function splitProtocol(text: string): { readonly protocol: Protocol | null; readonly rest: string } {
  const [, name, rest = ''] = prefixed.exec(text) ?? [];
  const protocol = name?.toLowerCase() ?? '';
  return { protocol: isProtocol(protocol) ? protocol : null, rest };
}
