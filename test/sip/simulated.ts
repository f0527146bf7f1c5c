/** A transport that records, and requests to try things with. */
import type { SipRequest, SipResponse } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import type { Source, Transport, WireTap } from '../../src/sip/transport.ts';
import type { Protocol } from '../../src/sip/transports.ts';
import type { Clock } from '../../src/timers/index.ts';

export class RecordingTransport implements Transport {
  readonly protocol: Protocol;
  readonly reliable: boolean;
  readonly local = { address: '127.0.0.1', port: 5060 };
  readonly sent: { at: number; text: string; address: string; port: number }[] = [];
  /** The error that the next datagrams get. */
  broken: Error | null = null;
  tap: WireTap | null = null;
  readonly #clock: Clock;

  constructor(clock: Clock, reliable = false) {
    this.#clock = clock;
    this.reliable = reliable;
    this.protocol = reliable ? 'tcp' : 'udp';
  }

  send(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void {
    this.tap?.(this, data, address, port);
    this.sent.push({ at: this.#clock.now(), text: Buffer.from(data).toString('latin1'), address, port });
    done?.(this.broken);
  }

  get times(): number[] {
    return this.sent.map(({ at }) => at);
  }

  /** The first lines of what was sent. */
  get lines(): string[] {
    return this.sent.map(({ text }) => text.slice(0, text.indexOf('\r\n')));
  }

  async close(): Promise<void> {}
}

export const SOURCE: Source = { address: '192.0.2.9', port: 40_000, transport: 'udp' };

export interface RequestParts {
  method?: string;
  uri?: string;
  via?: string;
  from?: string;
  to?: string;
  callId?: string;
  cseq?: string;
  headers?: string[];
  body?: string;
}

export function requestText(parts: RequestParts = {}): string {
  const method = parts.method ?? 'OPTIONS';
  return [
    `${method} ${parts.uri ?? 'sip:bob@biloxi.example.com'} SIP/2.0`,
    `Via: ${parts.via ?? 'SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bK776asdhds;rport'}`,
    `From: ${parts.from ?? '"Alice" <sip:alice@atlanta.example.com>;tag=1928301774'}`,
    `To: ${parts.to ?? 'Bob <sip:bob@biloxi.example.com>'}`,
    `Call-ID: ${parts.callId ?? 'a84b4c76e66710@pc33'}`,
    `CSeq: ${parts.cseq ?? `314159 ${method}`}`,
    'Max-Forwards: 70',
    ...(parts.headers ?? []),
    `Content-Length: ${(parts.body ?? '').length}`,
    '',
    parts.body ?? '',
  ].join('\r\n');
}

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

export function request(
  parts: RequestParts = {},
  socket: Transport | null = null,
  source = SOURCE,
): SipRequest {
  const message = parseMessage(bytes(requestText(parts)), source, socket);
  if (message.kind !== 'request') throw new Error(`no request: ${JSON.stringify(message)}`);
  return message;
}

export function response(data: Uint8Array | string): SipResponse {
  const message = parseMessage(typeof data === 'string' ? bytes(data) : data);
  if (message.kind !== 'response') throw new Error(`no response: ${JSON.stringify(message)}`);
  return message;
}
