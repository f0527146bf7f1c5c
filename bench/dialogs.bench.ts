/**
 * The memory of 100,000 calls that are followed as dialogs, and what it costs to find one:
 *
 *   npx tsx scripts/bench.ts dialogs
 *
 * It fails above 2 KiB a call. With `--smoke` it is 1,000 calls, whose size says nothing.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Dialogs } from '../src/dialog/dialogs.ts';
import type { Host } from '../src/runtime/index.ts';
import { ByteBudget, systemClock } from '../src/timers/index.ts';
import { typicalDialog } from '../test/support/typical-dialog.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const isSmoke = process.argv.includes('--smoke');
const count = isSmoke ? 1000 : 100_000;
const most = 2048;

const host = {
  ...{ count: 1, number: 0, clock: systemClock, store: { cluster: null } },
  memory: { calls: new ByteBudget(2 ** 40) },
};
const dialogs = new Dialogs(host as unknown as Host);

collect();
const before = process.memoryUsage().heapUsed;
const began = performance.now();
for (let i = 0; i < count; i++) {
  const dialog = typicalDialog(i);
  dialogs.add(dialog);
  dialogs.schedule(dialog);
}
const added = performance.now() - began;
collect();
const bytes = (process.memoryUsage().heapUsed - before) / count;

const finding = performance.now();
let found = 0;
for (let round = 0; round < 10; round++)
  for (let i = 0; i < count; i++)
    if (dialogs.find(`3f2.${((i * 7919) % count).toString(16).padStart(8, '0')}`) !== null) found++;
const took = performance.now() - finding;
if (found !== 10 * count) throw new Error(`found ${found} of ${10 * count} calls`);

console.log(
  `${count} calls: ${Math.round(bytes)} bytes each with tables and timers; ${((1000 * added) / count).toFixed(2)} us to add one, ${((1000 * took) / found).toFixed(2)} us to find one`,
);
if (!isSmoke && bytes > most) {
  console.error(`that is above ${most} bytes`);
  process.exitCode = 1;
}
process.exit();
