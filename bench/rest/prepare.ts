import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const root = here('../../');

/** What the measured processes run. */
export interface Tools {
  /** Folder of the compiled siprest. */
  readonly product: string;
  /** libcurl's client; null in smoke mode. */
  readonly libcurl: string | null;
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `status ${status}`}`);
}

/** Compiles src/rest as it is published, but not into dist/, and libcurl's client. */
export function build(smoke: boolean): Tools {
  // below the root, so that it finds the dependencies
  const folder = mkdtempSync(
    join(existsSync(`${root}node_modules`) ? `${root}node_modules` : tmpdir(), '.bench-'),
  );
  process.on('exit', () => spawnSync('rm', ['-rf', folder]));
  const product = join(folder, 'dist');
  run(
    process.execPath,
    [`${root}node_modules/typescript/bin/tsc`, '-p', here('.'), '--outDir', product],
    root,
  );
  if (smoke) return { product, libcurl: null };
  const libcurl = join(folder, 'libcurl-multi');
  run('gcc', ['-O2', '-Wall', '-o', libcurl, here('libcurl-multi.c'), '-lcurl'], root);
  return { product, libcurl };
}

/** Installs undici, axios and got into bench/node_modules, where that has not been done. */
export function installRivals(): void {
  if (!['undici', 'axios', 'got'].every((name) => existsSync(here(`../node_modules/${name}`))))
    run('npm', ['ci', '--no-audit', '--no-fund'], here('../'));
}
