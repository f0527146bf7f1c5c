/** A script module: one row for everything that it provides. */
import type { FunctionSpec } from './function-spec.ts';
import type { ParameterSpec, ParameterValues } from './parameter-spec.ts';
import type { TransformationSpec } from './transformation-spec.ts';
import type { VariableSpec } from './variable-spec.ts';

/** An event that a module raises, whose event_route then runs. */
export interface EventSpec {
  /** `E_REST_HOST_STATE` */
  readonly name: string;
  /** What the route gets as `$param(name)`, and in this order as `$param(1)`. */
  readonly attributes: readonly {
    /** As `$param(name)` names it. */
    readonly name: string;
    /** One line of documentation. */
    readonly summary: string;
  }[];
  /** One line of documentation. */
  readonly summary: string;
  /** What defines it. */
  readonly source?: string;
}

/** The static facts about a script module. */
export interface ModuleSpec<R> {
  /** As `modparam` names it. */
  readonly name: string;
  /** One line of documentation. */
  readonly summary: string;
  /** What defines its behaviour. */
  readonly source?: string;
  /** Modules that must be loaded as well. */
  readonly requires?: readonly string[];
  readonly parameters?: readonly ParameterSpec[];
  readonly functions?: readonly FunctionSpec<R>[];
  readonly variables?: readonly VariableSpec<R>[];
  readonly transformations?: readonly TransformationSpec<R>[];
  /** Events that it raises. */
  readonly events?: readonly EventSpec[];
  /**
   * For a module accepted without an implementation: the reason or the replacement, which the checker reports as a
   * note.
   */
  readonly inert?: string;
  /** Checks parameters against each other: returned strings are warnings, a thrown `InvalidUse` is an error. */
  validate?(parameters: ParameterValues): readonly string[];
}
