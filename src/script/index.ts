/** The routing language: parses, checks and compiles scripts. */
export type * from './ast.ts';
export { arithmeticOperators, assignOperators, comparisonOperators, routeKinds } from './ast.ts';
export * from './catalog.ts';
export type { CheckRegex } from './check-arguments.ts';
export { isModuleFile } from './check-modules.ts';
export { type CheckedScript, type CheckedText, type CheckOptions, check, checkText } from './checker.ts';
export type { Matcher } from './compile-expressions.ts';
export { type CompiledScript, type CompileOptions, compileScript } from './compiler.ts';
export { defineArgument, definedNames, defineParameter, defineParameters, defineSettings } from './define.ts';
export {
  type DiagnosticRecord,
  diagnosticRecords,
  type IncludeRecord,
  type LabelRecord,
  type Place,
} from './diagnostic-records.ts';
export {
  type Absence,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticLabel,
  diagnosticCodes,
  hasErrors,
  type Inert,
  type Severity,
  typescriptCodes,
} from './diagnostics.ts';
export { enterRoute } from './enter-route.ts';
export {
  type CompiledRoute,
  type Execution,
  Flow,
  type Frame,
  type Launched,
  type Step,
  type Suspension,
} from './execution.ts';
export * from './function-spec.ts';
export * from './invalid-use.ts';
export { logLevel, logLevels } from './log-levels.ts';
export { Lookup } from './lookup.ts';
export * from './module-spec.ts';
export { lowerAscii, toInteger, toText, truth } from './operators.ts';
export * from './parameter-spec.ts';
export { type ParsedScript, parseScript } from './parser.ts';
export type { Reached } from './reached.ts';
export { absencesText, countAbsences } from './render-absences.ts';
export { type RenderOptions, renderDiagnostics } from './render-diagnostics.ts';
export { inertText, isInert } from './render-inert.ts';
export {
  defaultForm,
  functionForm,
  rangeForm,
  transformationForms,
  typeForm,
  variableForm,
  zeroForm,
} from './row-forms.ts';
export { lineWithoutSecrets, withoutSecrets } from './secrets.ts';
export { type Location, type SourceFile, SourceSet } from './source.ts';
export { TableValues } from './table-values.ts';
export { template, variableText } from './template.ts';
export type { ReadFile } from './token-stream.ts';
export * from './transformation-spec.ts';
export { transformOf } from './transforms.ts';
export type {
  ArgumentValue,
  ArgumentValues,
  AsyncFunctionRow,
  FunctionRow,
  PlainFunctionRow,
  RowValue,
  RowValues,
  RuledUse,
  TransformationInput,
  TransformationRow,
  ValueRow,
  VariableRow,
} from './typed-rows.ts';
export * from './values.ts';
export * from './variable-spec.ts';
