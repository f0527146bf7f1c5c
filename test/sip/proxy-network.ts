/** The proxy's core, a caller and callees on the network and by the clock of the test kit. */

import {
  type BranchSpec,
  buildReply,
  ProxyCore,
  type ProxyHooks,
  type ProxySettings,
  type ProxyTransaction,
  parseMessage,
  type RelayOutcome,
  type SipRequest,
  type SipResponse,
  SocketRegistry,
  sendReply,
  TransactionTable,
} from '../../src/sip/index.ts';
import {
  type Place,
  type Receive,
  SimulatedNetwork,
  type SimulatedTransport,
} from '../../src/testing/network.ts';
import { Phone } from '../../src/testing/phone.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import type { Weather } from '../../src/testing/weather.ts';
import type { TimerHandle } from '../../src/timers/clock.ts';
import { TimerWheel, timersOf } from '../../src/timers/timer-wheel.ts';

/** All hosts have the address 192.0.2.1 and differ by port. */
export const ADDRESS = '192.0.2.1';

const place = (port: number): Place => ({ address: ADDRESS, port });

/** The network and the clock of the kit, without a server. */
export class TestNetwork {
  readonly clock = new TestClock();
  readonly timers = timersOf(this.clock.source);
  readonly #network = new SimulatedNetwork(this.clock.source);
  /** Everything that was handed to the network, lost or not. */
  readonly log: { at: number; from: number; to: number; text: string }[] = [];

  constructor() {
    this.#network.onCarried = ({ from, to, data }) => {
      this.clock.touch();
      this.log.push({ at: this.clock.now, from: from.port, to: to.port, text: data.toString('latin1') });
    };
  }

  set weather(weather: Weather) {
    this.#network.weather = weather;
  }

  open(port: number, receive: Receive): SimulatedTransport {
    return this.#network.open('udp', ADDRESS, port, receive);
  }

  /** A callee at a port, with timers of its own, that answers each new request by its plan. */
  callee(
    port: number,
    plan: Plan,
    headers: (status: number) => Readonly<Record<string, string>> = () => ({}),
  ): Phone {
    const phone = new Phone(this.#network, this.clock, new TimerWheel(this.clock.source), {
      name: `callee${port}`,
      uri: `sip:callee@${ADDRESS}`,
      protocol: 'udp',
      place: place(port),
      server: place(PROXY),
    });
    let before = 0;
    const replies = plan.map(([at, status]) => {
      const after = at - before;
      before = at;
      return { status, after, headers: headers(status) };
    });
    return phone.answers(...replies).on('OPTIONS', replies);
  }

  /** A datagram arrives at once. */
  deliver(data: Buffer, from: number, to: number): void {
    this.#network.at('udp', place(to))?.arrive(data, place(from));
  }

  run(milliseconds: number): Promise<void> {
    return this.clock.advance(milliseconds);
  }
}

/** How a callee answers: [ms after the INVITE, status], in order. */
export type Plan = readonly (readonly [number, number])[];

const PROXY = 5060;
const CALLER = 5066;

export interface ProxyOptions {
  readonly hooks?: ProxyHooks<number>;
  readonly settings?: ProxySettings;
  /** Of the first round; each number is a callee's port, or several that are tried in turn. */
  readonly branches?: readonly (number | readonly number[])[];
  readonly onRelayed?: (outcome: RelayOutcome, proxy: ProxyTransaction<number>) => void;
}

/** A proxy on port 5060 that forwards the caller's requests to the callees. */
export class ProxyUnderTest {
  readonly core: ProxyCore;
  readonly table: TransactionTable;
  readonly transport: SimulatedTransport;
  /** Of the last request that was relayed. */
  proxy: ProxyTransaction<number> | null = null;
  readonly outcomes: RelayOutcome[] = [];
  readonly #options: ProxyOptions;

  constructor(network: TestNetwork, options: ProxyOptions = {}) {
    this.#options = options;
    const sockets = new SocketRegistry();
    this.core = new ProxyCore({ sockets, timers: network.timers });
    this.table = new TransactionTable({ timers: network.timers });
    this.transport = network.open(PROXY, (data, source, transport) => {
      const message = parseMessage(data, source, transport);
      if (message.kind === 'request') this.#request(message);
      else if (message.kind === 'response' && this.core.receiveResponse(message) === 'unknown')
        this.core.forwardResponseStateless(message);
    });
    sockets.add(this.transport);
  }

  /** Datagrams to this port fail at once. */
  refuse(refused: number): void {
    const { transport } = this;
    const send = transport.send.bind(transport);
    transport.send = (data, address, port, done) => {
      if (port === refused) done?.(new Error('refused'));
      else send(data, address, port, done);
    };
  }

  /** Nothing is left of anything. */
  get isIdle(): boolean {
    return this.core.clients.size === 0 && this.table.size === 0 && this.core.clients.timers.size === 0;
  }

  #request(request: SipRequest): void {
    const known = this.table.find(request);
    if (known !== null) {
      known.receive(request);
      return;
    }
    if (request.method === 'ACK') {
      const port = request.requestUriParts?.port ?? this.#ports()[0]?.[0] ?? 0;
      this.core.forwardStateless(request, { address: ADDRESS, port, transport: this.transport.protocol });
      return;
    }
    if (request.method === 'CANCEL') {
      const found = this.table.findCancelled(request);
      const reply = buildReply(request, { status: found === null ? 481 : 200, toTag: 'proxy' });
      sendReply(request, reply);
      if (found !== null) this.proxy?.cancel();
      return;
    }
    const server = this.table.create(request);
    if (server === null) return;
    if (request.method === 'INVITE') server.reply({ status: 100 });
    this.proxy = this.core.createProxy<number>(server, this.#options.hooks, this.#options.settings);
    const outcome = this.proxy.relay(this.#ports().map((ports) => branchTo(...ports)));
    this.outcomes.push(outcome);
    this.#options.onRelayed?.(outcome, this.proxy);
  }

  #ports(): readonly (readonly number[])[] {
    return (this.#options.branches ?? [7001]).map((one) => (typeof one === 'number' ? [one] : one));
  }
}

/** A branch to a callee; its data is the port. */
export function branchTo(...ports: number[]): BranchSpec<number> {
  return {
    targets: ports.map((port) => ({ address: ADDRESS, port, transport: 'udp' })),
    edits: { uri: `sip:callee@${ADDRESS}:${ports[0] ?? 0}` },
    data: ports[0] ?? 0,
  };
}

/** A caller on port 5066 that acknowledges what it gets. */
export class Caller {
  readonly responses: SipResponse[] = [];
  readonly #network: TestNetwork;
  readonly #transport: SimulatedTransport;
  #resending: TimerHandle | null = null;

  constructor(network: TestNetwork) {
    this.#network = network;
    this.#transport = network.open(CALLER, (data, source, transport) => {
      const message = parseMessage(data, source, transport);
      if (message.kind === 'response') this.#receive(message);
    });
  }

  /** The statuses of the responses to INVITE (or the only other request), repeated ones once. */
  get statuses(): number[] {
    const seen: number[] = [];
    for (const { status, cseq } of this.responses)
      if (cseq.method !== 'CANCEL' && seen.at(-1) !== status) seen.push(status);
    return seen;
  }

  send(method = 'INVITE', branch = 'caller1'): void {
    this.#request(method, branch, '', 'sip:bob@example.com');
  }

  /** With retransmissions until something comes back. */
  sendUntilAnswered(method = 'INVITE', interval = 500): void {
    this.send(method);
    this.#resending = this.#network.clock.source.setTimer(interval, () =>
      this.sendUntilAnswered(method, interval * 2),
    );
  }

  cancel(): void {
    this.send('CANCEL');
  }

  #receive(response: SipResponse): void {
    if (this.#resending !== null) this.#network.clock.source.clearTimer(this.#resending);
    this.responses.push(response);
    if (response.cseq.method !== 'INVITE' || response.status < 200) return;
    const tag = response.toTag === null ? '' : `;tag=${response.toTag}`;
    if (response.status >= 300) this.#request('ACK', 'caller1', tag, 'sip:bob@example.com');
    else this.#request('ACK', 'ack1', tag, response.contacts?.[0]?.uri ?? 'sip:bob@example.com');
  }

  #request(method: string, branch: string, tag: string, uri: string): void {
    const text = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${ADDRESS}:${CALLER};branch=z9hG4bK${branch};rport`,
      'From: <sip:alice@example.com>;tag=alice',
      `To: <sip:bob@example.com>${tag}`,
      'Call-ID: call@example.com',
      `CSeq: 7 ${method}`,
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    this.#transport.send(Buffer.from(text), ADDRESS, PROXY);
  }
}
