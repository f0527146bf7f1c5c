import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerStatus } from '../../src/index.ts';
import { askServer } from '../../src/internal.ts';
import type { Launched } from './launch.ts';
import { launchSiprest, type RunningSiprest, type SiprestOptions, startSiprest } from './program.ts';
import { temporaryFolder } from './temporary.ts';

/** A running program that can be asked and told what `siprest status` and `siprest reload` do, apart from all others. */
export interface WatchedSiprest extends RunningSiprest {
  /** The figures. */
  status(): Promise<ServerStatus>;
  /** Process ids, by the number of the process; those that answer. */
  pids(): Promise<readonly number[]>;
  /** `siprest COMMAND` as this server's user types it. */
  command(...args: readonly string[]): Launched;
}

export interface WatchedOptions extends SiprestOptions {
  readonly processes?: number;
}

/** `siprest run --processes N`, once it serves. */
export async function startWatched(
  configuration: string,
  { processes = 1, args = [], env = {} }: WatchedOptions = {},
): Promise<WatchedSiprest> {
  const folder = temporaryFolder('runtime');
  const environment = { ...env, XDG_RUNTIME_DIR: folder };
  const control = join(folder, 'siprest');
  mkdirSync(control, { mode: 0o700 });
  const siprest = await startSiprest(configuration, {
    args: ['--processes', String(processes), ...args],
    env: environment,
  });
  const status = async () => (await askServer(siprest.pid, 'siprest:status', control)) as ServerStatus;
  const more = {
    status,
    pids: async () => {
      const { processes: all } = await status();
      return all.map(({ pid }) => pid);
    },
    command: (...rest: readonly string[]) => launchSiprest(rest, environment),
  };
  return Object.defineProperties(siprest, Object.getOwnPropertyDescriptors(more)) as WatchedSiprest;
}
