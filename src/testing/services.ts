/** REST services of a simulation: the server's real HTTP client speaks to them over connections in memory. */
import type { Connect, ConnectTarget, ExpectedServer, Wire } from '../net/index.ts';
import { stackOf } from '../runtime/index.ts';
import { HttpReader, type ReadRequest } from './http-reader.ts';
import {
  answerBytes,
  type ServiceAnswer,
  type ServiceRequest,
  type ServiceResponder,
} from './service-answers.ts';
import type { TestClock } from './test-clock.ts';
import { SimulatedWire } from './wire.ts';

/** By method and path, such as `GET /accounts/alice`; `*` at the end of a path stands for any rest. */
export type ServiceRoutes = Readonly<Record<string, ServiceResponder>>;

/**
 * Connections are refused, are never established, or are established after which TLS, or everything, hangs.
 */
export type NoConnection = 'refused' | 'unreachable';

/** Options of a service. */
export interface ServiceOptions {
  /** The state of its certificate. Default `valid`. */
  readonly certificate?: 'valid' | 'expired' | 'wrong-name' | 'unknown-authority' | 'self-signed' | undefined;
}

/** What the kit learns from services. */
export interface ServiceEvents {
  /** A request or an answer goes over a connection. */
  readonly sent: (from: 'client' | 'service', host: string, summary: string, text: string) => void;
  /** Something that no service expects. */
  readonly unexpected: (what: string) => void;
}

const refusals: Readonly<Record<NonNullable<ServiceOptions['certificate']>, string | null>> = {
  valid: null,
  expired: "the server's certificate is refused: it has expired (CERT_HAS_EXPIRED)",
  'wrong-name': 'the certificate is for another name',
  'unknown-authority':
    "the server's certificate is refused: its CA is unknown (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
  'self-signed': "the server's certificate is refused: it is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)",
};

/** How large a part of a message a trace keeps, in characters. */
const mostText = 10_000;

const isRoutes = (behaviour: ServiceBehaviour): behaviour is ServiceRoutes =>
  typeof behaviour === 'object' && Object.keys(behaviour).some((key) => /^[A-Z*]+ \//.test(key));

/** What a service does. */
export type ServiceBehaviour = ServiceResponder | ServiceRoutes | NoConnection;

/** A REST service. */
export class Service {
  /** Its host, and its port if it has only one. */
  readonly host: string;
  /** Behaves like this from now on. @internal */
  behaviour: ServiceBehaviour;
  /** @internal */
  options: ServiceOptions;
  readonly #requests: ServiceRequest[] = [];
  readonly #clock: TestClock;
  readonly #events: ServiceEvents;
  #taken = 0;
  #connections = 0;

  /** @internal */
  constructor(
    host: string,
    behaviour: ServiceBehaviour,
    options: ServiceOptions,
    clock: TestClock,
    events: ServiceEvents,
  ) {
    this.host = host;
    this.behaviour = behaviour;
    this.options = options;
    this.#clock = clock;
    this.#events = events;
  }

  /** All requests, in order. */
  get requests(): readonly ServiceRequest[] {
    return this.#requests;
  }

  /** How many connections were established. */
  get connections(): number {
    return this.#connections;
  }

  /** The next request that no call has returned yet; lets time pass until it arrives. */
  async request(): Promise<ServiceRequest> {
    await this.#clock.until(
      () => this.#requests.length > this.#taken,
      () => `a request to ${this.host}`,
    );
    const next = this.#requests[this.#taken++];
    if (next === undefined) throw new TypeError('the request that has arrived is missing');
    return next;
  }

  /** Whether a client accepts its certificate. @internal */
  certify({ verifyPeer, verifyHost }: ExpectedServer): string | null {
    const { certificate = 'valid' } = this.options;
    const matters = certificate === 'wrong-name' ? verifyHost : verifyPeer;
    return matters ? refusals[certificate] : null;
  }

  /** Serves a connection. @internal */
  accept(wire: SimulatedWire): void {
    const connection = ++this.#connections;
    wire.on('error', () => undefined);
    const reader = new HttpReader({
      onExpectation: () => wire.write('HTTP/1.1 100 Continue\r\n\r\n'),
      onGarbage: (start) => {
        this.#events.unexpected(`${this.host} got what is not HTTP/1: ${JSON.stringify(start)}`);
        wire.destroy();
      },
      onRequest: (request) => void this.#answer(wire, connection, request),
    });
    wire.on('data', (data: Buffer) => reader.push(data));
    wire.on('end', () => wire.end());
  }

  async #answer(wire: SimulatedWire, connection: number, read: ReadRequest): Promise<void> {
    const url = new URL(URL.canParse(read.target, 'http://service') ? read.target : '/', 'http://service');
    const request: ServiceRequest = {
      ...read,
      path: url.pathname,
      query: url.searchParams,
      headers: new Headers(read.headerList.map(([name, value]) => [name, value])),
      json: () => JSON.parse(read.body) as unknown,
      connection,
      at: this.#clock.now,
    };
    this.#requests.push(request);
    const { method, target, version, headerList, body } = request;
    const lines = headerList.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.#events.sent(
      'client',
      this.host,
      `${method} ${target}`,
      `${method} ${target} ${version}\r\n${lines}\r\n${body}`.slice(0, mostText),
    );
    const responder = this.#responderOf(request);
    if (responder === null) {
      wire.destroy();
      return;
    }
    let answer: ServiceAnswer;
    try {
      answer = typeof responder === 'function' ? await responder(request) : responder;
    } catch (error) {
      this.#events.unexpected(
        `the responder of ${this.host} failed for ${method} ${target}: ${stackOf(error)}`,
      );
      wire.destroy();
      return;
    }
    this.#clock.touch();
    this.#send(wire, answer, method);
  }

  /** Null, which has been reported, if there is none. */
  #responderOf({ method, path, target }: ServiceRequest): ServiceResponder | null {
    const { behaviour } = this;
    if (behaviour === 'refused' || behaviour === 'unreachable') return 'closes';
    if (!isRoutes(behaviour)) return behaviour;
    for (const [route, responder] of Object.entries(behaviour)) {
      const [wanted = '', place = ''] = route.split(' ', 2);
      if (wanted !== '*' && wanted !== method) continue;
      const whole = place.includes('?') ? target : path;
      if (place.endsWith('*') ? whole.startsWith(place.slice(0, -1)) : whole === place) return responder;
    }
    this.#events.unexpected(
      `unexpected request: ${method} ${target} to ${this.host}; expected: ${Object.keys(behaviour).join(', ')}`,
    );
    return null;
  }

  #send(wire: SimulatedWire, answer: ServiceAnswer, method: string): void {
    if (answer === 'hangs') return;
    if (answer === 'closes' || answer === 'resets') {
      this.#events.sent('service', this.host, answer === 'closes' ? '(closes)' : '(resets)', '');
      if (answer === 'closes') wire.destroy();
      else wire.resetAndDestroy();
      return;
    }
    const { after = 0, cutAfter, then = cutAfter === undefined ? 'keep' : 'close', dripping } = answer;
    const all = answerBytes(answer, method);
    const bytes = cutAfter === undefined ? all : all.subarray(0, cutAfter);
    const begin = () => {
      const text = bytes.toString('latin1', 0, mostText);
      const [, summary = '(bytes)'] = /^HTTP\/\S+ (\d{3}[^\r\n]*)/.exec(text) ?? [];
      this.#events.sent('service', this.host, summary, text);
      const headEnd = bytes.indexOf('\r\n\r\n') + 4;
      if (dripping === undefined || headEnd < 4) {
        wire.write(bytes, () => end(wire, then));
        return;
      }
      wire.write(bytes.subarray(0, headEnd));
      this.#drip(wire, bytes.subarray(headEnd), dripping, () => end(wire, then));
    };
    if (after > 0) this.#clock.source.setTimer(after, begin);
    else begin();
  }

  #drip(wire: SimulatedWire, rest: Buffer, interval: number, done: () => void): void {
    if (rest.length === 0 || wire.destroyed) {
      done();
      return;
    }
    this.#clock.source.setTimer(interval, () => {
      if (!wire.destroyed) wire.write(rest.subarray(0, 1));
      this.#drip(wire, rest.subarray(1), interval, done);
    });
  }
}

function end(wire: SimulatedWire, then: 'keep' | 'close' | 'reset'): void {
  if (then === 'close') wire.end();
  else if (then === 'reset') wire.resetAndDestroy();
}

const connectError = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

/** The services of a simulation, by host, or by host and port. */
export class Services {
  readonly #services = new Map<string, Service>();
  readonly #clock: TestClock;
  readonly #events: ServiceEvents;
  readonly #latency: () => number;
  #ports = 50_000;

  /** @internal */
  constructor(clock: TestClock, latency: () => number, events: ServiceEvents) {
    this.#clock = clock;
    this.#latency = latency;
    this.#events = events;
  }

  /**
   * Says what a service does; a later call for the same host replaces that.
   * @param host a name or address, for all ports, or with a port
   */
  on(host: string, behaviour: ServiceBehaviour, options: ServiceOptions = {}): Service {
    const key = host.toLowerCase();
    const known = this.#services.get(key);
    if (known !== undefined) {
      known.behaviour = behaviour;
      known.options = options;
      return known;
    }
    const service = new Service(key, behaviour, options, this.#clock, this.#events);
    this.#services.set(key, service);
    return service;
  }

  /** Whether a host has a service at any port. @internal */
  hasHost(host: string): boolean {
    return [...this.#services.keys()].some((key) => key === host || key.startsWith(`${host}:`));
  }

  /** Opens connections to the services. @internal */
  readonly connect: Connect = (target) => {
    const { hostname, address, port } = target;
    const service =
      this.#services.get(`${hostname}:${port}`) ??
      this.#services.get(hostname) ??
      this.#services.get(`${address}:${port}`) ??
      this.#services.get(address);
    if (service === undefined) {
      this.#events.unexpected(
        `unexpected connection to ${hostname}:${port}: use services.on('${hostname}:${port}', ...)`,
      );
      return this.#failing(target, 'ECONNREFUSED');
    }
    if (service.behaviour === 'refused') return this.#failing(target, 'ECONNREFUSED');
    if (service.behaviour === 'unreachable') return this.#pair(target, service)[0];
    const [ours, theirs] = this.#pair(target, service);
    this.#clock.source.setTimer(this.#latency(), () => {
      if (ours.destroyed) return;
      service.accept(theirs);
      ours.emit('connect');
    });
    return ours;
  };

  #failing(target: ConnectTarget, code: string): Wire {
    const [ours] = this.#pair(target, null);
    this.#clock.source.setTimer(this.#latency(), () => ours.destroy(connectError(code)));
    return ours;
  }

  #pair({ address, port }: ConnectTarget, service: Service | null) {
    const localPort = this.#ports++;
    const common = {
      clock: this.#clock.source,
      latency: this.#latency(),
      touch: () => this.#clock.touch(),
      certify: (expected: ExpectedServer) => service?.certify(expected) ?? null,
    };
    return SimulatedWire.pair(
      { ...common, remoteAddress: address, remotePort: port, localPort },
      { ...common, remoteAddress: '', remotePort: localPort, localPort: port },
    );
  }
}
