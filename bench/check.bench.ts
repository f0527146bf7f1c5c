/**
 * What `siprest check` takes as a whole process, on a configuration of 1,600 lines, beside a bare `node -e 0`:
 *
 *   npm run build && npx tsx scripts/bench.ts check
 *
 * The two run in turn. The shortest is shown beside the median, since whatever else the machine does only adds.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configuration } from './script/configuration.ts';

const runs = process.argv.includes('--smoke') ? 1 : 30;
const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'siprest-bench-'));
const file = join(folder, 'opensips.cfg');
const text = configuration(1600);
writeFileSync(file, text, 'latin1');

const commands: Readonly<Record<string, readonly string[]>> = {
  'siprest check': [program, 'check', file],
  'node -e 0': ['-e', '0'],
};
const taken = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
for (let run = 0; run <= runs; run++) {
  for (const [name, args] of Object.entries(commands)) {
    const began = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
    // the first fills the caches of the system
    if (run > 0) taken.get(name)?.push(performance.now() - began);
  }
}
rmSync(folder, { recursive: true });

console.log(`${text.split('\n').length} lines, ${runs} runs`);
console.table(
  Object.fromEntries(
    [...taken].map(([name, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
      return [name, { 'shortest ms': at(0), 'median ms': at(0.5) }];
    }),
  ),
);
