/** Commands to the HTTP server of an rtpengine, `http://HOST:PORT/ng`. */
import { type Link, type LinkOptions, longestAnswer, nextCookie, type Reply, silent } from '../media/link.ts';
import type { openClient } from '../rest-client/transfers.ts';

type Client = ReturnType<typeof openClient>;

export class HttpLink implements Link {
  readonly #client: Client;
  readonly #options: LinkOptions;

  constructor(client: Client, options: LinkOptions) {
    this.#client = client;
    this.#options = options;
  }

  async ask(command: string): Promise<Reply> {
    const { definition, timeout, tries, stray } = this.#options;
    const cookie = nextCookie();
    const outcome = await this.#client.request('POST', definition.host, {
      body: Buffer.from(`${cookie} ${command}`, 'latin1'),
      contentType: 'application/x-rtpengine-ng',
      timeout: Math.round(timeout * tries),
    });
    if (outcome.kind === 'timeout' || outcome.kind === 'connect-timeout') return silent(timeout * tries, 1);
    if (outcome.kind !== 'response') return { kind: 'failed', reason: outcome.reason };
    if (outcome.status !== 200) return { kind: 'failed', reason: `status ${outcome.status}` };
    if (outcome.body.length > longestAnswer)
      return { kind: 'failed', reason: `its answer has more than ${longestAnswer} bytes` };
    const text = outcome.body.toString('latin1');
    if (text.startsWith(`${cookie} `)) return { kind: 'answer', text: text.slice(cookie.length + 1) };
    stray();
    return { kind: 'failed', reason: 'its answer has another cookie' };
  }

  close(): void {
    // the client ends with the routing
  }
}
