/** What routing does to forwarded messages: branches, replies, failures, routes. */
export { forwardStateless, sendOriginal } from './forward.ts';
export { showLocalMessage } from './local-messages.ts';
export { maxForwards } from './max-forwards.ts';
export { type MessageBranch, messageBranches } from './message-branches.ts';
export { sendNewRequest } from './new-request.ts';
export { forceSocket, incomingSocket, type RecordRoute, recordRoutes } from './record-route.ts';
export { awaitBranches, injectBranches, receiveResponse, relay, replicate, replyTo } from './relay.ts';
export { type RelayOptions, relaying } from './relaying.ts';
