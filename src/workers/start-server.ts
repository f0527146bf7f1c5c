import { ControlledServer } from './controlled-server.ts';
import type { LoadedScript } from './load-script.ts';
import { RunningServer } from './running-server.ts';
import type { ServerOptions, SipServer } from './sip-server.ts';
import { Supervisor } from './supervisor.ts';

/**
 * Starts a server on a script that {@link loadScript} gave: opens its sockets, starts its modules, runs its
 * startup_route. Resolves once it serves; rejects with a {@link StartError} if it cannot.
 */
export async function startServer(script: LoadedScript, options: ServerOptions = {}): Promise<SipServer> {
  const { processes = 1, program, control, ...others } = options;
  const server =
    processes > 1
      ? await Supervisor.start(script, { ...others, processes, program })
      : await RunningServer.start(script, others);
  return control === undefined ? server : ControlledServer.open(server, control);
}
