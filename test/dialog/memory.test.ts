/** What dialogs take in memory: a hundred thousand calls are not rare. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Dialog } from '../../src/dialog/dialog.ts';
import { Leg } from '../../src/dialog/leg.ts';
import { optionSet } from '../../src/dialog/options.ts';
import { recordOf } from '../../src/dialog/record.ts';
import { ownCopy } from '../../src/sip/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const nobody = { due: () => undefined };
const count = 20_000;

/** A call of typical length, with a value and a profile, as it is once it was answered. */
function typical(i: number): Dialog {
  const socket = ownCopy('udp:192.0.2.1:5060');
  const leg = (tag: string, place: string) =>
    new Leg([
      ownCopy(`${tag}-${i}-8d7f6a5b`),
      ownCopy(`sip:user${i}@192.0.2.${place}:5062;transport=udp`),
      [ownCopy(`<sip:198.51.100.${place}:5060;lr;ftag=${tag}-${i}-8d7f6a5b>`)],
      socket,
      1,
      1,
      0,
    ]);
  const dialog = new Dialog(nobody, {
    did: ownCopy(`3f2.${i.toString(16).padStart(8, '0')}`),
    callId: ownCopy(`${i}-a84b4c76e66710@192.0.2.7`),
    from: ownCopy(`sip:caller${i}@atlanta.example`),
    to: ownCopy(`sip:callee${i}@biloxi.example`),
    number: 1,
    caller: leg('caller', '7'),
    options: optionSet(['bye-on-timeout']),
    createdAt: 1_800_000_000_000 + i,
    lifetime: 43_200,
  });
  dialog.callees = [leg('callee', '9')];
  dialog.status = 4;
  dialog.answeredAt = 1_800_000_000_000 + i;
  dialog.expiresAt = 1_800_043_200_000 + i;
  dialog.memberships = [{ profile: 'caller', value: ownCopy(`caller${i}`) }];
  dialog.setValue('account', ownCopy(`account-${i}`));
  return dialog;
}

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
      const dialog = typical(i);
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
