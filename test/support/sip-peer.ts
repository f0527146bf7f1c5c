import dgram from 'node:dgram';
import { once } from 'node:events';
import { closeLater } from './close-later.ts';
import { LONGEST_WAIT } from './until.ts';

/** A request or a response as a peer has received it. */
export interface PeerMessage {
  readonly raw: string;
  /** Null for a response. */
  readonly method: string | null;
  /** The request URI; '' for a response. */
  readonly uri: string;
  /** 0 for a request. */
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  /** The first value of a field, by its name in lower case. */
  header(name: string): string | undefined;
  /** All values of a field, one for each line. */
  all(name: string): readonly string[];
  /** The port and the address it came from. */
  readonly from: number;
  readonly address: string;
}

export interface PeerRequest {
  readonly method?: string;
  /** Full lines. */
  readonly headers?: readonly string[];
  readonly body?: string;
  /** Full value of From. */
  readonly from?: string;
  /** Full value of To. */
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly branch?: string;
  readonly maxForwards?: number | null;
}

let count = 0;
const unique = (): string => `${process.pid}x${++count}`;

function parse(data: Buffer, from: number, address: string): PeerMessage {
  const raw = data.toString('latin1');
  const end = raw.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = raw.slice(0, end).split('\r\n');
  const response = /^SIP\/2\.0 (\d{3}) (.*)$/.exec(startLine);
  const [method = '', uri = ''] = startLine.split(' ');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const all = (name: string) => fields.flatMap(([key, value]) => (key === name ? value : []));
  return {
    raw,
    method: response === null ? method : null,
    uri: response === null ? uri : '',
    status: Number(response?.[1] ?? 0),
    reason: response?.[2] ?? '',
    body: raw.slice(end + 4),
    header: (name) => all(name)[0],
    all,
    from,
    address,
  };
}

/** A caller or a callee on a UDP port of 127.0.0.1, which does what the test says and nothing by itself. */
export class SipPeer {
  readonly port: number;
  /** Received messages, retransmissions left out. */
  readonly received: PeerMessage[] = [];
  readonly #socket: dgram.Socket;
  readonly #times = new Map<string, number>();
  readonly #taken = new Set<PeerMessage>();
  readonly #waiting = new Set<() => void>();

  private constructor(socket: dgram.Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (data, { port, address }) => {
      if (/^(?:\r\n)*$/.test(data.toString('latin1'))) return; // a keep-alive (RFC 5626, 3.5.1)
      const message = parse(data, port, address);
      const times = this.#times.get(message.raw) ?? 0;
      this.#times.set(message.raw, times + 1);
      if (times === 0) this.received.push(message);
      for (const look of this.#waiting) look();
    });
  }

  /** Closed after the test. */
  static async open(): Promise<SipPeer> {
    const socket = dgram.createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return closeLater(new SipPeer(socket));
  }

  /** This peer as a SIP URI. */
  uri(user: string): string {
    return `sip:${user}@127.0.0.1:${this.port}`;
  }

  /** The first received message of this method or status that no call has returned yet; waits for it. */
  next(what: string | number, seconds = LONGEST_WAIT / 1000): Promise<PeerMessage> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const seen = this.received.map(({ method, status }) => method ?? status).join(' ');
        reject(new Error(`no ${what} within ${seconds} s; there were: ${seen}`));
      }, seconds * 1000);
      const look = (): void => {
        const found = this.received.find(
          (one) => !this.#taken.has(one) && (one.method ?? one.status) === what,
        );
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        this.#taken.add(found);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves once this message has come so often. */
  sees(message: PeerMessage, times: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if ((this.#times.get(message.raw) ?? 0) < times) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Methods and statuses of received messages, in order. */
  get seen(): readonly (string | number)[] {
    return this.received.map(({ method, status }) => method ?? status);
  }

  send(text: string, port: number, address = '127.0.0.1'): void {
    this.#socket.send(Buffer.from(text, 'latin1'), port, address);
  }

  /** Sends a request, an INVITE where nothing else is said, and returns its text. */
  request(port: number, uri: string, more: PeerRequest = {}): string {
    const { method = 'INVITE', body = '', maxForwards = 70 } = more;
    const text = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=${more.branch ?? `z9hG4bK${unique()}`}`,
      `From: ${more.from ?? '<sip:alice@atlanta.example>;tag=alice1'}`,
      `To: ${more.to ?? '<sip:bob@biloxi.example>'}`,
      `Call-ID: ${more.callId ?? unique()}`,
      `CSeq: ${more.cseq ?? 1} ${method}`,
      `Contact: <${this.uri('alice')}>`,
      ...(maxForwards === null ? [] : [`Max-Forwards: ${maxForwards}`]),
      ...(more.headers ?? []),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    this.send(text, port);
    return text;
  }

  /** The CANCEL of a request that {@link request} has sent. */
  cancel(port: number, invite: string, headers: readonly string[] = []): void {
    const kept = invite
      .split('\r\n')
      .filter((line) => /^(?:INVITE|Via:|From:|To:|Call-ID:|CSeq:)/.test(line));
    const lines = kept.map((line) =>
      line.replace(/^INVITE/, 'CANCEL').replace(/^(CSeq: \d+) .*/, '$1 CANCEL'),
    );
    this.send([...lines, 'Max-Forwards: 70', ...headers, 'Content-Length: 0', '', ''].join('\r\n'), port);
  }

  /** The ACK to a negative reply to a request that {@link request} has sent. */
  acknowledge(port: number, invite: string, reply: PeerMessage): void {
    const kept = invite.split('\r\n').filter((line) => /^(?:INVITE|Via:|From:|Call-ID:|CSeq:)/.test(line));
    const lines = kept.map((line) => line.replace(/^INVITE/, 'ACK').replace(/^(CSeq: \d+) .*/, '$1 ACK'));
    const to = `To: ${reply.header('to')}`;
    this.send([...lines, to, 'Max-Forwards: 70', 'Content-Length: 0', '', ''].join('\r\n'), port);
  }

  /** Answers a request that has come. */
  reply(
    request: PeerMessage,
    status: number,
    headers: readonly string[] = [],
    reason = 'Whatever',
    body = '',
  ): void {
    const to = request.header('to') ?? '';
    const tagged = status === 100 || to.includes(';tag=') ? to : `${to};tag=t${this.port}`;
    const text = [
      `SIP/2.0 ${status} ${reason}`,
      ...request.all('via').map((via) => `Via: ${via}`),
      ...request.all('record-route').map((route) => `Record-Route: ${route}`),
      `From: ${request.header('from')}`,
      `To: ${tagged}`,
      `Call-ID: ${request.header('call-id')}`,
      `CSeq: ${request.header('cseq')}`,
      `Contact: <${this.uri('callee')}>`,
      ...headers,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    this.send(text, request.from, request.address);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
