/** Policies in TypeScript: handlers of calls, on the same runtime as scripts. */
export type { AccountingOptions, AccountingTarget } from './accounting.ts';
export { Address, SipUri, type UriChanges } from './address.ts';
export { Call, type CallState, type ReplyOptions, type RouteResult } from './call.ts';
export { CallDialog, type DialogEnding } from './call-dialog.ts';
export { callFunction } from './call-function.ts';
export { CallLog } from './call-log.ts';
export { CallRest } from './call-rest.ts';
export { policyIntake } from './dispatch.ts';
export type { CallEnding } from './handler-time.ts';
export { HandlerWatch, handlerWatch, type WatchedHandler } from './handler-watch.ts';
export { type HeaderValues, MessageHeaders, MessageView } from './message-view.ts';
export {
  defineServer,
  type Handler,
  type Handlers,
  isPolicy,
  type Middleware,
  type Policy,
  type PolicyDefinition,
  type PolicyLimits,
  type PolicyLogLevel,
  type PolicyRestOptions,
  type PolicyTimers,
} from './policy.ts';
export { type PolicyRouting, policyRouting } from './policy-routing.ts';
export type {
  BranchRequest,
  RelayAnswer,
  RelayCancelled,
  RelayFailure,
  RelayOptions,
  RelayResult,
  RelayTarget,
  RelayTimeout,
} from './relay-options.ts';
export { Reply } from './reply.ts';
