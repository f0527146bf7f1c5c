/** A script or policy that a server can run. */
import { isPolicy, type Policy } from '../routing/index.ts';
import { evaluatePolicy, type LoadedPolicy, loadDefined, type PolicySource } from './load-policy.ts';
import { type LoadedScript, loadSource, type ScriptSource } from './load-script.ts';
import { StartError } from './start-error.ts';

export type Loaded = LoadedScript | LoadedPolicy;

/** As plain data, for loading it in another process. */
export type LoadedSource = ScriptSource | PolicySource;

/** @throws StartError for a policy whose script has errors */
export const toLoaded = async (what: Loaded | Policy): Promise<Loaded> =>
  isPolicy(what) ? loadDefined(what) : what;

/** @throws StartError for a policy that exists only in this process */
export function sourceOf(loaded: Loaded): LoadedSource {
  if (loaded.source !== null) return loaded.source;
  throw new StartError(
    'with several processes, the policy must be in a file: pass the result of loadPolicy() to startServer()',
  );
}

/** Loads the same script or policy again, in any process. */
export function loadFrom(source: LoadedSource): Loaded | Promise<Loaded> {
  return 'policy' in source ? evaluatePolicy(source) : loadSource(source);
}
