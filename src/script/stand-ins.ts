/**
 * Stand-ins for what OpenSIPS documents and the catalog lacks. The checker reports each use of one, and a script
 * that is started all the same gets -1 of such a function and null of such a variable or transformation, with a
 * line in the log.
 */
import type { Catalog, FunctionSpec, TransformationSpec, VariableSpec } from './catalog.ts';
import type { Execution } from './execution.ts';

export type NamedKind = 'function' | 'variable' | 'transformation';

/**
 * How names of each kind are written in a message, and in the table of what OpenSIPS documents. A function may have an
 * argument with it: `t_inject_branches("event")`.
 */
export const written: Readonly<Record<NamedKind, (name: string) => string>> = {
  function: (name) => (name.endsWith(')') ? name : `${name}()`),
  variable: (name) => `$${name}`,
  transformation: (name) => `{${name}}`,
};

/**
 * The module that a name belongs to which nothing here provides, or null for a name that is unknown to OpenSIPS
 * as well. Modules that the script loads come first; one that neither siprest nor OpenSIPS' documentation knows may
 * have any name.
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

/** Modules that the script loads and that nobody knows: private ones, and those that OpenSIPS has no more. */
export function strangers<R>(catalog: Catalog<R>, loaded: ReadonlySet<string>): readonly string[] {
  const { documented, modules } = catalog;
  if (documented === undefined) return [];
  return [...loaded].filter(
    (name) => !documented.hasModule(name) && !modules.some((module) => module.name === name),
  );
}

/** What a compiled script runs on is an {@link Execution}, which the tables need not know. */
function complain(run: unknown, what: string): void {
  (run as Pick<Execution<unknown>, 'complain'>).complain(`${what}: siprest does not have it`);
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
