/** What dialogs take in memory: a hundred thousand calls are not rare. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Dialog } from '../../src/dialog/dialog.ts';
import { recordOf } from '../../src/dialog/record.ts';
import { ownCopy } from '../../src/sip/index.ts';
import { typicalDialog } from '../support/typical-dialog.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const count = 20_000;

function sizeOf(make: () => unknown): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = make();
  collect();
  const after = process.memoryUsage().heapUsed;
  expect(kept).toBeDefined();
  return (after - before) / count;
}

test('a call takes less than 2 KB, and the record that other processes have of it less than 1 KB', () => {
  const table = new Map<string, Dialog>();
  const byCall = new Map<string, Dialog>();
  const dialogs = sizeOf(() => {
    for (let i = 0; i < count; i++) {
      const dialog = typicalDialog(i);
      table.set(dialog.did, dialog);
      byCall.set(dialog.callId, dialog);
    }
    return table;
  });
  const records = new Map<string, string>();
  const texts = sizeOf(() => {
    for (const [did, dialog] of table) records.set(did, ownCopy(recordOf(dialog)));
    return records;
  });
  expect([dialogs < 2048, texts < 1024, dialogs > 500]).toEqual([true, true, true]);
});
