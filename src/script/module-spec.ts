/** A script module: one row for all that it brings. */
import type { FunctionSpec } from './function-spec.ts';
import type { ParameterSpec, ParameterValues } from './parameter-spec.ts';
import type { TransformationSpec } from './transformation-spec.ts';
import type { VariableSpec } from './variable-spec.ts';

/** The static facts about a script module. */
export interface ModuleSpec<R> {
  readonly name: string;
  readonly summary: string;
  readonly source?: string;
  /** Modules that must be loaded as well. */
  readonly requires?: readonly string[];
  readonly parameters?: readonly ParameterSpec[];
  readonly functions?: readonly FunctionSpec<R>[];
  readonly variables?: readonly VariableSpec<R>[];
  readonly transformations?: readonly TransformationSpec<R>[];
  /**
   * For a module accepted without an implementation: what siprest has instead, which the checker reports as a note.
   */
  readonly inert?: string;
  /** Checks parameters against each other: returned strings are warnings, a thrown `InvalidUse` is an error. */
  validate?(parameters: ParameterValues): readonly string[];
}
