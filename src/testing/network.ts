/** A network in memory: datagrams and SIP connections between addresses, delayed by the simulated clock. */
import {
  DEFAULT_LIMITS,
  type Protocol,
  type Source,
  StreamFramer,
  TRANSPORTS,
  type Transport,
} from '../sip/index.ts';
import type { Clock } from '../timers/index.ts';
import { arrivals, seededRandom, type Weather } from './weather.ts';

/** Receives the messages of a transport. */
export type Receive = (data: Buffer, source: Source, transport: Transport) => void;

/** The transports that are simulated; TLS without its handshake. */
export type SimulatedProtocol = 'udp' | 'tcp' | 'tls';

const simulated: readonly Protocol[] = ['udp', 'tcp', 'tls'] satisfies SimulatedProtocol[];

export const isSimulated = (protocol: Protocol): protocol is SimulatedProtocol =>
  simulated.includes(protocol);

/** Somebody's address and port. */
export interface Place {
  /** An IP address. */
  readonly address: string;
  /** The port. */
  readonly port: number;
}

/** A message as it was handed to the network. */
export interface Carried {
  /** When, on the clock of the simulation. */
  readonly at: number;
  readonly protocol: SimulatedProtocol;
  readonly from: Place;
  readonly to: Place;
  readonly data: Buffer;
  readonly fate: 'arrives' | 'lost' | 'nobody';
}

export const placeOf = ({ address, port }: Place): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

const errorWith = (code: string): Error => Object.assign(new Error(code), { code });

export class SimulatedNetwork {
  readonly clock: Clock;
  /** Called with each message. */
  onCarried: (carried: Carried) => void = () => undefined;
  readonly #sockets = new Map<string, SimulatedTransport>();
  #weather: Weather = {};
  #random = seededRandom(1);

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get weather(): Weather {
    return this.#weather;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    this.#random = seededRandom(weather.seed ?? 1);
  }

  /** Opens a socket. @throws an error with the code EADDRINUSE */
  open(protocol: SimulatedProtocol, address: string, port: number, receive: Receive): SimulatedTransport {
    const free = port === 0 ? this.#freePort(protocol, address) : port;
    const key = `${protocol}:${placeOf({ address, port: free })}`;
    if (this.#sockets.has(key)) throw errorWith('EADDRINUSE');
    const transport = new SimulatedTransport(this, protocol, { address, port: free }, receive, () =>
      this.#sockets.delete(key),
    );
    this.#sockets.set(key, transport);
    return transport;
  }

  /** The socket at a place, or null. */
  at(protocol: SimulatedProtocol, place: Place): SimulatedTransport | null {
    return this.#sockets.get(`${protocol}:${placeOf(place)}`) ?? null;
  }

  /** Sends a message; `done` gets an error where a connection would be refused. */
  carry(
    from: SimulatedTransport,
    to: Place,
    data: Buffer,
    arrive: (at: SimulatedTransport, data: Buffer) => void,
    done?: (error: Error | null) => void,
  ): void {
    const { protocol, local } = from;
    const isThere = this.at(protocol, to) !== null;
    const tell = (fate: Carried['fate']) =>
      this.onCarried({ at: this.clock.now(), protocol, from: local, to, data, fate });
    if (!isThere) {
      tell('nobody');
      done?.(from.reliable ? errorWith('ECONNREFUSED') : null);
      return;
    }
    const { latency = 1, damaged } = this.#weather;
    const later = (delay: number, bytes: () => Buffer) =>
      this.clock.setTimer(delay, () => {
        const there = this.at(protocol, to);
        if (there !== null) arrive(there, bytes());
      });
    if (from.reliable) {
      tell('arrives');
      for (const piece of this.#piecesOf(data)) later(latency, () => piece);
    } else {
      const delays = arrivals(this.#weather, this.#random, { data, from: placeOf(local), to: placeOf(to) });
      tell(delays.length === 0 ? 'lost' : 'arrives');
      // each receiver gets bytes of its own
      for (const delay of delays) later(delay, () => damaged?.(data) ?? Buffer.from(data));
    }
    done?.(null);
  }

  /** A stream knows no messages: each comes in one to three pieces, the same ones for the same seed. */
  #piecesOf(data: Buffer): readonly Buffer[] {
    const cuts = Array.from({ length: Math.floor(3 * this.#random()) }, () =>
      Math.floor(data.length * this.#random()),
    );
    const ends = [...cuts, data.length].toSorted((one, other) => one - other);
    return ends.map((end, i) => data.subarray(ends[i - 1] ?? 0, end)).filter(({ length }) => length > 0);
  }

  #freePort(protocol: SimulatedProtocol, address: string): number {
    let port = 40_000;
    while (this.at(protocol, { address, port }) !== null) port++;
    return port;
  }
}

/** A socket on the simulated network. Over TCP and TLS each peer has a connection, whose other end is a socket too. */
export class SimulatedTransport implements Transport {
  readonly protocol: SimulatedProtocol;
  readonly reliable: boolean;
  readonly local: Place;
  readonly #network: SimulatedNetwork;
  readonly #receive: Receive;
  readonly #onClosed: () => void;
  readonly #connections = new Map<string, SimulatedConnection>();

  constructor(
    network: SimulatedNetwork,
    protocol: SimulatedProtocol,
    local: Place,
    receive: Receive,
    onClosed: () => void,
  ) {
    this.#network = network;
    this.protocol = protocol;
    this.reliable = TRANSPORTS[protocol].reliable;
    this.local = local;
    this.#receive = receive;
    this.#onClosed = onClosed;
  }

  send(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void {
    const { local } = this;
    this.#network.carry(
      this,
      { address, port },
      Buffer.from(data),
      (there, bytes) => there.arrive(bytes, local),
      done,
    );
  }

  /** A datagram, or bytes of a connection, arrive from a place. */
  arrive(data: Buffer, { address, port }: Place): void {
    const source: Source = { address, port, transport: this.protocol };
    if (this.reliable) this.#connection(source).push(data);
    else this.#receive(data, source, this);
  }

  /** Where nobody is, a datagram is answered by an ICMP error. */
  askWhetherOpen(address: string, port: number, waiter: { connectionLost(error: Error): void }): void {
    if (this.reliable || this.#network.at(this.protocol, { address, port }) !== null) return;
    this.#network.clock.setTimer(1, () => waiter.connectionLost(errorWith('ECONNREFUSED')));
  }

  async close(): Promise<void> {
    this.#onClosed();
  }

  #connection(peer: Source): SimulatedConnection {
    const key = placeOf(peer);
    let connection = this.#connections.get(key);
    if (connection === undefined) {
      connection = new SimulatedConnection(this, peer, this.#receive, () => this.#connections.delete(key));
      this.#connections.set(key, connection);
    }
    return connection;
  }
}

/** One end of a connection: what is sent goes to its peer, whatever the address. */
class SimulatedConnection implements Transport {
  readonly protocol: SimulatedProtocol;
  readonly reliable = true;
  readonly local: Place;
  readonly listener: SimulatedTransport;
  readonly #peer: Source;
  readonly #receive: Receive;
  readonly #framer: StreamFramer;
  readonly #onBroken: () => void;

  constructor(listener: SimulatedTransport, peer: Source, receive: Receive, onBroken: () => void) {
    this.listener = listener;
    this.#receive = receive;
    this.#onBroken = onBroken;
    this.#framer = new StreamFramer(
      { header: DEFAULT_LIMITS.headerBytes, message: DEFAULT_LIMITS.messageBytes },
      {
        message: (data) => receive(data, peer, this),
        ping: () => this.send(Buffer.from('\r\n'), peer.address, peer.port),
      },
    );
    this.protocol = listener.protocol;
    this.local = listener.local;
    this.#peer = peer;
  }

  send(data: Uint8Array, _address: string, _port: number, done?: (error: Error | null) => void): void {
    const { address, port } = this.#peer;
    this.listener.send(data, address, port, done);
  }

  /** Where the next message begins is unknown after a defect: the sender gets an answer, and a new connection. */
  push(piece: Buffer): void {
    if (this.#framer.push(piece) === null) return;
    const { brokenHeader } = this.#framer;
    this.#onBroken();
    if (brokenHeader !== null) this.#receive(brokenHeader, this.#peer, this);
  }

  async close(): Promise<void> {}
}
