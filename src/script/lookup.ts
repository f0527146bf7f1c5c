/** The tables of a {@link Catalog}, indexed by name for those modules that a script loads. */
import type { Catalog, FunctionSpec, ModuleSpec, TransformationSpec, VariableSpec } from './catalog.ts';

export class Lookup<R> {
  readonly functions = new Map<string, FunctionSpec<R>>();
  readonly variables = new Map<string, VariableSpec<R>>();
  readonly transformations = new Map<string, TransformationSpec<R>>();
  readonly modules: readonly ModuleSpec<R>[];

  /** `loaded` are module names; those the catalog lacks are passed over. */
  constructor(catalog: Catalog<R>, loaded: Iterable<string>) {
    const names = new Set(loaded);
    this.modules = catalog.modules.filter((module) => names.has(module.name));
    for (const table of [catalog, ...this.modules]) {
      for (const spec of table.functions ?? []) this.functions.set(spec.name, spec);
      for (const spec of table.variables ?? []) {
        for (const name of [spec.name, ...(spec.aliases ?? [])]) this.variables.set(name, spec);
      }
      for (const spec of table.transformations ?? []) {
        for (const name of [spec.name, ...(spec.aliases ?? [])]) this.transformations.set(name, spec);
      }
    }
  }
}
