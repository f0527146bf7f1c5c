import { FileError } from '../files/index.ts';
import type { CodeGraph } from '../loading/index.ts';
import { isPolicy, type Policy } from '../routing/index.ts';
import type { Program } from '../runtime/index.ts';
import { type Diagnostic, renderDiagnostics, SourceSet } from '../script/index.ts';
import { evaluateInTime } from './evaluate-in-time.ts';
import { type LoadedScript, loadSource, type ScriptSource } from './load-script.ts';
import { policyProgram, scriptFile } from './policy-program.ts';
import { loadScriptIn } from './script-in-file.ts';
import { StartError } from './start-error.ts';
import { tryDefinition } from './try-definition.ts';

/** A policy with its local files as plain data, for loading it in another process. */
export interface PolicySource {
  readonly policy: CodeGraph;
  /** The script that it names. */
  readonly script: ScriptSource | null;
}

/** A policy loaded by {@link loadPolicy} or defined by the calling program. */
export class LoadedPolicy {
  /** Errors, with their files. */
  readonly diagnostics: readonly Diagnostic[];
  /** The texts to which {@link diagnostics} refer. */
  readonly sources: SourceSet;
  /** Null for a policy defined by the calling program. @internal */
  readonly source: PolicySource | null;
  readonly #policy: Policy | null;
  readonly #script: LoadedScript | null;
  #program: Program | null = null;

  /** @internal */
  constructor(
    policy: Policy | null,
    source: PolicySource | null,
    script: LoadedScript | null = null,
    diagnostics: readonly Diagnostic[] = [],
    sources: SourceSet = new SourceSet(),
  ) {
    this.#policy = policy;
    this.#script = script;
    this.source = source;
    this.diagnostics = diagnostics;
    this.sources = sources;
  }

  /** Whether a server can run it: it has no errors. */
  get isValid(): boolean {
    return this.#policy !== null;
  }

  /** The exported policy. Throws a {@link StartError} if it has errors. */
  get policy(): Policy {
    if (this.#policy === null) throw new StartError(this.diagnostics[0]?.message ?? 'the policy has errors');
    return this.#policy;
  }

  /**
   * The program to run: its settings, and the script whose routes it runs. Throws a {@link StartError}.
   *
   * @internal
   */
  get program(): Program {
    this.#program ??= policyProgram(this.policy, this.#script?.program ?? null);
    return this.#program;
  }
}

/** Options for loading a policy. */
export interface LoadPolicyOptions {
  /** How long its top level may take, in ms. Default 10,000. */
  readonly timeLimit?: number | undefined;
}

/**
 * Loads the policy that a TypeScript or JavaScript file exports as its default, with the local files that it imports. A
 * separate process tries it first, so a top level that throws or hangs becomes an error in `diagnostics` without
 * affecting the server. Each call reloads the local files.
 */
export async function loadPolicy(file: string, { timeLimit }: LoadPolicyOptions = {}): Promise<LoadedPolicy> {
  const { graph, definition, script, diagnostics, sources } = await tryDefinition(file, timeLimit);
  if (graph === null) return new LoadedPolicy(null, null, null, diagnostics, sources);
  const error = (message: string) => {
    const span = { start: 0, end: 0 };
    return new LoadedPolicy(
      null,
      null,
      null,
      [{ code: 'definition', severity: 'error', span, message }],
      sources,
    );
  };
  if (definition !== 'policy') return error('this is a module for scripts, not a policy: use loadmodule');
  try {
    return await evaluatePolicy({ policy: graph, script: script?.source ?? null }, diagnostics, sources);
  } catch (failure) {
    if (!(failure instanceof StartError)) throw failure;
    return error(failure.message);
  }
}

/**
 * Loads a policy that has been tried before, in any process.
 * @throws StartError if its top level fails here
 */
export async function evaluatePolicy(
  source: PolicySource,
  diagnostics: readonly Diagnostic[] = [],
  sources: SourceSet = new SourceSet(),
): Promise<LoadedPolicy> {
  const { default: policy } = await evaluateInTime(source.policy);
  if (!isPolicy(policy)) throw new StartError('its default export is not a policy in this process');
  const script = source.script === null ? null : await loadSource(source.script);
  return new LoadedPolicy(policy, source, script, diagnostics, sources);
}

/**
 * Loads a policy that the calling program has defined.
 * @throws StartError if its script cannot be read or has errors
 */
export async function loadDefined(policy: Policy): Promise<LoadedPolicy> {
  const file = scriptFile(policy);
  return new LoadedPolicy(policy, null, file === null ? null : await validScript(file));
}

async function validScript(file: string): Promise<LoadedScript> {
  try {
    const script = await loadScriptIn(file);
    if (script.isValid) return script;
    throw new StartError(
      renderDiagnostics(script.diagnostics, script.sources, { color: false, brief: true }),
    );
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new StartError(`cannot read the script ${file}: ${error.message}`);
  }
}
