import { type CodeGraph, tryCode } from '../loading/index.ts';
import { isPolicy, type Policy } from '../routing/index.ts';
import type { Program } from '../runtime/index.ts';
import { type Diagnostic, SourceSet } from '../script/index.ts';
import { evaluateInTime } from './evaluate-in-time.ts';
import { policyProgram } from './policy-program.ts';
import { StartError } from './start-error.ts';

/** A policy with its local files as plain data, for loading it in another process. */
export interface PolicySource {
  readonly policy: CodeGraph;
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
  #program: Program | null = null;

  /** @internal */
  constructor(
    policy: Policy | null,
    source: PolicySource | null,
    diagnostics: readonly Diagnostic[] = [],
    sources: SourceSet = new SourceSet(),
  ) {
    this.#policy = policy;
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
    this.#program ??= policyProgram(this.policy);
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
  const { graph, definition, diagnostics, sources } = await tryCode(file, { limit: timeLimit });
  if (graph === null) return new LoadedPolicy(null, null, diagnostics, sources);
  const error = (message: string) => {
    const span = { start: 0, end: 0 };
    return new LoadedPolicy(null, null, [{ code: 'definition', severity: 'error', span, message }], sources);
  };
  if (definition !== 'policy') return error('this is a module for scripts, not a policy: use loadmodule');
  try {
    return await evaluatePolicy({ policy: graph }, diagnostics, sources);
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
  return new LoadedPolicy(policy, source, diagnostics, sources);
}
