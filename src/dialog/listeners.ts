/** What a Routing hears of dialogs: modules that stand on them add listeners when they start. */
import { Listeners, type Request, type Routing, StateKey } from '../runtime/index.ts';
import type { Dialog, DialogStatus } from './dialog.ts';

/**
 * Why a dialog has ended: a `bye`, its `timeout`, a side that does not answer a `ping`, an administrator or a program
 * (`command`), a `race` of CANCEL or BYE and 200, or the call has `failed`: it was never answered.
 */
export type EndCause = 'bye' | 'timeout' | 'ping' | 'command' | 'race' | 'failed';

export interface DialogEnd {
  readonly cause: EndCause;
  /** As `$DLG_end_reason` says; null for a call that has failed. */
  readonly reason: string | null;
  /** The final status of a call that has failed; null without one. */
  readonly status: number | null;
  /** In ms since 1970. */
  readonly at: number;
  /** How long it lasted since it was answered, in ms; 0 if it never was. */
  readonly duration: number;
  /** The BYE; null if siprest has ended it. */
  readonly request: Request | null;
}

/** Called with the end of one dialog. */
export const dialogEnded = new StateKey<Dialog, Listeners<[end: DialogEnd]>>(
  'end of a dialog',
  () => new Listeners(),
);

export class DialogListeners {
  /** create_dialog() has created one for an INVITE. */
  readonly created = new Listeners<[dialog: Dialog, request: Request]>();
  /** Its status has changed. */
  readonly changed = new Listeners<[dialog: Dialog, before: DialogStatus]>();
  /** The first 2xx has arrived. */
  readonly answered = new Listeners<[dialog: Dialog]>();
  /** A request was matched to it. */
  readonly within = new Listeners<[dialog: Dialog, request: Request]>();
  /** It has ended, once for each that was created. */
  readonly ended = new Listeners<[dialog: Dialog, end: DialogEnd]>();
  /** It goes on after a restart of its process. */
  readonly restored = new Listeners<[dialog: Dialog]>();
}

export const dialogListeners = new StateKey<Routing, DialogListeners>(
  'dialog listeners',
  () => new DialogListeners(),
);
