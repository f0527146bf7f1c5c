/** The dialog that a message belongs to. */
import { type Request, StateKey } from '../runtime/index.ts';
import type { Dialog, DialogStatus, Direction } from './dialog.ts';

export class DialogContext {
  /** That of the request; null if it has none, or was not matched yet. */
  own: Dialog | null = null;
  /** Null for the INVITE that creates it, and for a request that siprest sends. */
  direction: Direction | null = null;
  /** What the status is shown as, for a request that ends the dialog; null: as it is. */
  status: DialogStatus | null = null;
  /** The route that runs before the script goes on, since its request has ended the dialog. */
  due: string | null = null;
  /** The highest CSeq number of the sender before this request. */
  before = 0;
  /** The dialog that load_dialog_ctx() shows instead. */
  loaded: Dialog | null = null;
  /** What the script has assigned before there was a dialog, in seconds. */
  timeout: number | null = null;
  optionsPing: number | null = null;
  reinvitePing: number | null = null;

  get dialog(): Dialog | null {
    return this.loaded ?? this.own;
  }
}

/** Shared by the branches and replies of a request. */
export const dialogContext = new StateKey<Request, DialogContext>('dialog', () => new DialogContext(), {
  isShared: true,
});

/** The dialog of a request, or null. */
export const dialogOf = (request: Request): Dialog | null =>
  request.knownState(dialogContext)?.dialog ?? null;

/** Which way a request within a dialog goes, or null. */
export const directionOf = (request: Request): Direction | null =>
  request.knownState(dialogContext)?.direction ?? null;
