import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Launched, launch } from './launch.ts';
import { freePort } from './ports.ts';
import { temporaryFolder } from './temporary.ts';

/** The built program; tests that start it belong to the vitest projects whose setup builds it. */
export const programPath = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface RunningSiprest extends Launched {
  /** The UDP port of 127.0.0.1 that it serves. */
  readonly port: number;
  /** Where its configuration stands. */
  readonly file: string;
}

export interface SiprestOptions {
  /** Further command-line arguments, before the file. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts the program with any arguments, as `siprest` would be. */
export function launchSiprest(args: readonly string[], env: NodeJS.ProcessEnv = {}): Launched {
  return launch(process.execPath, [programPath, ...args], {
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
}

/**
 * `siprest run` with this configuration on a free UDP port, once it serves. A configuration without a
 * `socket` gets one; with `PORT` in its text, that becomes the port.
 */
export async function startSiprest(
  configuration: string,
  options: SiprestOptions = {},
): Promise<RunningSiprest> {
  const port = await freePort();
  const hasSocket = /^\s*(?:socket|listen)\s*=/m.test(configuration);
  const text = `${hasSocket ? '' : `socket=udp:127.0.0.1:${port}\n`}${configuration.replaceAll('PORT', String(port))}`;
  const file = join(temporaryFolder('run'), 'siprest.cfg');
  writeFileSync(file, text, 'latin1');
  const program = launchSiprest(['run', ...(options.args ?? []), file], options.env);
  try {
    await program.prints(/listening/i);
  } catch (error) {
    await program.stop('SIGKILL');
    throw error;
  }
  return Object.defineProperties(program, { port: { value: port }, file: { value: file } }) as RunningSiprest;
}
