/** Opens the control socket of a server, for `siprest status`, `siprest reload` and `siprest mi`. */

import type { Administration } from './administration.ts';
import { AttachedServer } from './attached-server.ts';
import { Control } from './control.ts';
import { ControlError } from './control-client.ts';
import type { ControlPlace } from './control-protocol.ts';
import type { SipServer } from './sip-server.ts';

/** If the control socket cannot be opened, logs why, and serves nevertheless. */
export async function withControl(
  server: SipServer,
  { answer }: Administration,
  { name, directory, path }: ControlPlace,
): Promise<SipServer> {
  try {
    return new AttachedServer(server, await Control.listen(answer, { directory, name, path }));
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const reason = `siprest status and reload cannot reach this server: ${error.message}`;
    server.log.lifecycle(reason, {}, warningLevel);
    return server;
  }
}

const warningLevel = 1;
