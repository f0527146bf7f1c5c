import type { Log } from '../runtime/index.ts';
import type { ServerStatus } from './figures.ts';
import type { Program, ScriptSource } from './load-script.ts';
import { RunningServer, type ServerLeft, type StartOptions, type StopOptions } from './server.ts';
import { StartError } from './start-error.ts';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';

/** A script as `loadScript()` gives it. */
export interface LoadedScript {
  /** Null where the script has errors. */
  readonly program: Program | null;
  readonly source: ScriptSource;
}

export interface ServerOptions extends StartOptions {
  /** How many processes serve; `udp_workers` is spread over them. Default 1, which is this one. */
  readonly processes?: number | undefined;
  /** What they run; see {@link SupervisorOptions}. */
  readonly program?: SupervisorOptions['program'];
}

/** A server, in however many processes. */
export interface SipServer {
  /** `udp:127.0.0.1:5060`, with the port that a 0 became. */
  readonly sockets: readonly string[];
  /** The log of the script that runs. */
  readonly log: Log;
  /** Goes on with another script; see {@link RunningServer.reload}. Rejects with a {@link StartError} where that cannot start. */
  reload(script: LoadedScript): Promise<void>;
  status(): Promise<ServerStatus>;
  readonly left: ServerLeft;
  /** Ends it; see {@link RunningServer.stop}. */
  stop(options?: StopOptions): Promise<void>;
}

/** Starts a server. Rejects with a {@link StartError}. */
export async function startServer(script: LoadedScript, options: ServerOptions = {}): Promise<SipServer> {
  const { processes = 1, program, ...others } = options;
  if (processes > 1) {
    const supervisor = await Supervisor.start(script.source, {
      ...others,
      processes,
      program,
      log: script.program?.settings,
    });
    return {
      get sockets() {
        return supervisor.sockets;
      },
      get log() {
        return supervisor.log;
      },
      reload: ({ source, program: next }) => supervisor.reload(source, next?.settings),
      status: () => supervisor.status(),
      get left() {
        return supervisor.left;
      },
      stop: (how) => supervisor.stop(how),
    };
  }
  const server = await RunningServer.start(programOf(script), others);
  return {
    get sockets() {
      return server.sockets;
    },
    get log() {
      return server.log;
    },
    reload: async (other) => server.reload(programOf(other)),
    status: () => server.status(),
    get left() {
      return server.left;
    },
    stop: (how) => server.stop(how),
  };
}

function programOf({ program, source }: LoadedScript): Program {
  if (program === null) throw new StartError(`${source.fileName} has errors`);
  return program;
}
