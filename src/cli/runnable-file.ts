import { type LoadedPolicy, type LoadedScript, loadPolicy } from '../index.ts';
import { loadScriptFile, type ScriptOptions } from './script-file.ts';
import type { Streams } from './streams.ts';

/** Whether a file is a policy in TypeScript or JavaScript, by its name. */
export const isPolicyFile = (file: string): boolean => /\.[cm]?[jt]s$/.test(file);

/** Loads the script or policy in a file. Errors are in its diagnostics. */
export async function loadRunnable(
  file: string,
  options: ScriptOptions,
  streams: Pick<Streams, 'stdin'>,
): Promise<LoadedScript | LoadedPolicy> {
  return isPolicyFile(file) ? loadPolicy(file) : loadScriptFile(file, options, streams);
}
