/** Finds the dialog of a request within one. Source: modules/dialog of the manual; RFC 3261, 12.2.2. */
import { routeState } from '../relay/index.ts';
import { callIdOf, type Request } from '../runtime/index.ts';
import { parseUri, type SipRequest, uriParameter } from '../sip/index.ts';
import { dialogContext } from './context.ts';
import type { Dialog } from './dialog.ts';
import type { Dialogs } from './dialogs.ts';
import { enter, type Place } from './within.ts';

/** How requests find their dialog: by the parameter of the Route, by Call-ID and tags, or by the first that there is. */
export type MatchMode = 'parameter' | 'either' | 'tags';

export const matchModes = ['parameter', 'either', 'tags'] as const satisfies readonly MatchMode[];

/**
 * The modes as match_dialog() has them. Null: as the parameter says, which the reference does for DID_ONLY (scenario
 * dialog-match-mode-param).
 */
export const matchNames: ReadonlyMap<string, MatchMode | null> = new Map([
  ['DID_ONLY', null],
  ['DID_FALLBACK', 'either'],
  ['DID_NONE', 'tags'],
]);

/**
 * Finds the dialog of a request and lets the dialog know of it, once. False if it has none. `did`: the identifier that
 * the request has; null: none.
 */
export function matchDialog(
  dialogs: Dialogs,
  request: Request,
  mode: MatchMode,
  did: string | null = parameterOf(dialogs, request),
): boolean {
  const { message } = request;
  if (request.knownState(dialogContext)?.own != null) return true;
  if (message === null || message.toTag === null || message.method === 'CANCEL') return false;
  const place = placeOf(dialogs, message, mode, mode === 'tags' ? null : did);
  if (place === null) return false;
  enter(dialogs, request, message, place);
  return true;
}

function placeOf(dialogs: Dialogs, message: SipRequest, mode: MatchMode, did: string | null): Place | null {
  const callId = callIdOf(dialogs.host, message);
  if (did !== null) {
    const dialog = dialogs.find(did);
    return dialog === null || dialog.callId !== callId ? null : placeIn(dialog, message);
  }
  if (mode === 'parameter') return null;
  let ended: Place | null = null;
  for (const dialog of dialogs.ofCall(callId)) {
    const place = placeIn(dialog, message);
    if (place === null) continue;
    if (dialog.isActive) return place;
    ended ??= place;
  }
  return ended;
}

/** The parameter of siprest's own Route. */
function parameterOf({ parameters }: Dialogs, request: Request): string | null {
  const params = request.knownState(routeState)?.params ?? null;
  const uri = params === null ? null : parseUri(`sip:x;${params}`);
  return uri === null ? null : uriParameter(uri, parameters.rr_param);
}

/** Whose request it is; null unless both tags are those of the dialog. */
function placeIn(dialog: Dialog, { fromTag, toTag }: SipRequest): Place | null {
  const { caller } = dialog;
  const calleeWith = (tag: string | null) => dialog.callees.find((one) => one.tag === tag);
  if (fromTag === caller.tag) {
    const receiver = calleeWith(toTag);
    if (receiver !== undefined) return { dialog, direction: 'downstream', sender: caller, receiver };
  }
  const sender = toTag === caller.tag ? calleeWith(fromTag) : undefined;
  return sender === undefined ? null : { dialog, direction: 'upstream', sender, receiver: caller };
}
