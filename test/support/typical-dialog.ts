import { Dialog } from '../../src/dialog/dialog.ts';
import { Leg } from '../../src/dialog/leg.ts';
import { optionSet } from '../../src/dialog/options.ts';
import { ownCopy } from '../../src/sip/index.ts';

const nobody = { due: () => undefined };

/** A call of typical length, with a value and a profile, as it is once it was answered. */
export function typicalDialog(i: number): Dialog {
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
