import { type Diagnostic, diagnosticRecords, renderDiagnostics, type SourceSet } from '../index.ts';
import { absencesText, isCodeFile, isInert, tryDefinition } from '../internal.ts';
import { githubText, sarifText } from './check-formats.ts';
import type { CheckedFile, CheckRecord } from './checked-file.ts';
import { loadScriptFile, type ScriptOptions } from './script-file.ts';
import { plural, type Streams, UsageError, usesColor } from './streams.ts';

export const CHECK_FORMATS = ['text', 'json', 'sarif', 'github'] as const;

export interface CheckOptions extends ScriptOptions {
  /** Same as `format: 'json'`. */
  readonly json?: boolean;
  /** Report each module and parameter without effect, with the reason. */
  readonly verbose?: boolean;
  readonly format?: (typeof CHECK_FORMATS)[number];
}

/**
 * `siprest check FILE...`: reports all errors. Exit code 0 without errors, else 1; with `portable` also 1 for anything
 * that OpenSIPS rejects.
 */
export async function check(
  files: readonly string[],
  options: CheckOptions,
  streams: Streams,
): Promise<number> {
  const { stdout } = streams;
  const format = options.json === true ? 'json' : (options.format ?? 'text');
  const results: CheckedFile[] = [];
  for (const file of files) results.push(await checkFile(file, options, streams, format === 'text'));
  if (format === 'json')
    stdout.write(`${JSON.stringify(files.length === 1 ? results[0] : results, null, 2)}\n`);
  else if (format === 'sarif') stdout.write(sarifText(results));
  else if (format === 'github') stdout.write(githubText(results));
  const passes = ({ valid, diagnostics }: CheckedFile) =>
    valid && !diagnostics.some(({ code }) => code === 'not-portable');
  return results.every(passes) ? 0 : 1;
}

async function checkFile(
  file: string,
  options: CheckOptions,
  streams: Streams,
  isText: boolean,
): Promise<CheckedFile> {
  const name = file === '-' ? 'stdin' : file;
  try {
    const { diagnostics, sources } = isCodeFile(file)
      ? await tryDefinition(file)
      : await loadScriptFile(file, options, streams);
    if (isText) writeText(name, diagnostics, sources, streams, options.verbose !== true);
    const valid = !diagnostics.some(({ severity }) => severity === 'error');
    return { file: name, valid, diagnostics: diagnosticRecords(diagnostics, sources) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (isText) streams.stderr.write(`siprest: ${error.message}\n`);
    return { file: name, valid: false, diagnostics: [unreadable(name, error.message)] };
  }
}

function writeText(
  name: string,
  diagnostics: readonly Diagnostic[],
  sources: SourceSet,
  streams: Streams,
  brief: boolean,
): void {
  const { stdout } = streams;
  const color = usesColor(streams, stdout);
  if (diagnostics.length > 0) stdout.write(`${renderDiagnostics(diagnostics, sources, { color, brief })}\n`);
  const counted = brief ? diagnostics.filter((one) => !isInert(one)) : diagnostics;
  stdout.write(`${name}: ${summaryOf(counted)}\n`);
}

const unreadable = (file: string, message: string): CheckRecord => ({
  file,
  line: 1,
  column: 1,
  endLine: 1,
  endColumn: 1,
  severity: 'error',
  code: 'unreadable-file',
  message,
  help: null,
  labels: [],
  includedFrom: [],
  absent: null,
});

/** `2 errors, 1 warning, siprest lacks 3 names` */
export function summaryOf(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic['severity']) =>
    diagnostics.filter((one) => one.severity === severity && one.absent === undefined).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const lacking = absencesText(diagnostics);
  return [
    errors > 0 ? plural(errors, 'error') : 'no errors',
    warnings > 0 ? plural(warnings, 'warning') : '',
    lacking === '' ? '' : `siprest lacks ${lacking}`,
  ]
    .filter(Boolean)
    .join(', ');
}
