/** A small user agent client: one request over UDP, and what comes back (RFC 3261, 8.1). */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP, isIPv6 } from 'node:net';
import { newBranch, randomToken } from './branch.ts';
import {
  type ClientTransaction,
  InviteClientTransaction,
  NonInviteClientTransaction,
} from './client-transaction.ts';
import { isToken } from './header-names.ts';
import { headerText, headerTextKeys } from './header-text.ts';
import { parseMessage, type SipRequest, type SipResponse } from './message.ts';
import { parseNameAddr } from './name-addr.ts';
import { buildCancel, buildDialogAck, buildRequest } from './request.ts';
import { RFC_TIMERS, TimerQueue, type TimerValues } from './timers.ts';
import { UdpTransport } from './udp-transport.ts';
import { formatUri, type HostPort, parseHostPort, parseUri, uriKind, uriParameter } from './uri.ts';
import { formatHostPort } from './via.ts';

/** All texts are byte strings. */
export interface RequestOptions {
  readonly method: string;
  /** A SIP URI, or a TEL URI with `proxy`. */
  readonly uri: string;
  /** `host` or `host:port` to send to. Default: the URI's. */
  readonly proxy?: string;
  /** A URI or a name-addr. Default: the URI. */
  readonly to?: string;
  /** A URI or a name-addr; a tag is added. Default: `<sip:siprest@` the local address `>`. */
  readonly from?: string;
  /** Header lines; one of Call-ID, Contact, Max-Forwards, User-Agent or Content-Type replaces the default. */
  readonly headers?: string;
  readonly body?: string;
  /** Default: text/plain when there is a body. */
  readonly contentType?: string;
  /** In ms, from the first datagram to the final response. Default: 32,000 (64 T1). */
  readonly timeout?: number;
  readonly timers?: TimerValues;
  readonly signal?: AbortSignal;
}

/** `at` is in ms since the request was first sent. */
export type RequestEvent =
  | {
      readonly kind: 'sent';
      readonly at: number;
      readonly copy: number;
      readonly request: SipRequest;
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: 'response'; readonly at: number; readonly response: SipResponse }
  | { readonly kind: 'ended'; readonly at: number; readonly outcome: 'answered' | 'timeout' | 'aborted' }
  | { readonly kind: 'ended'; readonly at: number; readonly outcome: 'failed'; readonly error: Error };

/** Something in the options is no SIP, or the host cannot be found. The message is for people. */
export class RequestError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestError';
  }
}

/** Set by the machinery itself: a second one would make the request ambiguous. */
const RESERVED = ['via', 'from', 'to', 'cseq'];
/** These answer nothing to say where the sender may be reached. */
const WITHOUT_CONTACT = new Set(['ACK', 'BYE', 'CANCEL', 'MESSAGE', 'PRACK', 'INFO']);

/**
 * Sends one request, with retransmissions, and yields what happens; the last event is `ended`. A final response
 * to an INVITE is acknowledged; one that rings at the timeout is cancelled. An ACK ends when it is sent. Throws a
 * {@link RequestError} before anything was sent.
 */
export async function* sendRequest(options: RequestOptions): AsyncGenerator<RequestEvent, void, void> {
  const target = checkTarget(options);
  const address = await resolveHost(target.host);
  const port = target.port ?? 5060;
  const events = new EventQueue<RequestEvent>();
  const timers = new TimerQueue();
  let transaction: ClientTransaction | null = null;
  const transport = await UdpTransport.bind({
    address: await localAddressTowards(address, port),
    port: 0,
    onMessage: (data, source, socket) => {
      const message = parseMessage(data, source, socket);
      if (message.kind === 'response' && transaction?.matches(message)) transaction.receive(message);
    },
  });
  try {
    const local = formatHostPort(transport.local.address, transport.local.port);
    const data = composeRequest(options, local);
    const request = parseMessage(data, { address, port, transport: 'udp' });
    if (request.kind !== 'request')
      throw new RequestError(`no valid request: ${request.kind === 'malformed' ? request.reason : ''}`);

    const clock = timers.clock;
    const began = clock.now();
    const elapsed = (): number => clock.now() - began;
    const onSent = (copy: number): void => {
      events.push({ kind: 'sent', at: elapsed(), copy, request, address, port });
    };
    if (options.method === 'ACK') {
      const error = await new Promise<Error | null>((done) => transport.send(data, address, port, done));
      onSent(1);
      events.push(
        error
          ? { kind: 'ended', at: elapsed(), outcome: 'failed', error }
          : { kind: 'ended', at: elapsed(), outcome: 'answered' },
      );
    } else {
      const Machine = options.method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
      const started = new Machine({
        request,
        data,
        transport,
        destination: { address, port },
        timers,
        values: options.timers ?? RFC_TIMERS,
        onSent,
        onResponse: (response) => {
          const at = elapsed();
          events.push({ kind: 'response', at, response });
          if (response.status < 200) return;
          if (options.method === 'INVITE' && response.status < 300)
            transport.send(buildDialogAck(request, response, viaValue(local)), address, port);
          events.push({ kind: 'ended', at, outcome: 'answered' });
        },
        onEnd: (ending, error) => {
          if (ending === 'timeout') events.push({ kind: 'ended', at: elapsed(), outcome: 'timeout' });
          else if (error) events.push({ kind: 'ended', at: elapsed(), outcome: 'failed', error });
        },
      });
      transaction = started;
      const giveUp = (outcome: 'timeout' | 'aborted') => (): void => {
        if (options.method === 'INVITE' && started.state === 'proceeding')
          transport.send(buildCancel(request), address, port);
        events.push({ kind: 'ended', at: elapsed(), outcome });
      };
      const timeout = setTimeout(giveUp('timeout'), options.timeout ?? 64 * RFC_TIMERS.t1);
      const aborted = giveUp('aborted');
      options.signal?.addEventListener('abort', aborted, { once: true });
      try {
        if (options.signal?.aborted) aborted();
        else started.start();
        yield* untilEnded(events);
      } finally {
        clearTimeout(timeout);
        options.signal?.removeEventListener('abort', aborted);
      }
      return;
    }
    yield* untilEnded(events);
  } finally {
    timers.clear();
    await transport.close();
  }
}

async function* untilEnded(events: EventQueue<RequestEvent>): AsyncGenerator<RequestEvent, void, void> {
  for (;;) {
    const event = await events.next();
    yield event;
    if (event.kind === 'ended') return;
  }
}

/** The host and port to send to, once what the options say has been found to be SIP. */
function checkTarget(options: RequestOptions): HostPort {
  const { method, uri, proxy } = options;
  if (!isToken(method)) throw new RequestError(`no SIP method: ${method}`);
  const parts = parseUri(uri);
  if (parts === null) throw new RequestError(`no SIP or TEL URI: ${uri}`);
  const transport = uriParameter(parts, 'transport');
  if (uriKind(parts) === 'sips' || (transport !== null && transport.toLowerCase() !== 'udp'))
    throw new RequestError(`only UDP is supported so far: ${uri}`);
  if (proxy !== undefined) {
    const target = parseHostPort(proxy);
    if (target === null) throw new RequestError(`no host or host:port: ${proxy}`);
    return target;
  }
  if (parts.host === null)
    throw new RequestError(`a TEL URI says not where to send it; name a proxy: ${uri}`);
  return { host: parts.host, port: parts.port };
}

async function resolveHost(host: string): Promise<string> {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  if (isIP(bare) !== 0) return bare;
  try {
    return (await lookup(bare)).address;
  } catch (cause) {
    throw new RequestError(`no address found for ${host}`, { cause });
  }
}

/** The local address that the system would send from; nothing is sent. */
async function localAddressTowards(address: string, port: number): Promise<string> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    const connected = once(socket, 'connect');
    socket.connect(port === 0 ? 5060 : port, address);
    await connected;
    return socket.address().address;
  } catch (cause) {
    throw new RequestError(`${address} cannot be reached from here`, { cause });
  } finally {
    socket.close();
  }
}

const viaValue = (local: string): string => `SIP/2.0/UDP ${local};branch=${newBranch()};rport`;

function composeRequest(options: RequestOptions, local: string): Buffer {
  const { method, uri, body = '' } = options;
  const extra = headerText(options.headers ?? '');
  if (extra === null) throw new RequestError('the extra headers are no header lines');
  const given = headerTextKeys(extra);
  const reserved = RESERVED.find((key) => given.has(key));
  if (reserved !== undefined) throw new RequestError(`the header ${reserved} is set by siprest itself`);
  const callId = /^(?:call-id|i)[ \t]*:\s*(.*)$/im.exec(extra)?.[1];
  const withoutCallId =
    callId === undefined ? extra : headerText(extra.replace(/^(?:call-id|i)[ \t]*:.*\r\n/im, ''));
  const parts = parseUri(uri);
  const from = address(options.from ?? `<sip:siprest@${local}>`, 'From');
  const contact = WITHOUT_CONTACT.has(method) ? {} : { Contact: `<sip:siprest@${local}>` };
  return buildRequest({
    method,
    uri: parts === null ? uri : formatUri({ ...parts, headers: null }), // 19.1.5: no headers in a Request-URI
    via: viaValue(local),
    from: parseNameAddr(from)?.tag == null ? `${from};tag=${randomToken()}` : from,
    to: address(options.to ?? (parts === null ? uri : formatUri({ ...parts, headers: null })), 'To'),
    callId: callId ?? randomToken(),
    cseq: 1,
    defaults: {
      'Max-Forwards': '70',
      ...contact,
      'User-Agent': 'siprest',
      ...(body === '' ? {} : { 'Content-Type': options.contentType ?? 'text/plain' }),
    },
    ...(withoutCallId === null ? {} : { headers: withoutCallId }),
    body,
  });
}

/** A URI in angle brackets, so that its parameters stay its own (20.10); a name-addr as it is. */
function address(text: string, what: string): string {
  if (parseUri(text) !== null) return `<${text}>`;
  const parsed = parseNameAddr(text);
  if (parsed === null || parsed.text !== text || parsed.uri === '*')
    throw new RequestError(`no SIP address in ${what}: ${text}`);
  return text;
}

class EventQueue<T> {
  readonly #waiting: T[] = [];
  #resolve: ((event: T) => void) | null = null;

  push(event: T): void {
    if (this.#resolve === null) this.#waiting.push(event);
    else {
      this.#resolve(event);
      this.#resolve = null;
    }
  }

  async next(): Promise<T> {
    const first = this.#waiting.shift();
    if (first !== undefined) return first;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
