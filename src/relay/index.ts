/** What routing does to forwarded messages: branches, replies, failures, routes. */
export {
  addRecordRoute,
  addRouteParameters,
  areRouteParameters,
  fromTagOf,
  type RouteUris,
  recordRoute,
  routeState,
  setRouteParameter,
} from './add-record-route.ts';
export {
  type ActiveRule,
  type Blacklist,
  blacklists,
  blacklistsInUse,
  useBlacklist,
} from './blacklists.ts';
export { followFlow, pathFlow, recordedFlow, shareFlowSecret } from './flows.ts';
export { forwardStateless, sendOriginal } from './forward.ts';
export { showLocalMessage } from './local-messages.ts';
export { isDownstream, isOurs, looseRoute, looseRouted, routeParameter, setRoutes } from './loose-route.ts';
export type { Mask } from './mask.ts';
export { hidesFrom } from './masking.ts';
export { countMaxForwards, currentMaxForwards, maxForwards } from './max-forwards.ts';
export { type MessageBranch, type MessageBranches, messageBranches } from './message-branches.ts';
export { localRoute, sendNewRequest } from './new-request.ts';
export { responseEdits } from './outgoing.ts';
export { sendOwnRequest } from './own-request.ts';
export { forceSocket, namedSocket, type RecordRoute } from './record-route.ts';
export {
  awaitBranches,
  cancelRequest,
  injectBranches,
  receiveResponse,
  relay,
  replicate,
  replyTo,
} from './relay.ts';
export { type RelayOptions, type RelayUser, type ReplyHook, relaying } from './relaying.ts';
export { tlsChoice } from './tls-choice.ts';
export { readHeaderLines, sendUacRequest, UacError } from './uac-request.ts';
