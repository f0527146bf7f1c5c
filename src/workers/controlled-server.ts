/** Opens the control socket of a server, for `siprest status` and `siprest reload`. */

import { AttachedServer } from './attached-server.ts';
import { Control } from './control.ts';
import { ControlError } from './control-client.ts';
import type { ControlOptions, ServerIdentity } from './control-protocol.ts';
import type { SipServer } from './sip-server.ts';

/** If the control socket cannot be opened, logs why, and serves nevertheless. */
export async function withControl(
  server: SipServer,
  { name, directory, path, reload }: ControlOptions,
): Promise<SipServer> {
  const handlers = { status: () => server.status(), reload, identity: () => identityOf(server, name) };
  try {
    return new AttachedServer(server, await Control.listen(handlers, { directory, name, path }));
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const reason = `siprest status and reload cannot reach this server: ${error.message}`;
    server.log.lifecycle(reason, {}, warningLevel);
    return server;
  }
}

const warningLevel = 1;

async function identityOf(server: SipServer, name: string | undefined): Promise<ServerIdentity> {
  const { state, graceLeft, total } = await server.status();
  const unfinished = Number(total['unfinished'] ?? 0);
  return { pid: process.pid, name: name ?? null, sockets: server.sockets, unfinished, state, graceLeft };
}
