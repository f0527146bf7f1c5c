import { loadProgram } from '../../src/core/index.ts';
import { catalog } from '../../src/modules/catalog.ts';
import type { Program, Run } from '../../src/runtime/index.ts';
import { type FunctionSpec, renderDiagnostics } from '../../src/script/index.ts';
import { RunningServer, type StartOptions } from '../../src/workers/server.ts';

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

/** The program of a script without errors, which may call `functions` too; throws with what is wrong in any other. */
export function programOf(text: string, functions: readonly FunctionSpec<Run>[] = []): Program {
  const { program, diagnostics, sources } = loadProgram(text, 'test.cfg', {
    ...catalog,
    functions: [...catalog.functions, ...functions],
  });
  if (program === null) throw new Error(renderDiagnostics(diagnostics, sources, { color: false }));
  return program;
}

export interface TestServerOptions extends Omit<StartOptions, 'writeLog'> {
  /** Further core functions. */
  readonly functions?: readonly FunctionSpec<Run>[];
}

/** Starts a script on a free port; one without a `socket` gets one. */
export async function startServer(
  script: string,
  { functions = [], ...options }: TestServerOptions = {},
): Promise<TestServer> {
  const log: string[] = [];
  const waiting = new Set<() => void>();
  const text = /^\s*socket\s*=/m.test(script) ? script : `${script}\nsocket=udp:127.0.0.1:0\n`;
  const server = await RunningServer.start(programOf(text, functions), {
    ...options,
    writeLog: (line) => {
      log.push(line.toString('utf8').trimEnd().replace(/^\S+ /, ''));
      for (const look of waiting) look();
    },
  });
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
    close: () => server.stop({ grace: 0 }),
  };
}
