/** A network under a simulated clock: delay, loss and reordering, and a proxy, callers and callees on it. */

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
  type Source,
  sendReply,
  TransactionTable,
  type Transport,
} from '../../src/sip/index.ts';
import type { TimerHandle } from '../../src/timers/clock.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { TimerWheel } from '../../src/timers/timer-wheel.ts';

type Handler = (data: Buffer, source: Source, transport: SimulatedTransport) => void;

export interface Weather {
  /** In ms, for each datagram. */
  readonly delay?: () => number;
  readonly isLost?: (data: Buffer, from: number, to: number) => boolean;
  /** What arrives of it. */
  readonly damaged?: (data: Buffer) => Buffer;
}

/** All hosts have the address 192.0.2.1 and differ by port. */
export class SimulatedNetwork {
  readonly clock = new SimulatedClock();
  readonly timers = new TimerWheel(this.clock);
  readonly #sockets = new Map<number, SimulatedTransport>();
  weather: Weather = {};
  /** Everything that was handed to the network, lost or not. */
  readonly log: { at: number; from: number; to: number; text: string }[] = [];

  open(port: number, handler: Handler, reliable = false): SimulatedTransport {
    const transport = new SimulatedTransport(this, port, handler, reliable);
    this.#sockets.set(port, transport);
    return transport;
  }

  carry(from: SimulatedTransport, to: number, data: Buffer): void {
    const text = data.toString('latin1');
    this.log.push({ at: this.clock.now(), from: from.local.port, to, text });
    if (!from.reliable && this.weather.isLost?.(data, from.local.port, to)) return;
    this.clock.setTimer(this.weather.delay?.() ?? 1, () => {
      const source: Source = { address: ADDRESS, port: from.local.port, transport: from.protocol };
      this.deliver(this.weather.damaged?.(data) ?? data, source, to);
    });
  }

  /** At once. */
  deliver(data: Buffer, source: Source, to: number): void {
    const transport = this.#sockets.get(to);
    transport?.handler(data, source, transport);
  }

  /** Moves the clock on, giving promises their turn at every step. */
  async run(milliseconds: number, step = 50): Promise<void> {
    for (let left = milliseconds; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      await turn();
    }
  }

  /** The first lines (and for responses the CSeq's method) of what went from one port to another. */
  lines(from: number, to: number): string[] {
    return this.log
      .filter((entry) => entry.from === from && entry.to === to)
      .map(({ text }) => text.slice(0, text.indexOf('\r\n')));
  }
}

export const ADDRESS = '192.0.2.1';

async function turn(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

export class SimulatedTransport implements Transport {
  readonly protocol: 'udp' | 'tcp';
  readonly reliable: boolean;
  readonly local: { readonly address: string; readonly port: number };
  readonly handler: Handler;
  /** Ports that refuse. */
  readonly refused = new Set<number>();
  readonly #network: SimulatedNetwork;

  constructor(network: SimulatedNetwork, port: number, handler: Handler, reliable: boolean) {
    this.#network = network;
    this.local = { address: ADDRESS, port };
    this.handler = handler;
    this.reliable = reliable;
    this.protocol = reliable ? 'tcp' : 'udp';
  }

  send(data: Uint8Array, _address: string, port: number, done?: (error: Error | null) => void): void {
    if (this.refused.has(port)) {
      done?.(new Error('refused'));
      return;
    }
    this.#network.carry(this, port, Buffer.from(data));
    done?.(null);
  }

  async close(): Promise<void> {}
}

/** How a callee answers: [ms after the INVITE, status], in order. */
export type Plan = readonly (readonly [number, number])[];

/** A callee's user agent: answers each new request by its plan, repeats its 2xx until the ACK, ends an INVITE that is cancelled with 487. */
export class Callee {
  readonly requests: SipRequest[] = [];
  readonly port: number;
  /** Answers a CANCEL, and the INVITE with 487. */
  honoursCancel = true;
  readonly #network: SimulatedNetwork;
  readonly #table: TransactionTable;
  readonly #headers: (status: number) => string;

  constructor(
    network: SimulatedNetwork,
    port: number,
    plan: Plan,
    headers: (status: number) => string = () => '',
  ) {
    this.port = port;
    this.#network = network;
    this.#headers = headers;
    this.#table = new TransactionTable({ timers: new TimerWheel(network.clock) });
    network.open(port, (data, source, transport) => {
      const message = parseMessage(data, source, transport);
      if (message.kind === 'request') this.#receive(message, plan);
    });
  }

  get methods(): string[] {
    return this.requests.map(({ method }) => method);
  }

  count(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  #receive(request: SipRequest, plan: Plan): void {
    const known = this.#table.find(request);
    if (request.method === 'ACK') {
      this.requests.push(request);
      if (known === null) this.#table.acknowledge(request);
      else known.receive(request);
      return;
    }
    if (known !== null) {
      known.receive(request);
      return;
    }
    this.requests.push(request);
    const server = this.#table.create(request);
    if (server === null) return;
    if (request.method === 'CANCEL') {
      if (!this.honoursCancel) return;
      const invite = this.#table.findCancelled(request);
      server.reply({ status: invite === null ? 481 : 200 });
      invite?.reply({ status: 487 });
      return;
    }
    const answers: Plan = request.method === 'INVITE' || request.method === 'OPTIONS' ? plan : [[0, 200]];
    for (const [after, status] of answers) {
      const answer = (): void => {
        server.reply(
          { status, headers: this.#headers(status) as never },
          { untilAck: request.method === 'INVITE' },
        );
      };
      if (after === 0) answer();
      else this.#network.clock.setTimer(after, answer);
    }
  }
}

const PROXY = 5060;
const CALLER = 5066;

export interface ProxyOptions {
  readonly hooks?: ProxyHooks<number>;
  readonly settings?: ProxySettings;
  /** Of the first round; each number is a callee's port, or several that are tried in turn. */
  readonly branches?: readonly (number | readonly number[])[];
  readonly onRelayed?: (outcome: RelayOutcome, proxy: ProxyTransaction<number>) => void;
  readonly reliable?: boolean;
}

/** A proxy on port 5060 that forwards the caller's requests to the callees. */
export class ProxyUnderTest {
  readonly core: ProxyCore;
  readonly table: TransactionTable;
  readonly transport: SimulatedTransport;
  /** Of the last request that was relayed. */
  proxy: ProxyTransaction<number> | null = null;
  readonly outcomes: RelayOutcome[] = [];
  readonly unmatched: SipResponse[] = [];
  readonly #options: ProxyOptions;

  constructor(network: SimulatedNetwork, options: ProxyOptions = {}) {
    this.#options = options;
    const sockets = new SocketRegistry();
    this.core = new ProxyCore({ sockets, timers: network.timers });
    this.table = new TransactionTable({ timers: network.timers });
    this.transport = network.open(
      PROXY,
      (data, source, transport) => {
        const message = parseMessage(data, source, transport);
        if (message.kind === 'request') this.#request(message);
        else if (message.kind === 'response' && this.core.receiveResponse(message) === 'unknown') {
          this.unmatched.push(message);
          this.core.forwardResponseStateless(message);
        }
      },
      options.reliable,
    );
    sockets.add(this.transport);
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
  readonly #network: SimulatedNetwork;
  readonly #transport: SimulatedTransport;
  #resending: TimerHandle | null = null;

  constructor(network: SimulatedNetwork) {
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
    this.#resending = this.#network.clock.setTimer(interval, () =>
      this.sendUntilAnswered(method, interval * 2),
    );
  }

  cancel(): void {
    this.send('CANCEL');
  }

  #receive(response: SipResponse): void {
    if (this.#resending !== null) this.#network.clock.clearTimer(this.#resending);
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

/** The Contact by which an ACK to the 2xx finds its callee. */
export const contactOf =
  (port: number) =>
  (status: number): string =>
    status >= 200 && status < 300 ? `Contact: <sip:callee@${ADDRESS}:${port}>\r\n` : '';
