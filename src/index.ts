/**
 * siprest as a library: the REST client, the routing script, the server that runs it, and a small SIP client.
 * `siprest/rest` is the REST client alone.
 */
export { FileError, largestFile, readRegularFile } from './files/regular-file.ts';
export * from './rest/index.ts';
export type { Log, LogFormat } from './runtime/index.ts';
export {
  type Absence,
  absencesText,
  countAbsences,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticLabel,
  type DiagnosticRecord,
  diagnosticCodes,
  diagnosticRecords,
  inertText,
  isInert,
  type Location,
  type Place,
  type RenderOptions,
  renderDiagnostics,
  type Severity,
  SourceSet,
} from './script/index.ts';
export {
  RequestError,
  type RequestEvent,
  type RequestOptions as SipRequestOptions,
  SipRequest,
  SipResponse,
  sendRequest,
} from './sip/index.ts';
export { Control, type ControlHandlers, type ControlPlace } from './workers/control.ts';
export {
  allServers,
  askServer,
  ControlError,
  controlDirectory,
  controlledServers,
  type FoundServer,
} from './workers/control-client.ts';
export type { ControlCommand, ServerIdentity } from './workers/control-protocol.ts';
export {
  FIGURES,
  type FigureSpec,
  type FigureValues,
  type Labelled,
  type ProcessStatus,
  type ServerStatus,
} from './workers/figures.ts';
export {
  type LoadOptions,
  type LoadResult,
  loadScript,
  type Program,
  type ScriptSource,
} from './workers/load-script.ts';
export { runMember } from './workers/run-member.ts';
export { RunningServer, type StartOptions, type StopOptions } from './workers/server.ts';
export { type LogDestinations, openLog } from './workers/server-logs.ts';
export { StartError } from './workers/start-error.ts';
export {
  type LoadedScript,
  type ServerOptions,
  type SipServer,
  startServer,
} from './workers/start-server.ts';
export { Supervisor, type SupervisorOptions } from './workers/supervisor.ts';
