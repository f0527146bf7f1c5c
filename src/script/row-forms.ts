/** How scripts write what a row declares: for help and reference. */
import type { FunctionSpec } from './function-spec.ts';
import type { ParameterSpec, SettingSpec } from './parameter-spec.ts';
import type { TransformationFacts } from './transformation-spec.ts';
import type { VariableFacts } from './variable-spec.ts';

const argument = ({ name, optional }: { readonly name: string; readonly optional?: boolean }) =>
  optional ? `[${name}]` : name;

/** `billing_credit(account, [result])` */
export const functionForm = ({
  name,
  arguments: all,
}: Pick<FunctionSpec<never>, 'name' | 'arguments'>): string => `${name}(${all.map(argument).join(', ')})`;

/** `$hdr(name), $(hdr(name)[index])` */
export function variableForm({ name, subname = 'none', indexed = false }: VariableFacts): string {
  const written =
    subname === 'none'
      ? `$${name}`
      : subname === 'optional'
        ? `$${name}[(name)]`
        : subname === 'required'
          ? `$${name}(name)`
          : `$${name}(${subname.join('|')})`;
  return indexed ? `${written}, $(${written.slice(1)}[index])` : written;
}

/** `{s.substr,offset,length}`, and the same by its other names. */
export const transformationForms = ({
  name,
  aliases = [],
  arguments: all,
}: TransformationFacts): readonly string[] =>
  [name, ...aliases].map((one) => `{${[one, ...all.map(argument)].join(',')}}`);

/** `1 … 100` */
export const rangeForm = ({ type, minimum, maximum }: ParameterSpec | SettingSpec): string =>
  type === 'boolean' || (minimum === undefined && maximum === undefined)
    ? ''
    : `${minimum ?? ''} … ${maximum ?? ''}`.trim();

/** ` 0 is 60.` */
export const zeroForm = ({ zero }: ParameterSpec | SettingSpec): string =>
  zero === undefined ? '' : zero === Number.POSITIVE_INFINITY ? ' 0 means unlimited.' : ` 0 is ${zero}.`;

/** `string, repeated` */
export const typeForm = ({ type, repeated }: ParameterSpec | SettingSpec): string =>
  repeated ? `${type}, repeated` : type;

/** As a script writes it; null for none. */
export const defaultForm = (value: ParameterSpec['default'] | undefined): string | null =>
  value === null || value === undefined
    ? null
    : typeof value === 'string'
      ? JSON.stringify(value)
      : String(value);
