/** What those who make something happen to a dialog need of the table that it is in. */
import type { Host, RunRouting } from '../runtime/index.ts';
import type { RowValues } from '../script/index.ts';
import type { Dialog, DialogOwner, DialogStatus } from './dialog.ts';
import type { DialogListeners } from './listeners.ts';
import type { dialogParameters } from './parameters.ts';

export interface DialogTable extends DialogOwner {
  readonly host: Host;
  /** The policy in force. */
  readonly routing: RunRouting;
  readonly listeners: DialogListeners;
  readonly parameters: RowValues<typeof dialogParameters>;
  /** Counters since the start of the process. */
  readonly totals: { processed: number; expired: number; failed: number };
  /** In ms since 1970. */
  readonly now: number;
  add(dialog: Dialog): void;
  setStatus(dialog: Dialog, status: DialogStatus): void;
  /** Its data has changed. */
  write(dialog: Dialog): void;
  /** What it waits for has changed. */
  schedule(dialog: Dialog): void;
}
