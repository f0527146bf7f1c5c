/** The runtime's own parts, as modules and workers use them. */

export { Avps } from './avps.ts';
export { Background } from './background.ts';
export { type Body, type BodyPart, mimeOf, receivedBody } from './body.ts';
export { Draft } from './draft.ts';
export { applyEdits, bodyOffset, type Edit, edits } from './edits.ts';
export { type ScriptError, scriptError } from './error-route.ts';
export { type EventAttribute, eventAttributes, raiseEvent } from './events.ts';
export type { Figure, Host, Readiness, ScriptCounts } from './host.ts';
export { Log, type LogFormat, type LogOutput } from './log.ts';
export {
  jsonLines,
  type LineFormat,
  localTime,
  printable,
  printableLines,
  severityOf,
  textLines,
} from './logging/lines.ts';
export { type StandardError, standardError } from './logging/standard-error.ts';
export { facilityNames, facilityNumber, Syslog, type SyslogWay } from './logging/syslog.ts';
export type { Module } from './module.ts';
export type { Program } from './program.ts';
export { type Admission, type Handler, type HandOver, type ReceiveCounts, Receiver } from './receive.ts';
export { Request } from './request.ts';
export type { Routing } from './routing.ts';
export { type RelayedBranch, Run, type RunSubject, runRoute } from './run.ts';
export type { ListenAddress, LogConsumer, Settings } from './settings.ts';
export {
  type AnySharedKind,
  type Caller,
  LocalShared,
  LocalValues,
  type Shared,
  type SharedKind,
  SharedObjects,
  type SharedOperation,
  type SharedValues,
  sharedKind,
} from './shared.ts';
export {
  BindError,
  bindSockets,
  findListening,
  findSocket,
  type ListeningSocket,
  type PortWait,
  type SocketHandlers,
} from './sockets.ts';
export { StateKey, States } from './state.ts';
export type { Job, Worker } from './worker.ts';
