import type { Policy } from '../routing/index.ts';
import { Administration } from './administration.ts';
import { miEndpoints, withChannels } from './channels.ts';
import { withControl } from './controlled-server.ts';
import { withHttp } from './http-server.ts';
import type { LoadedPolicy } from './load-policy.ts';
import type { LoadedScript } from './load-script.ts';
import { toLoaded } from './loaded.ts';
import { RunningServer } from './running-server.ts';
import { scriptMetrics } from './script-metrics.ts';
import type { ServerOptions, SipServer } from './sip-server.ts';
import { Supervisor } from './supervisor.ts';

/**
 * Starts a server with a script from {@link loadScript}, or a policy from `defineServer()` or {@link loadPolicy}: opens
 * its sockets, starts its modules, and runs its startup_route. Resolves once the server is serving; rejects with a
 * {@link StartError} if it cannot start.
 */
export async function startServer(
  script: LoadedScript | LoadedPolicy | Policy,
  options: ServerOptions = {},
): Promise<SipServer> {
  const { processes = 1, program, control, http, ...others } = options;
  const loaded = await toLoaded(script);
  const server =
    processes > 1
      ? await Supervisor.start(loaded, { ...others, processes, program })
      : await RunningServer.start(loaded, others);
  const administration = new Administration(server, control);
  const served =
    http === undefined
      ? server
      : await withHttp(server, http, {
          metrics: scriptMetrics(administration, loaded.program),
          endpoints: miEndpoints(administration, loaded.program),
        });
  const open = await withChannels(served, administration, loaded.program);
  return control === undefined ? open : withControl(open, administration, control);
}
