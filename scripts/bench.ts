/**
 * Runs the benchmarks of bench/, one after the other, each in a process of its own:
 *
 *   npx tsx scripts/bench.ts [NAME …] [--smoke] [options of the benchmark]
 *
 * With `--smoke` a benchmark runs for a moment, to show that it runs at all. What is not a name is handed on.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const all = readdirSync(`${root}bench`)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => basename(name, '.bench.ts'))
  .toSorted();

const given = process.argv.slice(2);
const named = given.filter((arg) => all.includes(arg));
const handedOn = given.filter((arg) => !all.includes(arg));

if (named.length === 0 && handedOn[0]?.startsWith('--') === false) {
  console.error(`there is no benchmark ${handedOn[0]}, but ${all.join(', ')}`);
  process.exit(1);
}
for (const name of named.length === 0 ? all : named) {
  console.log(`\n${name}`);
  const args = ['--import', 'tsx', `${root}bench/${name}.bench.ts`, ...handedOn];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name} ended with ${status}`);
    process.exitCode = 1;
  }
}
