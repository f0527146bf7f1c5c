/**
 * The tables of a {@link Catalog}, indexed by name for those modules that a script loads; with stand-ins for features
 * that only OpenSIPS has.
 */

import { nearestNames } from '../spelling/index.ts';
import type { Catalog } from './catalog.ts';
import type { FunctionSpec } from './function-spec.ts';
import type { ModuleSpec } from './module-spec.ts';
import {
  absentFrom,
  absentFunction,
  absentTransformation,
  absentVariable,
  type NamedKind,
  strangers,
} from './stand-ins.ts';
import type { TransformationSpec } from './transformation-spec.ts';
import type { VariableSpec } from './variable-spec.ts';

export class Lookup<R> {
  /** What exists, including aliases. */
  readonly functions = new Map<string, FunctionSpec<R>>();
  readonly variables = new Map<string, VariableSpec<R>>();
  readonly transformations = new Map<string, TransformationSpec<R>>();
  readonly modules: readonly ModuleSpec<R>[];
  readonly #catalog: Catalog<R>;
  readonly #loaded: ReadonlySet<string>;
  readonly #strangers: readonly string[];
  readonly #absentFunctions = new Map<string, FunctionSpec<R>>();
  readonly #absentVariables = new Map<string, VariableSpec<R>>();
  readonly #absentTransformations = new Map<string, TransformationSpec<R>>();

  /** `loaded` are the names of all modules that the script loads, the catalog's and others. */
  constructor(catalog: Catalog<R>, loaded: Iterable<string>) {
    this.#catalog = catalog;
    this.#loaded = new Set(loaded);
    this.#strangers = strangers(catalog, this.#loaded);
    this.modules = catalog.modules.filter((module) => this.#loaded.has(module.name));
    for (const table of [catalog, ...this.modules]) {
      for (const spec of table.functions ?? []) {
        for (const name of [spec.name, ...(spec.aliases ?? [])]) this.functions.set(name, spec);
      }
      for (const spec of table.variables ?? []) {
        for (const name of [spec.name, ...(spec.aliases ?? [])]) this.variables.set(name, spec);
      }
      for (const spec of table.transformations ?? []) {
        for (const name of [spec.name, ...(spec.aliases ?? [])]) this.transformations.set(name, spec);
      }
    }
  }

  /** The entry with this name, possibly a stand-in (`absent`); undefined if unknown. */
  function(name: string): FunctionSpec<R> | undefined {
    return this.functions.get(name) ?? this.#absent('function', name, this.#absentFunctions, absentFunction);
  }

  variable(name: string): VariableSpec<R> | undefined {
    return this.variables.get(name) ?? this.#absent('variable', name, this.#absentVariables, absentVariable);
  }

  transformation(name: string): TransformationSpec<R> | undefined {
    return (
      this.transformations.get(name) ??
      this.#absent('transformation', name, this.#absentTransformations, absentTransformation)
    );
  }

  /** The module in the catalog that has this name but is not loaded. */
  unloadedOwner(kind: NamedKind, name: string): string | null {
    for (const module of this.#catalog.modules) {
      if (this.#loaded.has(module.name)) continue;
      for (const spec of module[`${kind}s`] ?? []) {
        if (spec.name === name || spec.aliases?.includes(name) === true) return module.name;
      }
    }
    return null;
  }

  /** All names of the catalog's modules that are not loaded. */
  unloaded(kind: NamedKind): ReadonlyMap<string, string> {
    const owners = new Map<string, string>();
    for (const module of this.#catalog.modules) {
      if (this.#loaded.has(module.name)) continue;
      for (const { name } of module[`${kind}s`] ?? []) if (!owners.has(name)) owners.set(name, module.name);
    }
    return owners;
  }

  /** `$fU.com` and `$fUxyz`: the variable whose name runs into the following text. */
  variablePrefix(name: string): string | null {
    let longest: string | null = null;
    for (const known of this.variables.keys()) {
      const isLonger =
        known.length >= 2 && known.length < name.length && known.length > (longest?.length ?? 0);
      if (isLonger && name.startsWith(known)) longest = known;
    }
    return longest;
  }

  #absent<T>(
    kind: NamedKind,
    name: string,
    known: Map<string, T>,
    make: (name: string, module: string) => T,
  ): T | undefined {
    const made = known.get(name);
    if (made !== undefined) return made;
    if (this.unloadedOwner(kind, name) !== null) return undefined;
    const module = absentFrom(this.#catalog, this.#loaded, kind, name) ?? this.#stranger(kind, name);
    if (module === null) return undefined;
    const spec = make(name, module);
    known.set(name, spec);
    return spec;
  }

  /** A name that may belong to an unknown module, unless it is close to a known name. */
  #stranger(kind: NamedKind, name: string): string | null {
    if (this.#strangers.length === 0 || nearestNames(name, this[`${kind}s`].keys()).length > 0) return null;
    if (kind === 'variable' && this.variablePrefix(name) !== null) return null;
    return this.#strangers.join(' or ');
  }
}
