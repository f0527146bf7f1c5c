/**
 * Runs the benchmarks of bench/, one after the other, each in a process of its own:
 *
 *   npx tsx scripts/bench.ts [--smoke] [NAME …]
 *
 * `--smoke` is handed on: a benchmark then runs for a moment, to show that it runs at all.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { smoke: { type: 'boolean', default: false } },
});

const names = readdirSync(`${root}bench`)
  .filter((name) => name.endsWith('.bench.ts'))
  .filter((name) => positionals.length === 0 || positionals.includes(basename(name, '.bench.ts')))
  .toSorted();

for (const name of names) {
  console.log(`\n${name}`);
  const args = ['--import', 'tsx', `${root}bench/${name}`, ...(values.smoke ? ['--smoke'] : [])];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name} ended with ${status}`);
    process.exitCode = 1;
  }
}
if (names.length === 0) {
  console.error(`no benchmark of that name in bench/`);
  process.exitCode = 1;
}
