/** A server on a simulated network, with simulated REST services and a simulated clock around it. */
import { restConnect } from '../modules/index.ts';
import { isIP, isIPv6, NameResolver } from '../net/index.ts';
import { RestClient, RestShared } from '../rest/index.ts';
import { handlerWatch } from '../routing/index.ts';
import type { SocketSource } from '../runtime/index.ts';
import { DnsNames, defaultPort, parseMessage, type SipMessage } from '../sip/index.ts';
import { memoryBudgets, timersOf } from '../timers/index.ts';
import { type Loaded, ProcessHost, RunningServer, ServerLogs } from '../workers/index.ts';
import { writeCoverage } from './coverage.ts';
import { type LogLine, LogLines } from './log-lines.ts';
import { type NameRecords, SimulatedNames } from './names.ts';
import {
  type Carried,
  isSimulated,
  type Place,
  SimulatedNetwork,
  type SimulatedProtocol,
} from './network.ts';
import { Phone } from './phone.ts';
import { readPlace } from './phone-address.ts';
import { RealWaits } from './real-waits.ts';
import { Services } from './services.ts';
import { simulatedFetch } from './simulated-fetch.ts';
import { takeGlobals } from './simulated-globals.ts';
import { SimulationError } from './simulation-error.ts';
import type { PhoneSettings, SimulationOptions } from './simulation-options.ts';
import { TestClock } from './test-clock.ts';
import { type FlowPattern, Trace } from './trace.ts';
import type { Weather } from './weather.ts';

/** The server's name in traces. */
const serverName = 'siprest';

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::';

/** Of the simulated machine, in bytes. */
const memorySize = { heap: 2 ** 31, machine: 2 ** 33 };

/** Those of Node's fetch(), in ms. */
const fetchTimes = { timeout: 300_000, connectTimeout: 10_000 };

/** Limit on problems that are told at once. */
const mostTold = 5;

/** A simulation: everything around a server, and the server. {@link simulate} starts one. */
export class Simulation {
  /** Its clock. */
  readonly clock: TestClock;
  /** REST services. */
  readonly services: Services;
  /** Names that the name server knows. */
  readonly names: SimulatedNames;
  /** All that was sent. */
  readonly trace = new Trace();
  /** For sockets that do what a test says byte by byte. @internal */
  readonly network: SimulatedNetwork;
  readonly #resolver: NameResolver;
  readonly #host: ProcessHost;
  readonly #log = new LogLines();
  readonly #realWaits = new RealWaits();
  readonly #phones: Phone[] = [];
  /** Names of participants by their addresses and ports. */
  readonly #participants = new Map<string, string>();
  /** Addresses of phones by their host names. */
  readonly #hosts = new Map<string, string>();
  readonly #problems: string[] = [];
  readonly #isLocal: boolean;
  /** Gives the real globals back. */
  #restoreGlobals: () => void = () => undefined;
  #server: RunningServer | null = null;
  #places = 10;
  #serviceAddresses = 0;
  #isClosed = false;

  private constructor(loaded: Loaded, options: SimulationOptions) {
    const { date, weather = {}, names = {}, services = {} } = options;
    this.clock = new TestClock(date);
    this.clock.check(() => this.#check());
    this.clock.explain = () => this.#story();
    this.clock.isWorking = () => this.#realWaits.isWorking;
    const clock = this.clock.source;
    this.network = new SimulatedNetwork(clock);
    this.network.weather = weather;
    this.network.onCarried = (carried) => this.#carried(carried);
    this.services = new Services(this.clock, () => this.network.weather.latency ?? 1, {
      sent: (from, host, summary, text) =>
        this.#add(
          from === 'client' ? serverName : host,
          from === 'client' ? host : serverName,
          summary,
          text,
        ),
      unexpected: (what) => this.#problems.push(what),
    });
    this.names = new SimulatedNames(clock, (name) => this.#addressesOf(name));
    for (const [name, records] of Object.entries(names)) this.names.set(name, records);
    for (const [host, behaviour] of Object.entries(services)) this.services.on(host, behaviour);
    this.#isLocal = loaded.program.settings.sockets.every(
      ({ host }) => isLoopback(host) || host === 'localhost',
    );
    this.#resolver = new NameResolver({ clock, client: this.names.client, hostsFile: '', resolvConf: '' });
    this.#host = this.#createHost();
  }

  /** @internal */
  static async start(loaded: Loaded, options: SimulationOptions): Promise<Simulation> {
    const simulation = new Simulation(loaded, options);
    if (options.globals === true) simulation.#takeGlobals();
    try {
      await simulation.#begin(loaded, options);
    } catch (error) {
      simulation.#restoreGlobals();
      throw error;
    }
    return simulation;
  }

  async #begin(loaded: Loaded, { queueLimit, queueTimeout }: SimulationOptions): Promise<void> {
    const starting = RunningServer.start(loaded, { queueLimit, queueTimeout }, { host: this.#host });
    let server: RunningServer | null = null;
    let failure: unknown = null;
    void starting.then(
      (started) => {
        server = started;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    // startup_route may wait
    await this.clock.until(
      () => server !== null || failure !== null,
      () => 'the start of the server',
    );
    if (failure !== null) throw failure;
    this.#server = server;
  }

  #takeGlobals(): void {
    const clock = this.clock.source;
    const shared = new RestShared({ clock, connect: this.services.connect, resolver: this.#resolver });
    this.#restoreGlobals = takeGlobals(clock, simulatedFetch(new RestClient({ shared, ...fetchTimes })));
  }

  /** The server's sockets, such as `udp:127.0.0.1:5060`. */
  get sockets(): readonly string[] {
    return this.#host.sockets.map(({ name }) => name);
  }

  /** Lines that the server and the script have logged, of all levels up to the script's. */
  get log(): readonly LogLine[] {
    return this.#log.lines;
  }

  /** What the script has printed by xlog(). */
  get printed(): readonly string[] {
    return this.#log.lines.flatMap(({ origin, text }) => (origin === 'script' ? text : []));
  }

  /** Delay, loss and order of messages from now on. */
  set weather(weather: Weather) {
    this.network.weather = weather;
  }

  /** A figure of the server, such as `transactions`; 0 for an unknown name. */
  figure(name: string): ReturnType<ProcessHost['figure']> {
    return this.#host.figure(name);
  }

  /** A phone that calls. Its name is the user of its address, `sip:alice@home.example`, or all of it. */
  caller(name = 'alice', { uri, transport }: PhoneSettings = {}): Phone {
    const isUri = name.startsWith('sip:') || name.startsWith('sips:');
    const user = isUri ? (/^sips?:([^@;]+)@/.exec(name)?.[1] ?? name) : name;
    return this.#newPhone({
      name: user,
      protocol: transport ?? null,
      host: null,
      port: null,
      uri: uri ?? (isUri ? name : `sip:${name}@home.example`),
    });
  }

  /**
   * A phone that is called. By default it rings and answers at once.
   * @param place `192.0.2.7`, `gw1.example:5070`, `tcp:gw1.example`, which the server reaches it by; or a name such as
   *     `bob` for one whose address is in its `contact`
   */
  callee(place = 'bob', { uri, transport }: PhoneSettings = {}): Phone {
    const { protocol, host, port, name } = readPlace(place);
    return this.#newPhone({
      name,
      protocol: transport ?? protocol,
      host,
      port,
      uri: uri ?? (host === null ? `sip:${name}@home.example` : `sip:${host}`),
    });
  }

  /** Compares all that was sent, in order, with what is expected; see {@link Trace.expect}. */
  expectFlow(...patterns: readonly FlowPattern[]): void {
    this.#check();
    this.trace.expect(patterns);
  }

  /**
   * Stops the server, and lets pending work end.
   * @throws SimulationError if something unexpected was sent
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#stop();
    } finally {
      this.#realWaits.close();
      this.#restoreGlobals();
    }
    for (const phone of this.#phones) phone.close();
    writeCoverage();
    this.#check();
  }

  async #stop(): Promise<void> {
    let isOver = false;
    const stopping = this.#server?.stop({ grace: 0 }).finally(() => {
      isOver = true;
    });
    if (stopping === undefined) return;
    await this.clock.until(
      () => isOver,
      () => 'the end of the server',
    );
    await stopping;
  }

  /** {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #check(): void {
    this.#problems.push(...this.#realWaits.refusals());
    if (this.#problems.length === 0) return;
    const problems = this.#problems.splice(0);
    const told = problems.slice(0, mostTold).join('\n');
    const more = problems.length > mostTold ? `\nand ${problems.length - mostTold} more` : '';
    throw new SimulationError(`${told}${more}\n\n${this.trace.ladder()}\n`);
  }

  /** What has gone wrong by the log, and all that was sent. */
  #story(): string {
    const errors = this.#log.lines.flatMap(({ level, text }) => (level === 'error' ? `\n  ${text}` : []));
    return `${errors.slice(-mostTold).join('')}\n\n${this.trace.ladder()}\n`;
  }

  #createHost(): ProcessHost {
    const clock = this.clock.source;
    const logs = new ServerLogs({ logFormat: 'json', writeLog: (line) => this.#log.add(line) }, clock);
    const host = new ProcessHost({
      clock,
      logs,
      names: new DnsNames({ clock, resolver: this.#resolver }),
      memory: memoryBudgets(1, memorySize),
      socketSource: this.#socketSource(),
      isSimulated: true,
    });
    host.states.set(handlerWatch, this.#realWaits);
    host.states.set(restConnect, { connect: this.services.connect });
    return host;
  }

  #socketSource(): SocketSource {
    return {
      addresses: async (host) => [this.#ownAddress(host)],
      listen: async (protocol, { address, port, onMessage }) => {
        if (!isSimulated(protocol)) throw new SimulationError(`a simulation has no sockets for ${protocol}`);
        const socket = this.network.open(protocol, address, port, onMessage);
        this.#participants.set(placeKey(protocol, socket.local), serverName);
        return socket;
      },
      sourceTowards: () => this.#host.sockets[0]?.transport.local.address ?? null,
    };
  }

  /** The address of a socket: that of the machine for a name, an interface or all addresses. */
  #ownAddress(host: string): string {
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    if (isIP(bare) !== 0 && !isWildcard(bare)) return bare;
    if (bare === 'localhost') return '127.0.0.1';
    return bare === '::' ? '2001:db8::1' : '192.0.2.1';
  }

  #addressesOf(name: string): NameRecords | undefined {
    const phone = this.#hosts.get(name);
    if (phone !== undefined) return [phone];
    if (this.services.hasHost(name)) {
      const address = `198.51.100.${1 + (this.#serviceAddresses++ % 250)}`;
      this.names.set(name, [address]);
      return [address];
    }
    this.#problems.push(
      `unexpected lookup of ${name}: use callee('${name}'), services.on('${name}', ...) or names.set('${name}', 'unknown')`,
    );
    return undefined;
  }

  #newPhone({
    name,
    protocol: wanted,
    host,
    port,
    uri,
  }: {
    readonly name: string;
    readonly protocol: SimulatedProtocol | null;
    readonly host: string | null;
    readonly port: number | null;
    readonly uri: string;
  }): Phone {
    const socket =
      this.#host.sockets.find(({ transport }) => wanted === null || transport.protocol === wanted) ??
      this.#host.sockets[0];
    if (socket === undefined) throw new SimulationError('the server has no socket');
    const server = socket.transport.local;
    const protocol = wanted ?? (isSimulated(socket.transport.protocol) ? socket.transport.protocol : 'udp');
    const address = host !== null && isIP(host) !== 0 ? host : this.#newAddress(host, server);
    if (host !== null && isIP(host) === 0) this.#hosts.set(host, address);
    const phone = new Phone(this.network, this.clock, timersOf(this.clock.source), {
      name,
      uri,
      protocol,
      place: { address, port: port ?? defaultPort(protocol) },
      server,
    });
    this.#phones.push(phone);
    this.#participants.set(placeKey(protocol, phone.place), name);
    return phone;
  }

  /** An unused address in the network of the server, or that of a phone on another port of the same host. */
  #newAddress(host: string | null, server: Place): string {
    const known = host === null ? undefined : this.#hosts.get(host);
    if (known !== undefined) return known;
    const number = this.#places++;
    if (this.#isLocal) return `127.0.1.${number}`;
    return isIPv6(server.address) ? `2001:db8::${number.toString(16)}` : `192.0.2.${number}`;
  }

  #carried({ protocol, from, to, data, fate }: Carried): void {
    this.clock.touch();
    const message = parseMessage(data, { ...from, transport: protocol });
    const [source, sink] = [this.#nameOf(protocol, from), this.#nameOf(protocol, to)];
    if (message.kind === 'malformed' && message.keepAlive) return;
    const summary = message.kind === 'malformed' ? '(not SIP)' : summaryOf(message);
    this.#add(source, sink, summary, data.toString('latin1'), fate !== 'arrives');
    const isKnown = this.#participants.has(placeKey(protocol, to));
    if (fate === 'nobody' && !isKnown && source === serverName)
      this.#problems.push(
        `unexpected request: ${summary} to ${protocol}:${to.address}:${to.port}: use callee('${to.address}:${to.port}')`,
      );
  }

  #nameOf(protocol: SimulatedProtocol, place: Place): string {
    return this.#participants.get(placeKey(protocol, place)) ?? `${place.address}:${place.port}`;
  }

  #add(from: string, to: string, summary: string, text: string, isLost = false): void {
    this.trace.add({ at: this.clock.now, from, to, summary, text, isLost });
  }
}

const placeKey = (protocol: string, { address, port }: Place): string => `${protocol} ${address} ${port}`;

function summaryOf(message: SipMessage): string {
  if (message.kind === 'request') return `${message.method} ${message.requestUri}`;
  return `${message.status} ${message.reason} (${message.method})`;
}
