/** A server with a control socket, for `siprest status` and `siprest reload`. */

import type { Policy } from '../routing/index.ts';
import { Control } from './control.ts';
import { ControlError } from './control-client.ts';
import type { ControlOptions, ServerIdentity } from './control-protocol.ts';
import type { Loaded } from './loaded.ts';
import type { SipServer, StopOptions } from './sip-server.ts';

export class ControlledServer implements SipServer {
  readonly #server: SipServer;
  readonly #control: Control;

  private constructor(server: SipServer, control: Control) {
    this.#server = server;
    this.#control = control;
  }

  /** If the control socket cannot be opened, logs why, and serves nevertheless. */
  static async open(
    server: SipServer,
    { name, directory, path, reload }: ControlOptions,
  ): Promise<SipServer> {
    const handlers = { status: () => server.status(), reload, identity: () => identityOf(server, name) };
    try {
      return new ControlledServer(server, await Control.listen(handlers, { directory, name, path }));
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      const reason = `siprest status and reload cannot reach this server: ${error.message}`;
      server.log.lifecycle(reason, {}, warningLevel);
      return server;
    }
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

  reload(script: Loaded | Policy) {
    return this.#server.reload(script);
  }

  async stop(options?: StopOptions) {
    await this.#server.stop(options);
    this.#control.close();
  }

  [Symbol.asyncDispose]() {
    return this.stop();
  }
}

const warningLevel = 1;

async function identityOf(server: SipServer, name: string | undefined): Promise<ServerIdentity> {
  const { state, graceLeft, total } = await server.status();
  const unfinished = Number(total['unfinished'] ?? 0);
  return { pid: process.pid, name: name ?? null, sockets: server.sockets, unfinished, state, graceLeft };
}
