/** A server with something attached that lives as long as it does, such as its control socket. */
import type { Policy } from '../routing/index.ts';
import type { Loaded } from './loaded.ts';
import type { SipServer, StopOptions } from './sip-server.ts';

export class AttachedServer implements SipServer {
  readonly #server: SipServer;
  readonly #attached: { close(): void };

  /** @param attached closed after the server has stopped */
  constructor(server: SipServer, attached: { close(): void }) {
    this.#server = server;
    this.#attached = attached;
  }

  get sockets() {
    return this.#server.sockets;
  }

  get log() {
    return this.#server.log;
  }

  status() {
    return this.#server.status();
  }

  whyNotReady() {
    return this.#server.whyNotReady();
  }

  reload(script: Loaded | Policy) {
    return this.#server.reload(script);
  }

  async stop(options?: StopOptions) {
    await this.#server.stop(options);
    this.#attached.close();
  }

  [Symbol.asyncDispose]() {
    return this.stop();
  }
}
