import { RequestError, sendRequest } from '../sip.ts';
import { readNamedFile } from './read-file.ts';
import { type Streams, UsageError } from './streams.ts';

export interface SendOptions {
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly proxy?: string | undefined;
  /** Whole header lines. */
  readonly header: readonly string[];
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  /** Seconds. */
  readonly timeout: number;
  /** Seconds. */
  readonly talk: number;
}

/** Messages are byte strings: converts typed text from UTF-8. */
const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const readable = (text: string) => Buffer.from(text, 'latin1').toString('utf8');

/**
 * `siprest send METHOD URI`: sends one request and prints the responses with their times. An answered call is
 * acknowledged, and ended after `talk`. 0 for a final reply below 300, 1 for any other, 2 for none.
 */
export async function send(
  method: string,
  uri: string,
  options: SendOptions,
  { stdout, signal }: Streams,
): Promise<number> {
  const { to, from, proxy, header, body, contentType, timeout, talk } = options;
  const content = body?.startsWith('@')
    ? readNamedFile(body.slice(1))
    : body === undefined
      ? undefined
      : bytes(body);
  let status = 0;
  try {
    const events = sendRequest({
      method: method.toUpperCase(),
      uri: bytes(uri),
      timeout: timeout * 1000,
      talk: talk * 1000,
      signal,
      headers: header.map((line) => `${bytes(line)}\r\n`).join(''),
      ...(to === undefined ? {} : { to: bytes(to) }),
      ...(from === undefined ? {} : { from: bytes(from) }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(content === undefined ? {} : { body: content }),
      ...(contentType === undefined ? {} : { contentType: bytes(contentType) }),
    });
    for await (const event of events) {
      const at = `${event.at.toFixed(1).padStart(8)} ms  `;
      switch (event.kind) {
        case 'sent':
          stdout.write(
            `${at}-> ${event.request.method} ${readable(event.request.requestUri)} to ${event.address}:${event.port}${event.copy > 1 ? `, sent ${event.copy} times` : ''}\n`,
          );
          break;
        case 'response': {
          const { response } = event;
          // of the request itself, not of a later CANCEL or BYE
          if (response.cseq.method === method.toUpperCase()) status = response.status;
          stdout.write(`${at}<- ${response.status} ${readable(response.reason)}\n`);
          if (response.body !== '')
            stdout.write(`${readable(response.body).replace(/^/gm, '                ')}\n`);
          break;
        }
        case 'request':
          stdout.write(`${at}<- ${event.request.method} ${readable(event.request.requestUri)}\n`);
          break;
        case 'ended':
          if (event.outcome === 'timeout') stdout.write(`${at}no final reply within ${timeout} s\n`);
          else if (event.outcome === 'failed') stdout.write(`${at}failed: ${event.error.message}\n`);
          if (event.outcome !== 'answered') return 2;
      }
    }
  } catch (error) {
    if (error instanceof RequestError) throw new UsageError(readable(error.message));
    throw error;
  }
  return method.toUpperCase() === 'ACK' || (status >= 200 && status < 300) ? 0 : 1;
}
