import { compileProgram } from '../../src/core/index.ts';
import { catalog } from '../../src/modules/catalog.ts';
import { defineServer, type PolicyDefinition } from '../../src/routing/index.ts';
import type { Module, Program, Run } from '../../src/runtime/index.ts';
import { type FunctionSpec, renderDiagnostics } from '../../src/script/index.ts';
import type { SimulatedClock } from '../../src/timers/index.ts';
import { LoadedScript } from '../../src/workers/load-script.ts';
import { type Loaded, toLoaded } from '../../src/workers/loaded.ts';
import { ProcessHost } from '../../src/workers/process-host.ts';
import { RunningServer } from '../../src/workers/running-server.ts';
import { ServerLogs } from '../../src/workers/server-logs.ts';
import type { ProcessOptions } from '../../src/workers/sip-server.ts';

/** A server in the test's own process. */
export interface TestServer {
  readonly server: RunningServer;
  /** The UDP port of 127.0.0.1 that it serves. */
  readonly port: number;
  /** Its log so far, without the times. */
  readonly log: string[];
  /** Resolves once a line of the log has `text` in it. */
  logs(text: string): Promise<void>;
  close(): Promise<void>;
}

/** A script which may call `functions` and load `modules` too; throws with what is wrong in one with errors. */
export function scriptOf(
  text: string,
  functions: readonly FunctionSpec<Run>[] = [],
  modules: readonly Module[] = [],
): LoadedScript {
  const fileName = 'test.cfg';
  const result = compileProgram(text, fileName, {
    ...catalog,
    functions: [...catalog.functions, ...functions],
    modules: [...catalog.modules, ...modules],
  });
  const { program, diagnostics, sources } = result;
  if (program === null) throw new Error(renderDiagnostics(diagnostics, sources, { color: false }));
  return new LoadedScript(result, {
    text,
    fileName,
    included: {},
    allowMissing: false,
    argv: {},
    modules: {},
  });
}

/** What a server runs of such a script. */
export const programOf = (
  text: string,
  functions: readonly FunctionSpec<Run>[] = [],
  modules: readonly Module[] = [],
): Program => scriptOf(text, functions, modules).program;

export interface TestServerOptions extends Omit<ProcessOptions, 'writeLog'> {
  /** Further core functions. */
  readonly functions?: readonly FunctionSpec<Run>[];
  /** What the server waits for passes when the test says so. Default: the system's clock. */
  readonly clock?: SimulatedClock;
}

/** Starts a script on a free port; one without a `socket` gets one. */
export function startServer(
  script: string,
  { functions = [], ...options }: TestServerOptions = {},
): Promise<TestServer> {
  const text = /^\s*socket\s*=/m.test(script) ? script : `${script}\nsocket=udp:127.0.0.1:0\n`;
  return serve(scriptOf(text, functions), options);
}

/** Starts a policy on a free port. */
export async function startPolicy<State extends object>(
  definition: PolicyDefinition<State>,
  options: Omit<TestServerOptions, 'functions'> = {},
): Promise<TestServer> {
  const policy = defineServer({ sockets: ['udp:127.0.0.1:0'], ...definition });
  return serve(await toLoaded(policy), options);
}

async function serve(
  loaded: Loaded,
  { clock, ...options }: Omit<TestServerOptions, 'functions'>,
): Promise<TestServer> {
  const log: string[] = [];
  const waiting = new Set<() => void>();
  const all: ProcessOptions = {
    ...options,
    writeLog: (line) => {
      log.push(line.toString('utf8').trimEnd().replace(/^\S+ /, ''));
      for (const look of waiting) look();
    },
  };
  const member =
    clock === undefined ? null : { host: new ProcessHost({ clock, logs: new ServerLogs(all, clock) }) };
  const server = await RunningServer.start(loaded, all, member);
  return {
    server,
    port: Number(server.sockets[0]?.split(':').at(-1)),
    log,
    logs: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!log.some((line) => line.includes(text))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      const passes = clock === undefined ? undefined : setInterval(() => clock.advance(100), 1);
      await server.stop({ grace: 0 });
      clearInterval(passes);
    },
  };
}
