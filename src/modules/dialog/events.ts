/** E_DLG_STATE_CHANGED. Source: modules/dialog of the manual; scenario dialog-events. */
import { type Dialog, type DialogStatus, numberOf } from '../../dialog/index.ts';
import { raiseEvent } from '../../engine/index.ts';
import type { RunRouting } from '../../runtime/index.ts';
import type { EventSpec } from '../../script/index.ts';

const name = 'E_DLG_STATE_CHANGED';

export const dialogEvents: readonly EventSpec[] = [
  {
    name,
    attributes: [
      { name: 'id', summary: 'The identifier of the dialog.' },
      { name: 'db_id', summary: 'The same as one number.' },
      { name: 'callid', summary: 'Its Call-ID.' },
      { name: 'from_tag', summary: 'The tag of the caller.' },
      { name: 'to_tag', summary: 'The tag of the callee; empty before its first reply.' },
      { name: 'old_state', summary: 'The status before, from 1 to 5.' },
      { name: 'new_state', summary: 'The status now.' },
    ],
    summary: 'The status of a dialog has changed.',
    source: 'modules/dialog',
  },
];

export function raiseStateChanged(routing: RunRouting, dialog: Dialog, before: DialogStatus): void {
  const attributes = [
    { name: 'id', value: dialog.did },
    { name: 'db_id', value: numberOf(dialog.did) },
    { name: 'callid', value: dialog.callId },
    { name: 'from_tag', value: dialog.caller.tag },
    { name: 'to_tag', value: dialog.callee?.tag ?? '' },
    { name: 'old_state', value: before },
    { name: 'new_state', value: dialog.status },
  ];
  raiseEvent(routing, name, attributes, queueMicrotask);
}
