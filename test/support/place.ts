import { join } from 'node:path';
import { closeLater } from './close-later.ts';
import { launchSiprest, type RunningSiprest, startSiprest } from './program.ts';
import { temporaryFolder } from './temporary.ts';

/** A place of its own, so that no other server is found. */
export function place() {
  const env = { XDG_RUNTIME_DIR: temporaryFolder('runtime'), TMPDIR: temporaryFolder('tmp') };
  const run = async (...args: string[]) => {
    const command = launchSiprest(args, env);
    const code = await command.ended;
    return { code, printed: command.stdout + command.stderr };
  };
  const start = async (script: string, ...args: string[]): Promise<RunningSiprest> =>
    closeLater(await startSiprest(script, { args, env }));
  return { env, run, start, folder: join(env.XDG_RUNTIME_DIR, 'siprest') };
}
