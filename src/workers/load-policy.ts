import { pathToFileURL } from 'node:url';
import { isPolicy, type Policy } from '../routing/index.ts';
import type { Program } from '../runtime/index.ts';
import { type Diagnostic, SourceSet } from '../script/index.ts';
import { policyProgram } from './policy-program.ts';
import { StartError } from './start-error.ts';

/** A policy as plain data, for loading it in another process. */
export interface PolicySource {
  /** The absolute path of its file. */
  readonly policyFile: string;
}

/** A policy to be served, and the file it comes from, if any. */
export class LoadedPolicy {
  /** What the file exports. */
  readonly policy: Policy;
  /** A policy that was loaded has none, as yet. */
  readonly diagnostics: readonly Diagnostic[] = [];
  /** The texts to which {@link diagnostics} refer. */
  readonly sources: SourceSet = new SourceSet();
  /** Whether a server can run it. */
  readonly isValid: boolean = true;
  /** Null for a policy that was made by the calling program. @internal */
  readonly source: PolicySource | null;
  #program: Program | null = null;

  /** @internal */
  constructor(policy: Policy, source: PolicySource | null) {
    this.policy = policy;
    this.source = source;
  }

  /**
   * Its settings, and the script whose routes it runs. Throws a {@link StartError}.
   *
   * @internal
   */
  get program(): Program {
    this.#program ??= policyProgram(this.policy);
    return this.#program;
  }
}

/**
 * Loads the policy that a file exports as its default.
 * @throws StartError if it cannot be loaded, or exports something else
 */
export async function loadPolicy(file: string): Promise<LoadedPolicy> {
  let exported: { readonly default?: unknown };
  try {
    exported = await import(pathToFileURL(file).href);
  } catch (error) {
    throw new StartError(
      `${file}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
  if (!isPolicy(exported.default))
    throw new StartError(`${file} has no policy: use export default defineServer({ ... })`);
  return new LoadedPolicy(exported.default, { policyFile: file });
}
