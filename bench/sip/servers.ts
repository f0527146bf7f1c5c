/** The servers that are measured, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandPath, findCommand } from '../../test/support/commands.ts';
import { type Launched, launch } from '../../test/support/launch.ts';
import { freePort } from '../../test/support/ports.ts';
import { programPath } from '../../test/support/program.ts';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { installRivals } from '../rest/prepare.ts';
import {
  type Asking,
  kamailioConfiguration,
  type Neighbours,
  opensipsScript,
  policyModule,
  type ScriptSettings,
  type WorkName,
} from './configurations.ts';
import { compile, compilerIsThere } from './generator.ts';

export interface MeasuredServer {
  readonly pid: number;
  /** The UDP port of 127.0.0.1 that it serves. */
  readonly port: number;
  /** From its start until it said that it listens, in ms. */
  readonly startTime: number;
  stop(): Promise<unknown>;
}

/** A server that takes part in the comparison. */
export interface Contender {
  readonly name: string;
  readonly works: readonly WorkName[];
  /** What it lacks on this machine; null if it can be measured. */
  missing(): string | null;
  /** Its version; empty if it has none. */
  version(): string;
  start(work: WorkName, neighbours: Neighbours): Promise<MeasuredServer>;
}

async function started(port: number, listening: RegExp, start: () => Launched): Promise<MeasuredServer> {
  const began = performance.now();
  const program = start();
  await program.prints(listening, 30);
  return { pid: program.pid, port, startTime: performance.now() - began, stop: () => program.stop() };
}

/** Its children are on their way when it says that it listens. */
async function startedWithChildren(...args: Parameters<typeof started>): Promise<MeasuredServer> {
  const server = await started(...args);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  return server;
}

function configurationFile(name: string, text: string): string {
  const file = join(temporaryFolder('bench'), name);
  writeFileSync(file, text);
  return file;
}

export interface StartOptions {
  /** The built program; default: that of this checkout. */
  readonly program?: string;
  /** Arguments of `siprest run`. */
  readonly args?: readonly string[];
  /** Environment variables beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts siprest with a script that lacks its socket. */
export async function startScript(script: string, options: StartOptions = {}): Promise<MeasuredServer> {
  const { program = programPath, args = [], env = {} } = options;
  const port = await freePort();
  const file = configurationFile('opensips.cfg', `socket = udp:127.0.0.1:${port}\n${script}`);
  return started(port, /listening/, () =>
    launch(process.execPath, [program, 'run', ...args, file], { env: { ...process.env, ...env } }),
  );
}

/** Starts siprest with handlers. */
export async function startHandlers(
  work: WorkName,
  neighbours: Neighbours,
  { program = programPath, args = [], env = {} }: StartOptions = {},
): Promise<MeasuredServer> {
  const port = await freePort();
  const file = configurationFile('policy.mjs', policyModule({ work, port, ...neighbours }));
  return started(port, /listening/, () =>
    launch(process.execPath, [program, 'run', ...args, file], { env: { ...process.env, ...env } }),
  );
}

export const startSiprest = (settings: ScriptSettings): Promise<MeasuredServer> =>
  startScript(opensipsScript(settings));

const always = { missing: () => null, version: () => '' };
const both = ['answered', 'relayed'] as const;
const all = [...both, 'accounted'] as const;

/** `1.2.3` of a program that prints its version. */
function versionOf(command: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return /\d+\.\d+[.\d]*/.exec(`${stdout}${stderr}`)?.[0] ?? '?';
}

const siprest = (name: string, asking: Asking, works: readonly WorkName[], processes = 1): Contender => ({
  name,
  works,
  ...always,
  start: (work, neighbours) =>
    startScript(opensipsScript({ work, asking, ...neighbours }), {
      args: processes === 1 ? [] : ['--processes', String(processes)],
    }),
});

/** OPENSIPS names its program, OPENSIPS_MODULES the folder of its modules unless they are where it looks for them. */
const opensipsProgram = process.env['OPENSIPS'] ?? '';
const opensips: Contender = {
  name: 'OpenSIPS',
  works: all,
  missing: () => (existsSync(opensipsProgram) ? null : 'OPENSIPS does not name its program'),
  version: () => versionOf(opensipsProgram, '-V'),
  async start(work, neighbours) {
    const port = await freePort();
    const modules = process.env['OPENSIPS_MODULES'];
    const path = modules === undefined ? '' : `mpath = "${modules}/"\n`;
    const script = opensipsScript({ work, asking: 'async', ...neighbours });
    const file = configurationFile('opensips.cfg', `socket = udp:127.0.0.1:${port}\n${path}${script}`);
    const args = ['-F', '-m', '512', '-M', '64', '-f', file];
    return startedWithChildren(port, /Listening on/, () => launch(opensipsProgram, args));
  },
};

/** Where Debian has its modules; KAMAILIO_MODULES names a folder with further ones. */
const kamailioFolders = [
  ...(process.env['KAMAILIO_MODULES'] ?? '').split(delimiter).filter((folder) => folder !== ''),
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/kamailio/modules`,
];
const hasKamailioModule = (name: string): boolean =>
  kamailioFolders.some((folder) => existsSync(join(folder, `${name}.so`)));

const kamailio = (name: string, asking: Asking, module: string, works: readonly WorkName[]): Contender => ({
  name,
  works,
  missing() {
    if (findCommand('kamailio') === null) return 'not installed (apt-get install kamailio)';
    return hasKamailioModule(module) ? null : `its module ${module} is not installed`;
  },
  version: () => versionOf(commandPath('kamailio'), '-v'),
  async start(work, neighbours) {
    const port = await freePort();
    const modules = kamailioFolders.map((folder) => `${folder}/`).join(delimiter);
    const text = kamailioConfiguration({ work, port, modules, asking, ...neighbours });
    const file = configurationFile('kamailio.cfg', text);
    // -DD: it stays in the foreground, and its children are its own; megabytes shared and of each process
    const args = ['-DD', '-E', '-m', '512', '-M', '8', '-f', file, '-Y', temporaryFolder('run')];
    return startedWithChildren(port, /Listening on|listening/i, () => launch(commandPath('kamailio'), args));
  },
});

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A loop without SIP: what Node, or the kernel, takes for the datagrams alone. */
const loop = (
  name: string,
  work: WorkName,
  start: (port: number, neighbours: Neighbours) => Launched,
  missing: Contender['missing'] = () => null,
): Contender => ({
  name,
  works: [work],
  missing,
  version: () => '',
  async start(_, neighbours) {
    const port = await freePort();
    return started(port, /listening/, () => start(port, neighbours));
  },
});

export const contenders: readonly Contender[] = [
  siprest('siprest', 'async', all),
  {
    name: 'siprest, handlers in TypeScript',
    works: both,
    ...always,
    start: (work, neighbours) => startHandlers(work, neighbours),
  },
  siprest('siprest, 2 processes', 'async', ['relayed'], 2),
  siprest('siprest, blocking, 64 workers', 'blocking', ['answered']),
  opensips,
  kamailio('Kamailio', 'async', 'http_async_client', both),
  kamailio('Kamailio, blocking, 64 processes', 'blocking', 'http_client', ['answered']),
  loop('bare Node loop', 'answered', (port, { service }) => {
    installRivals(); // it asks by undici
    return launch(process.execPath, [here('answer-loop.mjs'), String(port), service]);
  }),
  loop('bare Node loop', 'relayed', (port, { callee }) =>
    launch(process.execPath, [here('relay-loop.mjs'), String(port), String(callee)]),
  ),
  loop('bare Node loop with the query', 'relayed', (port, { callee, service }) =>
    launch(process.execPath, [here('relay-loop.mjs'), String(port), String(callee), service]),
  ),
  loop(
    'bare C loop',
    'relayed',
    (port, { callee }) => launch(compile('relay-loop'), [String(port), String(callee)]),
    () => (compilerIsThere() ? null : 'gcc is not installed'),
  ),
];
