import type { Policy } from '../routing/index.ts';
import { ControlledServer } from './controlled-server.ts';
import type { LoadedPolicy } from './load-policy.ts';
import type { LoadedScript } from './load-script.ts';
import { toLoaded } from './loaded.ts';
import { RunningServer } from './running-server.ts';
import type { ServerOptions, SipServer } from './sip-server.ts';
import { Supervisor } from './supervisor.ts';

/**
 * Starts a server on a script that {@link loadScript} gave, on a policy that `defineServer()` made, or on one that
 * {@link loadPolicy} gave: opens its sockets, starts its modules, runs its startup_route. Resolves once it serves; rejects
 * with a {@link StartError} if it cannot.
 */
export async function startServer(
  script: LoadedScript | LoadedPolicy | Policy,
  options: ServerOptions = {},
): Promise<SipServer> {
  const { processes = 1, program, control, ...others } = options;
  const loaded = toLoaded(script);
  const server =
    processes > 1
      ? await Supervisor.start(loaded, { ...others, processes, program })
      : await RunningServer.start(loaded, others);
  return control === undefined ? server : ControlledServer.open(server, control);
}
