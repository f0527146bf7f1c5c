/**
 * Stand-ins for features that OpenSIPS documents but the catalog lacks. The checker reports each use. If the script is
 * started anyway, such a function returns -1 and such a variable or transformation is null, with a log line.
 */
import type { Catalog } from './catalog.ts';
import type { Execution } from './execution.ts';
import type { FunctionSpec } from './function-spec.ts';
import type { TransformationSpec } from './transformation-spec.ts';
import type { VariableSpec } from './variable-spec.ts';

export type NamedKind = 'function' | 'variable' | 'transformation';

/**
 * How names of each kind are written in a message, and in the table of what OpenSIPS documents. A function may
 * include an argument: `t_inject_branches("event")`.
 */
export const written: Readonly<Record<NamedKind, (name: string) => string>> = {
  function: (name) => (name.endsWith(')') ? name : `${name}()`),
  variable: (name) => `$${name}`,
  transformation: (name) => `{${name}}`,
};

/**
 * The module of a missing name, or null if OpenSIPS does not know the name either. Loaded modules come first; a
 * module unknown to both siprest and OpenSIPS' documentation may have any name.
 */
export function absentFrom<R>(
  catalog: Catalog<R>,
  loaded: ReadonlySet<string>,
  kind: NamedKind,
  name: string,
): string | null {
  const { documented } = catalog;
  if (documented === undefined) return null;
  const owners = documented.ownersOf(written[kind](name));
  return owners.find((owner) => loaded.has(owner)) ?? owners[0] ?? null;
}

/** Loaded modules unknown to siprest and to OpenSIPS' documentation: private ones, and ones OpenSIPS has dropped. */
export function strangers<R>(catalog: Catalog<R>, loaded: ReadonlySet<string>): readonly string[] {
  const { documented, modules } = catalog;
  if (documented === undefined) return [];
  return [...loaded].filter(
    (name) => !documented.hasModule(name) && !modules.some((module) => module.name === name),
  );
}

/** A compiled script runs on an {@link Execution}; the tables do not depend on that. */
function complain(run: unknown, what: string): void {
  (run as Pick<Execution<unknown>, 'complain'>).complain(`${what}: not supported by siprest`);
}

export function absentFunction<R>(name: string, absent: string): FunctionSpec<R> {
  const text = written.function(name);
  return {
    name,
    absent,
    arguments: [],
    summary: '',
    start: ({ run }) => {
      complain(run, text);
      return () => -1;
    },
  };
}

export function absentVariable<R>(name: string, absent: string): VariableSpec<R> {
  const text = written.variable(name);
  return {
    name,
    absent,
    subname: 'optional',
    indexed: true,
    insertable: true,
    writable: true,
    summary: '',
    resolve: () => ({
      get: (run) => {
        complain(run, text);
        return null;
      },
      set: (run) => {
        complain(run, text);
        return true;
      },
    }),
  };
}

export function absentTransformation<R>(name: string, absent: string): TransformationSpec<R> {
  const text = written.transformation(name);
  return {
    name,
    absent,
    arguments: [{ name: 'arguments', type: 'rest', optional: true }],
    summary: '',
    prepare: () => (_value, _args, run) => {
      complain(run, text);
      return null;
    },
  };
}
