/** Callers and callees of a simulation: phones that speak SIP by the real transactions. */
import {
  buildRequest,
  type ClientTransaction,
  parseMessage,
  type ServerTransaction,
  type SipRequest,
  type SipResponse,
  TransactionTable,
  type Transport,
} from '../sip/index.ts';
import type { TimerWheel } from '../timers/index.ts';
import { type Place, placeOf, type SimulatedNetwork, type SimulatedProtocol } from './network.ts';
import { type PhoneReply, type PhoneResponder, timedReplies } from './phone-answers.ts';
import {
  headerLines,
  nameAddr,
  OutgoingCall,
  OutgoingRequest,
  type PhoneLine,
  type RequestParts,
  viaOf,
} from './phone-call.ts';
import { SimulationError } from './simulation-error.ts';
import type { TestClock } from './test-clock.ts';

export interface PhoneOptions {
  readonly name: string;
  readonly uri: string;
  readonly protocol: SimulatedProtocol;
  readonly place: Place;
  readonly server: Place;
}

/** An INVITE with these options. */
export interface InviteOptions extends RequestParts {
  /** Whether a 2xx is acknowledged automatically. Default true. */
  readonly acknowledges?: boolean | undefined;
}

/** Description of a phone's audio. */
const sdp = (address: string): string =>
  [
    'v=0',
    `o=- 1 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    'm=audio 40000 RTP/AVP 0 8',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    '',
  ].join('\r\n');

/** For the few requests that a phone answers. */
const fewBuckets = 256;

let calls = 0;

/** A call that a phone has answered. */
interface IncomingCall {
  readonly invite: SipRequest;
  readonly toTag: string;
  /** Of its own requests. */
  cseq: number;
}

/** A phone: calls, is called, and answers as the test says. */
export class Phone {
  /** As ladders show it. */
  readonly name: string;
  /** Its address of record, in From of its requests. */
  readonly uri: string;
  /** Whether it answers CANCEL, and the call with 487. Default true. */
  honoursCancel = true;
  readonly #clock: TestClock;
  readonly #transport: Transport;
  readonly #table: TransactionTable;
  readonly #line: PhoneLine;
  readonly #clients = new Set<ClientTransaction>();
  readonly #responders = new Map<string, PhoneResponder>();
  readonly #requests: SipRequest[] = [];
  readonly #calls: OutgoingCall[] = [];
  /** The last call that it has answered. */
  #answeredCall: IncomingCall | null = null;
  #isSilent = false;
  #taken = 0;

  /** @internal */
  constructor(network: SimulatedNetwork, clock: TestClock, timers: TimerWheel, options: PhoneOptions) {
    const { name, uri, protocol, place, server } = options;
    this.name = name;
    this.uri = uri;
    this.#clock = clock;
    this.#table = new TransactionTable({ timers, answeredBuckets: fewBuckets });
    this.#transport = network.open(protocol, place.address, place.port, (data, source, socket) => {
      const message = parseMessage(data, source, socket);
      if (message.kind === 'request') this.#received(message);
      else if (message.kind === 'response') this.#answered(message);
    });
    this.#line = {
      clock,
      timers,
      transport: this.#transport,
      server,
      name,
      begin: (transaction) => this.#clients.add(transaction),
    };
  }

  /** Its address and port. */
  get place(): Place {
    return this.#transport.local;
  }

  /** The URI that requests reach it by: `sip:bob@192.0.2.11:5060`. */
  get contact(): string {
    const user = /^sips?:([^@;]+)@/.exec(this.uri)?.[1];
    const transport = this.#transport.protocol === 'udp' ? '' : `;transport=${this.#transport.protocol}`;
    return `sip:${user === undefined ? '' : `${user}@`}${placeOf(this.place)}${transport}`;
  }

  /** The requests that have arrived, in order, retransmissions left out. */
  get requests(): readonly SipRequest[] {
    return this.#requests;
  }

  /** Their methods. */
  get methods(): readonly string[] {
    return this.#requests.map(({ method }) => method);
  }

  /** The next request that no call has returned yet, of this method if one is given; lets time pass until it arrives. */
  async request(method?: string): Promise<SipRequest> {
    const find = () =>
      this.#requests.findIndex(
        (one, i) => i >= this.#taken && (method === undefined || one.method === method),
      );
    await this.#clock.until(
      () => find() >= 0,
      () => `${method ?? 'a request'} at ${this.name}`,
    );
    const at = find();
    const found = this.#requests[at];
    if (found === undefined) throw new TypeError('the request that has arrived is missing');
    this.#taken = at + 1;
    return found;
  }

  // --- as a callee ---

  /** Says how it answers calls: `answers(180, { after: 2000, status: 200 })`. Default: 180 and 200 at once. */
  answers(...replies: readonly (number | PhoneReply)[]): this {
    return this.on('INVITE', replies);
  }

  /** Answers calls with 486. */
  busy(): this {
    return this.answers(486);
  }

  /** Rings, and never answers. */
  rings(): this {
    return this.answers(180);
  }

  /** Never replies to anything, like a host that is down. */
  silent(): this {
    this.#responders.clear();
    this.#isSilent = true;
    return this;
  }

  /** Says how it answers requests of a method; `*` stands for all methods not set otherwise. */
  on(method: string, responder: PhoneResponder): this {
    this.#isSilent = false;
    this.#responders.set(method, responder);
    return this;
  }

  /**
   * Sends a request within the last call that it has answered: `INFO`, `INVITE`, `BYE`, ...
   * @throws SimulationError if it has answered none
   */
  sendWithin(method: string, { headers = {}, body, contentType }: RequestParts = {}): OutgoingRequest {
    const call = this.#answeredCall;
    if (call === null) throw new SimulationError(`${this.name} has answered no call`);
    const { invite } = call;
    const routes = invite.headerList('record-route');
    return new OutgoingRequest(
      this.#line,
      buildRequest({
        method,
        uri: invite.contacts?.[0]?.uri ?? invite.from.uri,
        via: viaOf(this.#transport),
        from: `${invite.header('to') ?? ''};tag=${call.toTag}`,
        to: invite.header('from') ?? '',
        callId: invite.callId,
        cseq: ++call.cseq,
        defaults: {
          ...(routes.length === 0 ? {} : { Route: routes.join(', ') }),
          'Max-Forwards': '70',
          Contact: `<${this.contact}>`,
          ...(body === undefined ? {} : { 'Content-Type': contentType ?? 'application/sdp' }),
        },
        headers: headerLines(headers),
        ...(body === undefined ? {} : { body }),
      }),
    );
  }

  /** Ends the last call that it has answered by BYE, and returns the final response. */
  hangUp(): Promise<SipResponse> {
    return this.sendWithin('BYE').final();
  }

  /** Leaves its address: datagrams to it are answered by an ICMP error, connections refused. */
  async leave(): Promise<void> {
    await this.#transport.close();
  }

  /** Ends its transactions. @internal */
  close(): void {
    for (const transaction of this.#clients) transaction.terminate();
    this.#table.close();
  }

  // --- as a caller ---

  /** Calls a URI. */
  invite(uri: string, options: InviteOptions = {}): OutgoingCall {
    const { acknowledges = true, ...parts } = options;
    const body = parts.body ?? sdp(this.place.address);
    const data = this.#request('INVITE', uri, { contentType: 'application/sdp', ...parts, body });
    const call = new OutgoingCall(this.#line, data, acknowledges);
    this.#calls.push(call);
    return call;
  }

  /** Sends a request outside of a call: OPTIONS, MESSAGE, REGISTER, ... */
  send(method: string, uri: string, parts: RequestParts = {}): OutgoingRequest {
    return new OutgoingRequest(this.#line, this.#request(method, uri, parts));
  }

  /** Sends bytes to the server as they are. */
  sendRaw(text: string): void {
    const { address, port } = this.#line.server;
    this.#transport.send(Buffer.from(text, 'latin1'), address, port);
  }

  #request(method: string, uri: string, parts: RequestParts): Buffer {
    const { headers = {}, body, contentType, from = this.uri, to = uri } = parts;
    const number = ++calls;
    return buildRequest({
      method,
      uri,
      via: viaOf(this.#transport),
      from: `${nameAddr(from)};tag=${this.name.replaceAll(/[^\w.-]/g, '-')}${number}`,
      to: nameAddr(to),
      callId: `${number}@${this.place.address}`,
      cseq: 1,
      defaults: {
        'Max-Forwards': '70',
        Contact: `<${this.contact}>`,
        ...(body === undefined ? {} : { 'Content-Type': contentType ?? 'text/plain' }),
      },
      headers: headerLines(headers),
      ...(body === undefined ? {} : { body }),
    });
  }

  // --- messages ---

  #answered(response: SipResponse): void {
    for (const transaction of this.#clients) if (transaction.matches(response)) transaction.receive(response);
    for (const transaction of this.#clients)
      if (transaction.state === 'terminated') this.#clients.delete(transaction);
  }

  #received(request: SipRequest): void {
    const known = this.#table.find(request);
    if (request.method === 'ACK') {
      this.#requests.push(request);
      if (known === null) this.#table.acknowledge(request);
      else known.receive(request);
      return;
    }
    if (known !== null) {
      known.receive(request);
      return;
    }
    this.#requests.push(request);
    const server = this.#table.create(request);
    if (server === null || this.#isSilent) return;
    if (request.method === 'CANCEL') {
      if (this.honoursCancel) this.#cancelled(request, server);
      return;
    }
    if (request.method === 'BYE')
      for (const call of this.#calls) if (call.request.callId === request.callId) call.hasEnded = true;
    const responder = this.#responders.get(request.method) ?? this.#responders.get('*');
    const usual = request.method === 'INVITE' && request.toTag === null ? [180, 200] : [200];
    const answers = typeof responder === 'function' ? responder(request) : (responder ?? usual);
    for (const reply of timedReplies(answers)) {
      const send = () => this.#reply(request, server, reply);
      if (reply.at === 0) send();
      else this.#clock.source.setTimer(reply.at, send);
    }
  }

  #cancelled(request: SipRequest, server: ServerTransaction): void {
    const invite = this.#table.findCancelled(request);
    server.reply({ status: invite === null ? 481 : 200 });
    invite?.reply({ status: 487 });
  }

  #reply(request: SipRequest, server: ServerTransaction, reply: PhoneReply): void {
    const { status, reason, headers = {}, contentType = 'application/sdp' } = reply;
    const isAnswer = request.method === 'INVITE' && status >= 200 && status < 300;
    const makesSdp = isAnswer && request.contentType === 'application/sdp';
    if (isAnswer && request.toTag === null)
      this.#answeredCall = { invite: request, toTag: server.toTag, cseq: 0 };
    const body = reply.body ?? (makesSdp ? sdp(this.place.address) : undefined);
    const hasContact = status < 300 && status > 100 && !('Contact' in headers);
    server.reply(
      {
        status,
        reason,
        headers: headerLines({ ...(hasContact ? { Contact: `<${this.contact}>` } : {}), ...headers }),
        ...(body === undefined ? {} : { body, contentType }),
      },
      { untilAck: isAnswer },
    );
  }
}
