/** Names that a loaded module's parameters define, for arguments of functions and for variables. */
import { didYouMean } from '../spelling/index.ts';
import type { DefinedNames } from './function-spec.ts';
import type { TableValues } from './table-values.ts';

/** What to use instead of a name that the module does not define; null if it does, or is not loaded. */
export function undefinedName(
  name: string,
  { module, parameters, names }: DefinedNames,
  values: TableValues,
): string | null {
  if (!values.has(parameters)) return null;
  const known = names(values.get(parameters));
  if (known.includes(name)) return null;
  return didYouMean(name, known) ?? `${module} defines ${known.join(', ') || 'none'}`;
}
