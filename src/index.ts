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
  SipRequest,
  type SipRequestOptions,
  SipResponse,
  sendRequest,
} from './sip/index.ts';
export {
  allServers,
  askServer,
  ControlError,
  controlDirectory,
  controlledServers,
  type FoundServer,
} from './workers/control-client.ts';
export type {
  ControlCommand,
  ControlOptions,
  ControlPlace,
  ServerIdentity,
} from './workers/control-protocol.ts';
export { FIGURES, type FigureSpec, type Labelled } from './workers/figures.ts';
export {
  LoadedScript,
  type LoadOptions,
  loadScript,
} from './workers/load-script.ts';
export { runMember } from './workers/run-member.ts';
export { type LogDestinations, openLog } from './workers/server-logs.ts';
export type {
  MemberProgram,
  ProcessOptions,
  ServerOptions,
  SipServer,
  StopOptions,
} from './workers/sip-server.ts';
export { StartError } from './workers/start-error.ts';
export { startServer } from './workers/start-server.ts';
export type { FigureValues, ProcessStatus, ServerState, ServerStatus } from './workers/status.ts';
