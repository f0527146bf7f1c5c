/** The runtime's own parts, as modules and workers use them. */
export { type CompiledRoute, type Diagnostic, type ParameterValues, type Value } from '../script/index.ts';
export {
  DnsNames,
  findDestinations,
  type Protocol,
  ProxyCore,
  RFC_TIMERS,
  SocketRegistry,
  StatelessTags,
  StatusCounts,
  type TimerValues,
  TransactionTable,
  type Uri,
} from '../sip/index.ts';
export { Background } from './background.ts';
export { type LoadResult, loadProgram, type Program, type RuntimeCatalog } from './load.ts';
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
export { facilityNumber, Syslog, type SyslogWay } from './logging/syslog.ts';
export type { Module } from './module.ts';
export { type Admission, type Handler, type HandOver, type ReceiveCounts, Receiver } from './receive.ts';
export { Request } from './request.ts';
export { Run, runRoute } from './run.ts';
export type { ListenAddress, Settings } from './settings.ts';
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
} from './shared.ts';
export {
  BindError,
  bindSockets,
  type ListeningSocket,
  type PortWait,
  type SocketHandlers,
} from './sockets.ts';
export { StateKey, States } from './state.ts';
export { initialSlots } from './variables/script-store.ts';
export type { Figure, Job, ProcessContext, Readiness, ScriptCounts, Server, Worker } from './worker.ts';
