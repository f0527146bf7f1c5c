/** Calls through a server without sockets: both ends of them. */

/** The ports of the caller and the callee. */
export const CALLER = 5070;
export const CALLEE = 5080;

const sdp = [
  'v=0',
  'o=caller 53655765 2353687637 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 6000 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  '',
].join('\r\n');

const message = (lines: readonly string[], body = ''): Buffer =>
  Buffer.from([...lines, `Content-Length: ${body.length}`, '', body].join('\r\n'), 'latin1');

/** One call by number: what its two ends send, given what the server has sent to them. */
export class MemoryCall {
  readonly #id: string;
  /** Vias and Record-Routes of the request that the callee received last. */
  #path = '';
  #routes: readonly string[] = [];

  constructor(number: number) {
    this.#id = number.toString(36);
  }

  #request(method: string, number: number, uri: string, to: string, more: readonly string[] = []): string[] {
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${CALLER};branch=z9hG4bK-${method}-${this.#id};rport`,
      ...more,
      `From: Caller <sip:caller@127.0.0.1:${CALLER}>;tag=c${this.#id}`,
      `To: Callee <sip:callee@127.0.0.1:5060>${to}`,
      `Call-ID: ${this.#id}-7d3f@127.0.0.1`,
      `CSeq: ${number} ${method}`,
      `Contact: <sip:caller@127.0.0.1:${CALLER};transport=UDP>`,
      'Max-Forwards: 70',
    ];
  }

  invite(): Buffer {
    return message(
      [...this.#request('INVITE', 1, 'sip:callee@127.0.0.1:5060', ''), 'Content-Type: application/sdp'],
      sdp,
    );
  }

  /** The callee has received a request of the call. */
  arrives(text: string): void {
    const from = text.indexOf('\r\nFrom:');
    this.#path = text.slice(text.indexOf('\r\n') + 2, from);
  }

  #reply(status: string, method: string, number: number, body = ''): Buffer {
    return message(
      [
        `SIP/2.0 ${status}`,
        this.#path,
        `From: Caller <sip:caller@127.0.0.1:${CALLER}>;tag=c${this.#id}`,
        `To: Callee <sip:callee@127.0.0.1:5060>;tag=d${this.#id}`,
        `Call-ID: ${this.#id}-7d3f@127.0.0.1`,
        `CSeq: ${number} ${method}`,
        `Contact: <sip:callee@127.0.0.1:${CALLEE};transport=UDP>`,
        ...(body === '' ? [] : ['Content-Type: application/sdp']),
      ],
      body,
    );
  }

  ringing(): Buffer {
    return this.#reply('180 Ringing', 'INVITE', 1);
  }

  answer(): Buffer {
    this.#routes = this.#path
      .split('\r\n')
      .flatMap((line) => (line.startsWith('Record-') ? line.slice(7) : []));
    return this.#reply('200 OK', 'INVITE', 1, sdp);
  }

  within(method: 'ACK' | 'BYE', number: number): Buffer {
    return message(
      this.#request(
        method,
        number,
        `sip:callee@127.0.0.1:${CALLEE};transport=UDP`,
        `;tag=d${this.#id}`,
        this.#routes,
      ),
    );
  }

  byeAnswer(): Buffer {
    return this.#reply('200 OK', 'BYE', 2);
  }
}
