import { FileError } from '../files/index.ts';
import { type TrialResult, tryCode } from '../loading/index.ts';
import type { Diagnostic } from '../script/index.ts';
import { joinDiagnostics } from './join-diagnostics.ts';
import type { LoadedScript } from './load-script.ts';
import { loadScriptIn } from './script-in-file.ts';

/** A policy or module that was tried, with the script that the policy names. */
export interface TriedDefinition extends Omit<TrialResult, 'script'> {
  readonly script: LoadedScript | null;
}

/** Tries a policy or module in a process of its own, and loads the script of the policy. */
export async function tryDefinition(file: string, limit?: number): Promise<TriedDefinition> {
  const tried = await tryCode(file, { limit });
  if (tried.script === null) return { ...tried, script: null };
  const failed = (message: string, entailed: readonly Diagnostic[] = []): TriedDefinition => {
    const error: Diagnostic = { code: 'definition', severity: 'error', span: tried.entry, message };
    return { ...tried, graph: null, script: null, diagnostics: [...tried.diagnostics, error, ...entailed] };
  };
  try {
    const script = await loadScriptIn(tried.script, { timeLimit: limit });
    const found = joinDiagnostics(script.diagnostics, script.sources, tried.sources);
    if (!script.isValid) return failed(`the script ${tried.script} has errors`, found);
    return { ...tried, script, diagnostics: [...tried.diagnostics, ...found] };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return failed(`cannot read the script ${tried.script}: ${error.message}`);
  }
}
