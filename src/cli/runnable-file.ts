import { resolve } from 'node:path';
import { type LoadedPolicy, type LoadedScript, loadPolicy, StartError } from '../index.ts';
import { loadScriptFile, type ScriptOptions } from './script-file.ts';
import { type Streams, UsageError } from './streams.ts';

/** Whether a file is a policy in TypeScript or JavaScript, by its name. */
export const isPolicyFile = (file: string): boolean => /\.[cm]?[jt]s$/.test(file);

/** Loads the script or policy in a file. */
export async function loadRunnable(
  file: string,
  options: ScriptOptions,
  streams: Pick<Streams, 'stdin'>,
): Promise<LoadedScript | LoadedPolicy> {
  if (!isPolicyFile(file)) return loadScriptFile(file, options, streams);
  try {
    return await loadPolicy(resolve(file));
  } catch (error) {
    throw error instanceof StartError ? new UsageError(error.message) : error;
  }
}
