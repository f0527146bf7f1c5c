/**
 * All tables that a script is checked and compiled against. Each row exists once, beside its code; the checker, the
 * compiler and the reference pages all read the tables.
 */
import type { RouteKind } from './ast.ts';
import type { FunctionSpec } from './function-spec.ts';
import type { ModuleSpec } from './module-spec.ts';
import type { SettingSpec } from './parameter-spec.ts';
import type { TransformationSpec } from './transformation-spec.ts';
import type { VariableSpec } from './variable-spec.ts';

/** Names that OpenSIPS documents, whether siprest has them or not, which distinguishes missing features from typos. */
export interface DocumentedNames {
  hasModule(name: string): boolean;
  /** The names of all documented modules. */
  moduleNames(): Iterable<string>;
  /** The modules that provide a name, written `f()`, `$v`, `{t}` or, for an event, `E_NAME`; may include `core`. */
  ownersOf(written: string): readonly string[];
}

/** Everything that a script may name. */
export interface Catalog<R> {
  readonly settings: readonly SettingSpec[];
  /** Global parameters that OpenSIPS has dropped, with their replacements. */
  readonly formerSettings?: Readonly<Record<string, string>>;
  /**
   * Names that OpenSIPS 4.0 lacks, with what to use instead: a global parameter `name=`, a module
   * `module.so`, its parameter `module:name`, `f()`, `$v`, `{t}`.
   */
  readonly notPortable?: Readonly<Record<string, string>>;
  readonly functions: readonly FunctionSpec<R>[];
  readonly variables: readonly VariableSpec<R>[];
  readonly transformations: readonly TransformationSpec<R>[];
  readonly modules: readonly ModuleSpec<R>[];
  /** Route kinds that parse but do not run yet; the checker warns. */
  readonly inertRouteKinds: readonly RouteKind[];
  /** If absent, only the names in the tables are known. */
  readonly documented?: DocumentedNames;
}
