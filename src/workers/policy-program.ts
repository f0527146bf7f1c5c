/** Turns a policy into a program that can be started: its settings, and the script whose routes its handlers run. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listenAddress, readSettings, settingSpecs } from '../core/index.ts';
import type { Policy, PolicyDefinition } from '../routing/index.ts';
import { type Program, type Run, type Settings, tmParameters } from '../runtime/index.ts';
import { type CompiledScript, Flow, hasErrors, renderDiagnostics, TableValues } from '../script/index.ts';
import { type LoadedScript, loadScript } from './load-script.ts';
import { StartError } from './start-error.ts';

/** For a policy without a script. */
const noScript: CompiledScript<Run> = {
  routes: [],
  main: { kind: 'route', name: '', interval: null, execute: () => Flow.exit },
  find: () => null,
  called: new Set(),
  text: () => null,
};

const logLevels = { error: -1, warning: 1, notice: 2, info: 3, debug: 4 } as const;

/** @throws StartError */
export function policyProgram({ definition }: Policy): Program {
  const script = definition.script === undefined ? null : scriptOf(definition.script);
  const base = script?.program ?? emptyProgram();
  const settings = settingsOf(definition, base.settings);
  const { parameters, modules } = base;
  const { t1, t2 } = definition.timers ?? {};
  if (t1 !== undefined || t2 !== undefined) {
    const tm = parameters.get(tmParameters);
    parameters.set(tmParameters, { ...tm, T1_timer: t1 ?? tm.T1_timer, T2_timer: t2 ?? tm.T2_timer });
  }
  return {
    settings,
    parameters,
    modules,
    get compiled() {
      return base.compiled;
    },
    place: (offset) => base.place(offset),
  };
}

function emptyProgram(): Program {
  const parameters = new TableValues();
  const values = parameters.get(settingSpecs);
  const socket = listenAddress('udp:*:5060');
  return {
    settings: { ...readSettings(values, socket === null ? [] : [socket]), argv: new Map() },
    parameters,
    modules: [],
    compiled: noScript,
    place: () => 'the policy',
  };
}

function settingsOf(
  { sockets, aliases, logLevel, server, workers }: PolicyDefinition,
  base: Settings,
): Settings {
  return {
    ...base,
    ...(sockets === undefined ? {} : { sockets: sockets.map(addressOf) }),
    ...(aliases === undefined ? {} : { aliases: aliases.map((alias) => alias.toLowerCase()) }),
    ...(logLevel === undefined ? {} : { logLevel: logLevels[logLevel], xlogLevel: logLevels[logLevel] }),
    ...(server === undefined ? {} : { serverHeader: server === '' ? null : server }),
    ...(workers === undefined ? {} : { udpWorkers: workers }),
  };
}

function addressOf(text: string): Settings['sockets'][number] {
  const address = listenAddress(text);
  if (address === null) throw new StartError(`invalid socket "${text}"; use for example udp:127.0.0.1:5060`);
  return address;
}

function scriptOf(place: string | URL): LoadedScript {
  const file = typeof place === 'string' ? place : fileURLToPath(place);
  const read = (path: string) => {
    try {
      return readFileSync(path, 'latin1');
    } catch (error) {
      throw new StartError(error instanceof Error ? error.message : String(error));
    }
  };
  const loaded = loadScript(read(file), {
    fileName: file,
    readFile: (path, from) => readFileSync(resolve(dirname(from), path), 'latin1'),
  });
  if (hasErrors(loaded.diagnostics))
    throw new StartError(
      renderDiagnostics(loaded.diagnostics, loaded.sources, { color: false, brief: true }),
    );
  return loaded;
}
