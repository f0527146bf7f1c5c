/** Turns a policy into a program that can be started: its settings, and the script whose routes its handlers run. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listenAddress, readSettings, settingSpecs } from '../core/index.ts';
import type { Policy, PolicyDefinition } from '../routing/index.ts';
import { type Program, type Run, type Settings, tmParameters } from '../runtime/index.ts';
import { type CompiledScript, Flow, TableValues } from '../script/index.ts';
import { StartError } from './start-error.ts';

/** For a policy without a script. */
const noScript: CompiledScript<Run> = {
  routes: [],
  main: { kind: 'route', name: '', interval: null, execute: () => Flow.exit },
  find: () => null,
  called: new Set(),
  text: () => null,
  variable: () => null,
};

const logLevels = { error: -1, warning: 1, notice: 2, info: 3, debug: 4 } as const;

/** The file of the script that a policy names, or null. */
export function scriptFile({ definition: { script } }: Policy): string | null {
  if (script === undefined) return null;
  return typeof script === 'string' ? resolve(script) : fileURLToPath(script);
}

/**
 * `script` is the program of its script, if any.
 * @throws StartError
 */
export function policyProgram({ definition }: Policy, script: Program | null): Program {
  const base = script ?? emptyProgram();
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
