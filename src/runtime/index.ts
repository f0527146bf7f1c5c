/** The exports of this room. */

export { type Accountant, accountant } from './accountant.ts';
export { Avps } from './avps.ts';
export { Background } from './background.ts';
export { type Body, type BodyPart, mimeOf, receivedBody } from './body.ts';
export type { FinishedRest, LadderStep } from './call-history.ts';
export type { CapturedMessage, Collector, Collectors, CorrelatedCalls } from './collectors.ts';
export {
  type CommandArguments,
  CommandError,
  type CommandParameter,
  type CommandProcesses,
  type CommandRow,
  type CommandRows,
  type CommandSpec,
  type CommandValues,
  type CommandValueTypes,
  defineCommands,
} from './command.ts';
export { Draft, requestDraft } from './draft.ts';
export { applyEdits, bodyOffset, type Edit, edits } from './edits.ts';
export { messageOf, stackOf } from './error-text.ts';
export {
  describeFigure,
  type Figure,
  type FigureDescription,
  type FigureFacts,
  type FigureSpec,
  type FigureUnit,
  type FigureValues,
  type HistogramFacts,
  type HistogramFigures,
  type HistogramSpec,
  type HistogramValues,
  labelled,
  type NumberFacts,
  type NumberSpec,
} from './figures.ts';
export { callIdOf, hiddenCallIds } from './hidden-call-ids.ts';
export type { Host, Readiness } from './host.ts';
export { Listeners } from './listeners.ts';
export { debugLevel, Log, type LogFormat, type LogOutput, type LogSubject } from './log.ts';
export { keepFilters, keepLevel, keptLevels } from './logging/kept-levels.ts';
export {
  jsonLines,
  type LineFormat,
  type LogFields,
  localTime,
  printable,
  printableLines,
  severityOf,
  textLines,
} from './logging/lines.ts';
export { isAbout, type LogFilter, type LogOverrides, noOverrides } from './logging/log-levels.ts';
export type { PendingRepetitions } from './logging/repetitions.ts';
export { type StandardError, standardError } from './logging/standard-error.ts';
export { facilityNames, facilityNumber, Syslog, type SyslogWay } from './logging/syslog.ts';
export { MessageTap, receivedFrom, type WireEnd, type WireMessage } from './message-tap.ts';
export {
  defineFunction,
  defineFunctions,
  defineModule,
  defineTransformation,
  defineTransformations,
  defineVariable,
  defineVariables,
  type Module,
  type ModuleRows,
  startModule,
} from './module.ts';
export { optionalPackage } from './optional-package.ts';
export type { Program } from './program.ts';
export { protoTlsParameters } from './proto-tls-parameters.ts';
export { ReceiveCounts } from './receive-counts.ts';
export { ofMessage, Request, subjectOf } from './request.ts';
export { beginTrace, shareTrace } from './request-trace.ts';
export {
  type Job,
  type JobKind,
  type Routing,
  RoutingListeners,
  type ScriptRouting,
  type Worker,
} from './routing.ts';
export {
  type RelayedBranch,
  Run,
  type RunRouting,
  type RunSubject,
  type RunWorker,
} from './run.ts';
export { RunCounts, ScriptCounts } from './script-counts.ts';
export { parseError, type ScriptError, scriptError } from './script-error.ts';
export type { ScriptMetric } from './script-metrics.ts';
export { endStretch } from './script-time.ts';
export type { ListenAddress, LogConsumer, Settings } from './settings.ts';
export { noteHandler, noteRest, traceStep } from './slow-calls.ts';
export { type SlowCall, slowest } from './slowest-calls.ts';
export {
  BindError,
  bindSockets,
  findListening,
  findSocket,
  type ListeningSocket,
  type PortWait,
  type SocketHandlers,
  type SocketSource,
  systemSockets,
} from './sockets.ts';
export type { CallTrace } from './spans/call-trace.ts';
export {
  CallTraces,
  defaultExport,
  type ExportSettings,
  type TraceOptions,
} from './spans/call-traces.ts';
export { HttpSpan } from './spans/http-span.ts';
export type {
  Span,
  SpanAttributes,
  SpanKind,
  SpanSource,
  TraceBeginning,
  TraceField,
  TraceParent,
} from './spans/span.ts';
export { StateKey, States } from './state.ts';
export {
  counterOf,
  type EntryValue,
  type KeptValues,
  type OperationKind,
  type StoreOperation,
  type StoreResult,
} from './stores/operations.ts';
export {
  type Cluster,
  type Replacement,
  type ReplicatedValues,
  type Store,
  StoreError,
  type StoreErrorCode,
} from './stores/store.ts';
export { answeredOr, whenAnswered } from './stores/when-answered.ts';
export { tmParameters } from './tm-parameters.ts';
export { type TraceEvent, Tracing } from './tracing.ts';
export { webSocketRules, wsParameters, wssParameters } from './websocket-parameters.ts';
