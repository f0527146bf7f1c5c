/** What the replaced URIs of a call are, kept with its dialog if it has one. */
import { createDialog, dialogOf, dialogsOf, optionSet } from '../../dialog/index.ts';
import type { Request } from '../../runtime/index.ts';
import type { Replacement } from './replacement.ts';

export type Side = 'from' | 'to';

const nameOf = (side: Side) => `uac ${side}`;

/** False if the call has no dialog, and none is forced. */
export function storeInDialog(
  request: Request,
  side: Side,
  replacement: Replacement,
  isForced: boolean,
): boolean {
  const dialogs = request.routing.host.states.get(dialogsOf);
  const dialog = isForced ? createDialog(dialogs, request, optionSet([])) : dialogOf(request);
  if (dialog === null) return false;
  const value = JSON.stringify([replacement.original, replacement.replaced]);
  return dialogs.change(dialog, { kind: 'value', name: nameOf(side), value });
}

export function storedInDialog(request: Request, side: Side): Replacement | null {
  const text = dialogOf(request)?.values.get(nameOf(side));
  if (typeof text !== 'string') return null;
  const [original = '', replaced = ''] = JSON.parse(text) as readonly string[];
  return { original, replaced };
}
