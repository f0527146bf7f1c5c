/** From and To, whose URIs may be replaced: what changes in a request, in its replies, and in later requests. */
import { isDownstream, routeParameter, setRouteParameter } from '../../relay/index.ts';
import { type Edit, edits, type Request, type Run, StateKey } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { type NameAddr, parseUri, type SipMessage, type SipRequest } from '../../sip/index.ts';
import { parameters } from './parameters.ts';
import { decode, encode, type Replacement } from './replacement.ts';
import { addReplyHook } from './reply-hooks.ts';
import { type Side, storedInDialog, storeInDialog } from './stored-in-dialog.ts';

const others: Readonly<Record<Side, Side>> = { from: 'to', to: 'from' };

const parameterOf = (request: Request, side: Side): string => {
  const values = request.routing.parameters(parameters);
  return side === 'from' ? values.rr_from_store_param : values.rr_to_store_param;
};

/** Whether replies to the request get its own From and To back. */
const restoring = new StateKey<Request, { isOn: boolean }>('uac replies', () => ({ isOn: false }), {
  isShared: true,
});

/** The sides that the script has replaced: of a branch those of its own route. */
const replacedSides = new StateKey<Request, Set<Side>>('uac replaced', () => new Set());

/** The sides that were changed as the call wants it, so that none is changed twice. */
const restored = new StateKey<Request, Set<Side>>('uac restored', () => new Set(), { isShared: true });

/** The header of a side with another name or URI; '' for no name, undefined for the same. */
function valueOf(address: NameAddr, display: string | undefined, uri: string): string {
  const name = display ?? address.display ?? '';
  const shown = display === undefined ? name : quotedIfNeeded(name);
  const parameters_ = address.text.slice(address.addressLength);
  return `${shown === '' ? '' : `${shown} `}<${uri}>${parameters_}`;
}

/** Tokens and blanks need no quotes (RFC 3261, 25.1). */
const quotedIfNeeded = (name: string): string =>
  /^"(?:[^"\\]|\\.)*"$/s.test(name) || /^[\w.!%*+`'~-]*$/.test(name)
    ? name
    : `"${name.replace(/["\\]/g, '\\$&')}"`;

function setSide(message: SipMessage, list: Edit[], side: Side, value: string): void {
  const header = message.headers.findIndex(({ key }) => key === side);
  list.push({ kind: 'set-value', header, value });
}

/** uac_replace_from() and uac_replace_to(). */
export function replace(run: Run, side: Side, display: string | undefined, uri = ''): Status {
  const { request } = run;
  const { message } = request;
  const caller = `uac_replace_${side}()`;
  if (message === null) return -1;
  if (/[\r\n\0]/.test(`${display ?? ''}${uri}`) || (uri !== '' && parseUri(uri) === null)) {
    run.complain(`${caller}: "${uri}" is not a SIP or TEL URI, or has a line break beside it`);
    return -1;
  }
  const replaced = request.state(replacedSides);
  if (replaced.has(side)) {
    run.complain(`${caller}: called before for this message`);
    return -10;
  }
  replaced.add(side);
  const address = message[side];
  setSide(message, request.state(edits), side, valueOf(address, display, uri === '' ? address.uri : uri));
  const { restore_mode, restore_passwd, force_dialog } = run.parameters(parameters);
  if (uri === '' || restore_mode === 'none') return 1;
  const replacement = { original: address.uri, replaced: uri };
  restoreReplies(request, message);
  if (!storeInDialog(request, side, replacement, force_dialog))
    setRouteParameter(request, parameterOf(request, side), encode(replacement, restore_passwd));
  return 1;
}

/** Replies get From and To as the request had them, with the tag of the callee. */
function restoreReplies(request: Request, message: SipRequest): void {
  const state = request.state(restoring);
  if (state.isOn) return;
  state.isOn = true;
  const own = { from: message.from.text, to: message.to.text };
  const hasTag = message.toTag !== null;
  addReplyHook(request, (response, draft) => {
    const tag = hasTag || response.toTag === null ? '' : `;tag=${response.toTag}`;
    if (response.from.text !== own.from) setSide(response, draft.edits, 'from', own.from);
    if (response.to.text !== `${own.to}${tag}`) setSide(response, draft.edits, 'to', `${own.to}${tag}`);
  });
}

/** What replaces the URI of a side in a later request; null if nothing does. */
function laterUri(
  request: Request,
  message: SipRequest,
  side: Side,
  replacement: Replacement,
): readonly [Side, string] | null {
  const { original, replaced } = replacement;
  const back = others[side];
  const isFromCaller = hasDirection(request) ? isDownstream(request) : message[side].uri === original;
  return isFromCaller ? [side, replaced] : [back, original];
}

/** Whether our Route has the tag of the caller. */
const hasDirection = (request: Request): boolean => routeParameter(request, 'ftag') !== null;

/** The URIs that the call has replaced, by the side of its first request. */
function storedFor(request: Request, side: Side): Replacement | null {
  const stored = storedInDialog(request, side);
  if (stored !== null) return stored;
  const text = routeParameter(request, parameterOf(request, side));
  return text === null ? null : decode(text, request.routing.parameters(parameters).restore_passwd);
}

/** Changes a later request of the call as its first one was, or back. False if there is nothing to do. */
export function restore(request: Request, side: Side, withReplies: boolean): boolean {
  const { message } = request;
  const replacement = message === null ? null : storedFor(request, side);
  const done = request.state(restored);
  if (message === null || replacement === null || done.has(side)) return false;
  done.add(side);
  const change = laterUri(request, message, side, replacement);
  if (change === null) return false;
  const [changed, uri] = change;
  const address = message[changed];
  if (withReplies) restoreReplies(request, message);
  setSide(message, request.state(edits), changed, valueOf(address, undefined, uri));
  return true;
}
