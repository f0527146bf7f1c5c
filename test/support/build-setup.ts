import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Brings dist/ up to date once, before tests that start the program. */
export function setup(): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build.mjs', '--if-changed'], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}
