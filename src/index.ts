/**
 * `siprest`: loads and checks OpenSIPS routing scripts, and runs a server on them.
 *
 * The REST client is `siprest/rest`; messages and a client of SIP are `siprest/sip`.
 * @module siprest
 */
export type { Figure, Log, LogFormat } from './runtime/index.ts';
export {
  type Absence,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticLabel,
  type DiagnosticRecord,
  diagnosticRecords,
  type IncludeRecord,
  type Inert,
  type LabelRecord,
  type Location,
  type Place,
  type RenderOptions,
  renderDiagnostics,
  type Severity,
  type SourceFile,
  type SourceSet,
  type Span,
} from './script/index.ts';
export type { ControlOptions, ControlPlace } from './workers/control-protocol.ts';
export { type LoadedScript, type LoadOptions, loadScript } from './workers/load-script.ts';
export type { LogDestinations } from './workers/server-logs.ts';
export type { ProcessOptions, ServerOptions, SipServer, StopOptions } from './workers/sip-server.ts';
export { StartError } from './workers/start-error.ts';
export { startServer } from './workers/start-server.ts';
export type { FigureValues, ProcessStatus, ServerState, ServerStatus } from './workers/status.ts';
