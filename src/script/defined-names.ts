/** Names that a loaded module's parameters define, for arguments of functions and for variables. */
import { didYouMean } from '../spelling/index.ts';
import type { DefinedNames } from './function-spec.ts';
import { InvalidUse } from './invalid-use.ts';
import type { TableValues } from './table-values.ts';

/** What to use instead of a name that the module does not define; null if it does, or is not loaded. */
export function undefinedName(name: string, defined: DefinedNames, values: TableValues): string | null {
  const { module, parameters } = defined;
  const known = values.has(parameters) ? namesOf(defined, values) : null;
  if (known === null || known.includes(name)) return null;
  return didYouMean(name, known) ?? `${module} defines ${known.join(', ') || 'none'}`;
}

/** Null if a parameter is wrong, which is reported there. */
function namesOf({ parameters, names }: DefinedNames, values: TableValues): readonly string[] | null {
  try {
    return names(values.get(parameters));
  } catch (error) {
    if (error instanceof InvalidUse) return null;
    throw error;
  }
}
