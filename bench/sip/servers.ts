/** The servers that are measured, each in a process of its own. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandPath, findCommand } from '../../test/support/commands.ts';
import { type Launched, launch } from '../../test/support/launch.ts';
import { freePort } from '../../test/support/ports.ts';
import { programPath } from '../../test/support/program.ts';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { kamailioConfiguration, type ScriptSettings, siprestScript } from './scripts.ts';

export interface MeasuredServer {
  readonly pid: number;
  /** The UDP port of 127.0.0.1 that it serves. */
  readonly port: number;
  /** From its start until it said that it listens, in ms. */
  readonly startTime: number;
  stop(): Promise<unknown>;
}

async function started(port: number, listening: RegExp, start: () => Launched): Promise<MeasuredServer> {
  const began = performance.now();
  const program = start();
  await program.prints(listening);
  return { pid: program.pid, port, startTime: performance.now() - began, stop: () => program.stop() };
}

export const startSiprest = (settings: ScriptSettings): Promise<MeasuredServer> =>
  startScript(siprestScript(settings));

/** Starts siprest, of this checkout unless another `program` is named, with a script that lacks its socket. */
export async function startScript(script: string, program = programPath): Promise<MeasuredServer> {
  const port = await freePort();
  const file = join(temporaryFolder('bench'), 'opensips.cfg');
  writeFileSync(file, `socket = udp:127.0.0.1:${port}\n${script}`);
  return started(port, /listening/, () => launch(process.execPath, [program, 'run', file]));
}

const debianModules = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/kamailio/modules/`;

/** Kamailio, and the module that asks HTTP services, which is a package of its own. */
export const kamailioIsThere = (): boolean =>
  findCommand('kamailio') !== null && existsSync(join(debianModules, 'http_client.so'));

export async function startKamailio(origin: string): Promise<MeasuredServer> {
  const port = await freePort();
  const file = join(temporaryFolder('bench'), 'kamailio.cfg');
  writeFileSync(file, kamailioConfiguration(port, origin, debianModules));
  // -DD: it stays in the foreground, and its children are its own; megabytes shared and of each process
  const args = ['-DD', '-E', '-m', '512', '-M', '8', '-f', file, '-Y', temporaryFolder('run')];
  const server = await started(port, /Listening on|listening/i, () => launch(commandPath('kamailio'), args));
  await new Promise((resolve) => setTimeout(resolve, 2000)); // its children are on their way
  return server;
}

export async function startBareLoop(origin: string): Promise<MeasuredServer> {
  const port = await freePort();
  const program = fileURLToPath(new URL('bare-loop.mjs', import.meta.url));
  return started(port, /listening/, () => launch(process.execPath, [program, String(port), origin]));
}
