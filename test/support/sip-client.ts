import dgram from 'node:dgram';
import { once } from 'node:events';
import { LONGEST_WAIT } from './until.ts';

export interface SipReply {
  readonly status: number;
  readonly reason: string;
  /** Fields in order, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** The first value of a field, by its name in lower case. */
  header(name: string): string | undefined;
  /** Milliseconds after the first request was sent. */
  readonly time: number;
}

export interface SipRequestText {
  readonly method?: string;
  readonly uri?: string;
  /** Full lines: `X-Account: alice`. */
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly callId?: string;
  readonly branch?: string;
  readonly cseq?: number;
  readonly to?: string;
  readonly from?: string;
}

export interface SendOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** How long to wait for a final reply. Default: {@link LONGEST_WAIT}. */
  readonly seconds?: number;
  /** Go on listening for so long after the final reply, to see what else comes. Default 0. */
  readonly linger?: number;
}

let count = 0;

/** The text of a request as a caller on `ownPort` would send it. */
export function requestText(request: SipRequestText, ownPort: number): string {
  count += 1;
  const method = request.method ?? 'OPTIONS';
  const body = request.body ?? '';
  const unique = `${process.pid}-${ownPort}-${count}`;
  return [
    `${method} ${request.uri ?? 'sip:bob@biloxi.example.com'} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${ownPort};branch=${request.branch ?? `z9hG4bK-${unique}`};rport`,
    `From: ${request.from ?? 'Alice <sip:alice@atlanta.example.com>;tag=1928301774'}`,
    `To: ${request.to ?? 'Bob <sip:bob@biloxi.example.com>'}`,
    `Call-ID: ${request.callId ?? `${unique}@test`}`,
    `CSeq: ${request.cseq ?? 1} ${method}`,
    `Contact: <sip:alice@127.0.0.1:${ownPort}>`,
    'Max-Forwards: 70',
    ...(request.headers ?? []),
    `Content-Length: ${Buffer.byteLength(body, 'latin1')}`,
    '',
    body,
  ].join('\r\n');
}

function parseReply(data: Buffer, time: number): SipReply | null {
  const text = data.toString('latin1');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [startLine = '', ...lines] = head.split('\r\n');
  const match = /^SIP\/2\.0 (\d{3}) (.*)$/.exec(startLine);
  if (match === null) return null;
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return {
    status: Number(match[1]),
    reason: match[2] ?? '',
    headers,
    body: rest.join('\r\n\r\n'),
    header: (name) => headers.find(([key]) => key === name)?.[1],
    time,
  };
}

/**
 * Sends one request over UDP, without retransmissions, and resolves to the replies in the order they came:
 * up to the first final one, or those that came in time.
 */
export async function sendSip(request: SipRequestText | string, options: SendOptions): Promise<SipReply[]> {
  const socket = dgram.createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const text = typeof request === 'string' ? request : requestText(request, socket.address().port);
  const replies: SipReply[] = [];
  const began = performance.now();
  try {
    await new Promise<void>((resolve, reject) => {
      let timer = setTimeout(resolve, options.seconds === undefined ? LONGEST_WAIT : options.seconds * 1000);
      socket.on('error', reject);
      socket.on('message', (data) => {
        const reply = parseReply(data, performance.now() - began);
        if (reply === null) return;
        replies.push(reply);
        if (reply.status < 200) return;
        clearTimeout(timer);
        timer = setTimeout(resolve, (options.linger ?? 0) * 1000);
      });
      socket.send(Buffer.from(text, 'latin1'), options.port, options.host ?? '127.0.0.1');
    });
  } finally {
    socket.close();
  }
  return replies;
}
