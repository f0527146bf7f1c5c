import { type LoadedPolicy, type LoadedScript, loadPolicy } from '../index.ts';
import { isCodeFile } from '../internal.ts';
import { loadScriptFile, type ScriptOptions } from './script-file.ts';
import type { Streams } from './streams.ts';

/** Loads the script or policy in a file. Errors are in its diagnostics. */
export async function loadRunnable(
  file: string,
  options: ScriptOptions,
  streams: Pick<Streams, 'stdin'>,
): Promise<LoadedScript | LoadedPolicy> {
  return isCodeFile(file) ? loadPolicy(file) : loadScriptFile(file, options, streams);
}
