import { type Routing, StateKey } from '../runtime/index.ts';
import type { SendingSocket } from '../sip/index.ts';
import type { Dialog } from './dialog.ts';
import type { Leg } from './leg.ts';

/** What one side of a dialog gets to see instead of the other one. */
export interface DialogMask {
  /** Null: that of the dialog. */
  readonly callId: string | null;
  /** The value of the Contact. */
  contact(socket: SendingSocket): string;
}

/** Set by a module that hides the sides of calls from each other: what a leg may see, or null for everything. */
export const dialogMask = new StateKey<
  Routing,
  { mask: (dialog: Dialog, towards: Leg) => DialogMask | null }
>('dialog mask', () => ({ mask: () => null }));
