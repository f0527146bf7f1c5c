/** Requests and calls of a phone, on the real client transactions. */
import {
  buildCancel,
  buildDialogRequest,
  buildRequest,
  type ClientTransaction,
  type HeaderText,
  headerText,
  InviteClientTransaction,
  NonInviteClientTransaction,
  newBranch,
  parseMessage,
  RFC_TIMERS,
  SipRequest,
  type SipResponse,
  type Transport,
} from '../sip/index.ts';
import type { TimerWheel } from '../timers/index.ts';
import { type Place, placeOf } from './network.ts';
import { SimulationError } from './simulation-error.ts';
import type { TestClock } from './test-clock.ts';

/** The parts of a request that a test may set. */
export interface RequestParts {
  /** Header fields, by name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The body. */
  readonly body?: string | undefined;
  /** Default: `application/sdp` for INVITE and UPDATE, else `text/plain`. */
  readonly contentType?: string | undefined;
  /** A URI or a name-addr. Default: the phone's URI. */
  readonly from?: string | undefined;
  /** A URI or a name-addr. Default: the request URI. */
  readonly to?: string | undefined;
}

/** What requests need from their phone. */
export interface PhoneLine {
  readonly clock: TestClock;
  readonly timers: TimerWheel;
  readonly transport: Transport;
  readonly server: Place;
  readonly name: string;
  /** Hands over responses to it from now on. */
  begin(transaction: ClientTransaction): void;
}

/** Header lines of fields by name. @throws SimulationError */
export function headerLines(fields: Readonly<Record<string, string>>): HeaderText {
  const text = Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const lines = headerText(text);
  if (lines === null) throw new SimulationError(`invalid header fields: ${JSON.stringify(text)}`);
  return lines;
}

export const nameAddr = (text: string): string => (text.includes('<') ? text : `<${text}>`);

export function readRequest(data: Buffer, to: Place): SipRequest {
  const message = parseMessage(data, { ...to, transport: 'udp' });
  if (message instanceof SipRequest) return message;
  const why = message.kind === 'malformed' ? message.reason : 'it is a response';
  throw new SimulationError(`invalid request: ${why}\n${data.toString('latin1')}`);
}

export function viaOf({ protocol, local }: Transport): string {
  return `SIP/2.0/${protocol.toUpperCase()} ${placeOf(local)};branch=${newBranch()};rport`;
}

/** A request that a phone has sent. */
export class OutgoingRequest {
  /** As it was sent. */
  readonly request: SipRequest;
  readonly #line: PhoneLine;
  readonly #responses: SipResponse[] = [];
  #taken = 0;
  #ending: string | null = null;

  /** @internal */
  constructor(line: PhoneLine, data: Buffer) {
    this.#line = line;
    this.request = readRequest(data, line.server);
    this.sendIn(this.request, data);
  }

  /** Its responses, in order; 100 Trying and repeated ones are left out. */
  get responses(): readonly SipResponse[] {
    return this.#responses;
  }

  /** Their statuses. */
  get statuses(): readonly number[] {
    return this.#responses.map(({ status }) => status);
  }

  /** The final response, or null if there is none yet. */
  get answer(): SipResponse | null {
    return this.#responses.find(({ status }) => status >= 200) ?? null;
  }

  /** The final response; lets time pass until it arrives. */
  async final(): Promise<SipResponse> {
    await this.waitFor(() => this.answer !== null, 'a final response');
    const { answer } = this;
    if (answer === null) throw new TypeError('the response that has arrived is missing');
    return answer;
  }

  /** The next response, of this status if one is given; lets time pass until it arrives. */
  async response(status?: number): Promise<SipResponse> {
    const find = () =>
      this.#responses.findIndex(
        (one, i) => i >= this.#taken && (status === undefined || one.status === status),
      );
    await this.waitFor(() => find() >= 0, status === undefined ? 'a response' : `a ${status}`);
    const at = find();
    const found = this.#responses[at];
    if (found === undefined) throw new TypeError('the response that has arrived is missing');
    this.#taken = at + 1;
    return found;
  }

  /** Lets time pass until the condition holds. @internal */
  protected async waitFor(condition: () => boolean, what: string): Promise<void> {
    const { method } = this.request;
    await this.#line.clock.until(
      () => condition() || this.#ending !== null,
      () => `${what} to the ${method} of ${this.#line.name}`,
    );
    if (!condition())
      throw new SimulationError(
        `the ${method} of ${this.#line.name} got ${what === 'a final response' ? 'no final response' : `not ${what}`}: ${this.#ending}; responses: ${this.statuses.join(', ') || 'none'}`,
      );
  }

  /** @internal */
  protected get line(): PhoneLine {
    return this.#line;
  }

  /** @internal */
  protected onResponse(response: SipResponse): void {
    if (response.status > 100) this.#responses.push(response);
  }

  #sendAs(request: SipRequest, data: Buffer): ClientTransaction {
    const { transport, server, timers } = this.#line;
    const Machine = request.method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
    return new Machine(
      {
        request,
        data,
        transport,
        destination: server,
        user: {
          onResponse: (response) => this.onResponse(response),
          onEnd: (ending, error) => {
            if (ending === 'timeout') this.#ending = 'timeout, nobody has answered for 64 T1';
            else if (error !== null) this.#ending = `it could not be sent: ${error.message}`;
          },
        },
      },
      { timers, values: RFC_TIMERS },
    );
  }

  private sendIn(request: SipRequest, data: Buffer): void {
    const transaction = this.#sendAs(request, data);
    this.#line.begin(transaction);
    transaction.start();
  }
}

/** A call that a phone makes. */
export class OutgoingCall extends OutgoingRequest {
  #cseq = 1;
  /** Whether the other side has ended it by BYE. */
  hasEnded = false;
  readonly #acknowledges: boolean;

  /** @internal */
  constructor(line: PhoneLine, data: Buffer, acknowledges: boolean) {
    super(line, data);
    this.#acknowledges = acknowledges;
    this.#cseq = this.request.cseq.number;
  }

  /** The 2xx, which has been acknowledged; lets time pass until it arrives. */
  async answered(): Promise<SipResponse> {
    const answer = await this.final();
    if (answer.status < 300) return answer;
    throw new SimulationError(`the call of ${this.line.name} was refused: ${answer.status} ${answer.reason}`);
  }

  /** Cancels it, and returns the final response to the CANCEL. */
  async cancel(parts: Pick<RequestParts, 'headers'> = {}): Promise<SipResponse> {
    const cancel = buildCancel(this.request, headerLines(parts.headers ?? {}));
    return new OutgoingRequest(this.line, cancel).final();
  }

  /** Acknowledges the 2xx. */
  ack(): void {
    const { answer } = this;
    if (answer === null || answer.status >= 300)
      throw new SimulationError(`the call of ${this.line.name} has no 2xx to acknowledge`);
    const { transport, server } = this.line;
    const ack = buildDialogRequest('ACK', this.request, answer, viaOf(transport));
    transport.send(ack, server.address, server.port);
  }

  /** Sends a request within the dialog. */
  send(method: string, { headers = {}, body, contentType }: RequestParts = {}): OutgoingRequest {
    const { answer, line } = this;
    if (answer === null) throw new SimulationError(`the call of ${line.name} has not been answered`);
    const routes = answer.headerList('record-route').reverse();
    return new OutgoingRequest(
      line,
      buildRequest({
        method,
        uri: answer.contacts?.[0]?.uri ?? this.request.requestUri,
        via: viaOf(line.transport),
        from: this.request.header('from') ?? '',
        to: answer.header('to') ?? '',
        callId: this.request.callId,
        cseq: ++this.#cseq,
        defaults: {
          ...(routes.length === 0 ? {} : { Route: routes.join(', ') }),
          'Max-Forwards': '70',
          Contact: this.request.header('contact') ?? '',
          ...(body === undefined ? {} : { 'Content-Type': contentType ?? 'application/sdp' }),
        },
        headers: headerLines(headers),
        ...(body === undefined ? {} : { body }),
      }),
    );
  }

  /** Ends the call by BYE, and returns the final response. */
  hangUp(): Promise<SipResponse> {
    return this.send('BYE').final();
  }

  /** @internal */
  protected override onResponse(response: SipResponse): void {
    const isFirst = this.answer === null;
    const isAnswer = response.status >= 200 && response.status < 300;
    if (isFirst || !isAnswer) super.onResponse(response);
    // the 2xx is repeated until its ACK arrives
    if (isAnswer && this.#acknowledges) this.ack();
  }
}
