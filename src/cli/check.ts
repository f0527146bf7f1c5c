import { absencesText, type Diagnostic, diagnosticRecords, renderDiagnostics } from '../index.ts';
import { loadScriptFile, type ScriptOptions } from './script-file.ts';
import { plural, type Streams, usesColor } from './streams.ts';

export interface CheckOptions extends ScriptOptions {
  /** One JSON object instead of text for people. */
  readonly json?: boolean;
}

/** `siprest check FILE`: all mistakes at once. 0 when there is none, else 1. */
export async function check(file: string, options: CheckOptions, streams: Streams): Promise<number> {
  const { stdout } = streams;
  const { diagnostics, sources } = await loadScriptFile(file, options, streams);
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  if (options.json === true) {
    const result = {
      file: file === '-' ? 'stdin' : file,
      valid: !failed,
      diagnostics: diagnosticRecords(diagnostics, sources),
    };
    stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    if (diagnostics.length > 0)
      stdout.write(`${renderDiagnostics(diagnostics, sources, { color: usesColor(streams, stdout) })}\n`);
    stdout.write(`${file === '-' ? 'stdin' : file}: ${summaryOf(diagnostics)}\n`);
  }
  return failed ? 1 : 0;
}

/** `2 mistakes, 1 warning, siprest lacks 3 names` */
export function summaryOf(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic['severity']) =>
    diagnostics.filter((one) => one.severity === severity && one.absent === undefined).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const lacking = absencesText(diagnostics);
  return [
    errors > 0 ? plural(errors, 'mistake') : 'no mistakes',
    warnings > 0 ? plural(warnings, 'warning') : '',
    lacking === '' ? '' : `siprest lacks ${lacking}`,
  ]
    .filter(Boolean)
    .join(', ');
}
