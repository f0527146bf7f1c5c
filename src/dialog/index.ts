/** Dialogs: calls that are followed from their INVITE to their BYE, for modules and handlers that stand on them. */
export type { DialogChange, RequestWithin } from './changes.ts';
export { type DialogContext, dialogContext, dialogOf, directionOf } from './context.ts';
export { createDialog, setOptions } from './create-dialog.ts';
export type { Dialog, DialogStatus, Direction, Membership } from './dialog.ts';
export { type DialogMask, dialogMask } from './dialog-mask.ts';
export { type Dialogs, dialogsOf } from './dialogs.ts';
export { type Ending, end } from './ending.ts';
export { numberOf } from './identifier.ts';
export type { Leg } from './leg.ts';
export {
  type DialogEnd,
  type DialogListeners,
  dialogEnded,
  dialogListeners,
  type EndCause,
} from './listeners.ts';
export { type MatchMode, matchDialog, matchModes, matchNames } from './matching.ts';
export { type DialogOption, dialogOptions, optionNames, optionSet } from './options.ts';
export { dialogParameters, type ProfileNames, profileNames } from './parameters.ts';
export { sendWithin } from './send-within.ts';
export { recordSpace } from './shared-dialogs.ts';
export { runHangupRoute, trackDialogs, tracksDialogs } from './track-dialogs.ts';
export { type Defect, defectOf, repair } from './validation.ts';
export { whenSettled } from './when-settled.ts';
