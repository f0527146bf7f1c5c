/** What the command line needs beside the public API. It is not published: no subpath of the package leads here. */
export { FileError, includedPath, largestFile, readRegularFile } from './files/index.ts';
export { isCodeFile } from './loading/index.ts';
export { catalog, renderModule } from './modules/index.ts';
export type { TraceEvent, WireEnd } from './runtime/index.ts';
export {
  absencesText,
  countAbsences,
  diagnosticCodes,
  inertText,
  isInert,
  typescriptCodes,
} from './script/index.ts';
export { didYouMean } from './spelling/index.ts';
export { coverageReport, coverageVariable } from './testing/coverage-report.ts';
export { quantile } from './timers/index.ts';
export {
  allServers,
  askServer,
  ControlError,
  controlDirectory,
  controlledServers,
  type FoundServer,
} from './workers/control-client.ts';
export type { ServerIdentity } from './workers/control-protocol.ts';
export { FIGURES } from './workers/figures.ts';
export { packageVersion } from './workers/package-version.ts';
export { runMember } from './workers/run-member.ts';
export { openLog } from './workers/server-logs.ts';
export { tryDefinition } from './workers/try-definition.ts';
export { tryModule } from './workers/try-module.ts';
