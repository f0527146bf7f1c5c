/**
 * `siprest`: loads and checks OpenSIPS routing scripts, and runs a server on them.
 *
 * The REST client is `siprest/rest`; messages and a client of SIP are `siprest/sip`.
 * @module siprest
 */

export {
  defineModule,
  defineState,
  type EventAttributes,
  raiseEvent,
  type ScriptModule,
  type ScriptModuleRows,
  type ScriptProcess,
  type ScriptRun,
  type StateDefinition,
  type StateScope,
} from './modules/index.ts';
export type { HttpAddress } from './observe/index.ts';
export { type ResponseOutcome, url } from './rest/index.ts';
export {
  type AccountingOptions,
  type AccountingTarget,
  Address,
  type BranchRequest,
  Call,
  CallDialog,
  type CallEnding,
  CallLog,
  CallRest,
  type CallState,
  type DialogEnding,
  defineServer,
  type Handler,
  type Handlers,
  type HeaderValues,
  MessageHeaders,
  MessageView,
  type Middleware,
  type Policy,
  type PolicyDefinition,
  type PolicyLimits,
  type PolicyLogLevel,
  type PolicyRestOptions,
  type PolicyTimers,
  type RelayAnswer,
  type RelayCancelled,
  type RelayFailure,
  type RelayOptions,
  type RelayResult,
  type RelayTarget,
  type RelayTimeout,
  Reply,
  type ReplyOptions,
  type RouteResult,
  SipUri,
  type UriChanges,
} from './routing/index.ts';
export type {
  CommandArguments,
  CommandParameter,
  CommandProcesses,
  CommandRow,
  CommandRows,
  CommandValueTypes,
  Figure,
  FigureDescription,
  FigureFacts,
  FigureSpec,
  FigureUnit,
  FigureValues,
  HistogramFacts,
  HistogramFigures,
  HistogramSpec,
  HistogramValues,
  LadderStep,
  Log,
  LogFields,
  LogFormat,
  LogSubject,
  NumberFacts,
  NumberSpec,
  SlowCall,
  TraceOptions,
} from './runtime/index.ts';
export {
  type Absence,
  type ArgumentSpec,
  type AsyncFunctionRow,
  type Completion,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticLabel,
  type DiagnosticRecord,
  defineParameters,
  diagnosticRecords,
  type EventSpec,
  type FlagRules,
  type FunctionFacts,
  type FunctionRow,
  type IncludeRecord,
  type Inert,
  InvalidUse,
  type Invocation,
  type LabelRecord,
  type Location,
  type ParameterSpec,
  type Place,
  type PlainFunctionRow,
  type RenderOptions,
  type RouteKind,
  type RowValues,
  renderDiagnostics,
  type Severity,
  type SourceFile,
  type SourceSet,
  type Span,
  type TransformationArgument,
  type TransformationRow,
  type Value,
  type VariableAccess,
  type VariableReader,
  type VariableReference,
  type VariableRow,
} from './script/index.ts';
export type { HistogramFigure } from './timers/index.ts';
export type { ControlOptions, ControlPlace, ReloadResult } from './workers/control-protocol.ts';
export { LoadedPolicy, type LoadPolicyOptions, loadPolicy } from './workers/load-policy.ts';
export { type LoadedScript, type LoadOptions, loadScript } from './workers/load-script.ts';
export { type LoadWithModulesOptions, loadScriptWithModules } from './workers/load-with-modules.ts';
export type { LogDestinations } from './workers/server-logs.ts';
export type { ProcessOptions, ServerOptions, SipServer, StopOptions } from './workers/sip-server.ts';
export { StartError } from './workers/start-error.ts';
export { startServer } from './workers/start-server.ts';
export type {
  ProcessStatus,
  ServerState,
  ServerStatus,
} from './workers/status.ts';
