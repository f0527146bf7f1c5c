/**
 * The memory of 10,000 transfers that wait in one process for a server that does not answer:
 *
 *   npx tsx scripts/bench.ts waiting
 *
 * It fails above 400 MiB. Needs `ulimit -n` above 10,100; with `--smoke` it is 200 transfers.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from './rest/prepare.ts';
import { startSilentServer } from './silent-server.ts';

const LIMIT_MIB = 400;
const transfers = process.argv.includes('--smoke') ? 200 : 10_000;

const server = await startSilentServer();
const { product } = build(true);
const script = fileURLToPath(new URL('rest/waiting.mjs', import.meta.url));
const child = spawn(process.execPath, [script, product, `${server.origin}/`, String(transfers)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let out = '';
child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
const [status] = (await once(child, 'close')) as [number | null];
server.close();
if (status !== 0) throw new Error(`the measured process ended with ${status}`);
const { before, waiting, most } = JSON.parse(out) as Record<'before' | 'waiting' | 'most', number>;
console.log(
  `${transfers} transfers wait: ${waiting} MiB (${before} MiB before, ${most} MiB at most), ${Math.round(((waiting - before) * 1024) / transfers)} KiB each`,
);
if (most > LIMIT_MIB) {
  console.error(`that is above ${LIMIT_MIB} MiB`);
  process.exitCode = 1;
}
