/** Header fields, in order: names and values as byte strings. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** The values of all fields of that name, in lower case. */
export const valuesOf = (fields: Fields, name: string): readonly string[] =>
  fields.flatMap(([known, value]) => (known.toLowerCase() === name ? [value] : []));

/** The fields without those of these names, in lower case. */
export const without = (fields: Fields, ...names: readonly string[]): Fields =>
  fields.filter(([name]) => !names.includes(name.toLowerCase()));

/** The first value of a name in lower case, of names and values in turn; undefined without one. */
export function firstField(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i]?.toLowerCase() === name) return fields[i + 1];
  return undefined;
}
