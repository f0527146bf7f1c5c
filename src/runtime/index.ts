/** The runtime's own parts, as modules and workers use them. */
export { type CompiledRoute, type Diagnostic, type ParameterValues, type Value } from '../script/index.ts';
export {
  DnsNames,
  findDestinations,
  ProxyCore,
  RFC_TIMERS,
  SocketRegistry,
  StatelessTags,
  type TimerValues,
  TransactionTable,
  type Uri,
} from '../sip/index.ts';
export { Background } from './background.ts';
export { type LoadResult, loadProgram, type Program, type RuntimeCatalog } from './load.ts';
export { Log, type LogFormat } from './log.ts';
export type { Module } from './module.ts';
export { type ReceiveCounts, Receiver } from './receive.ts';
export { Request } from './request.ts';
export { Run, runRoute } from './run.ts';
export type { ListenAddress, Settings } from './settings.ts';
export { BindError, bindSockets, type ListeningSocket } from './sockets.ts';
export { StateKey, States } from './state.ts';
export { initialSlots } from './variables/script-store.ts';
export type { Job, Server, Worker } from './worker.ts';
