/** The values that records have in addition: `log: caller; callee->Callee`. Source: modules/acc of the manual. */
import { InvalidUse, type Value } from '../../script/index.ts';
import { ownCopy } from '../../sip/index.ts';
import { type RecordType, recordTypes } from './selection.ts';

export interface Field {
  /** As the script names it. */
  readonly tag: string;
  /** As the record names it. */
  readonly name: string;
}

export type Fields = ReadonlyMap<RecordType, readonly Field[]>;

const example = 'use for example "log: caller; callee->Callee"';

/** @throws InvalidUse */
export function readFields(texts: readonly string[]): Fields {
  const all = new Map<RecordType, Field[]>();
  for (const text of texts) {
    const [, name = '', list = ''] = /^\s*(?:(\w+)\s*:)?(.*)$/s.exec(text) ?? [];
    const type = recordTypes.find((one) => one === name);
    if (type === undefined) {
      const problem = name === '' ? 'names no type of records' : `has the unknown type "${name}"`;
      throw new InvalidUse(`"${text}" ${problem}`, `use one of: ${recordTypes.join(', ')}`);
    }
    const fields = list.split(';').map((part): Field => {
      const [, tag, as = tag] = /^\s*([\w.-]+)\s*(?:->\s*([\w.-]+)\s*)?$/.exec(part) ?? [];
      if (tag === undefined || as === undefined)
        throw new InvalidUse(`"${part.trim()}" is not a field`, example);
      return { tag, name: as };
    });
    all.set(type, [...(all.get(type) ?? []), ...fields]);
  }
  return all;
}

/** The names that the script may use. */
export const tagsOf = (texts: readonly string[]): readonly string[] => [
  ...new Set(
    texts.flatMap((text) =>
      text
        .replace(/^[^:]*:/, '')
        .split(';')
        .map(tagOf),
    ),
  ),
];

/** Also of fields that {@link readFields} refuses, which is reported for itself. */
const tagOf = (field: string): string => field.split('->')[0]?.trim() ?? '';

/** The values that a script has set, by tag. They outlive the message. */
export type FieldValues = Map<string, Value>;

export function setField(values: FieldValues, tag: string, value: Value): void {
  values.set(tag, typeof value === 'string' ? ownCopy(value) : value);
}

/** A field and its value, as records have them. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

const none: readonly NamedValue[] = [];

export const valuesOf = (
  fields: Fields,
  type: RecordType,
  values: ReadonlyMap<string, Value>,
): readonly NamedValue[] =>
  fields.get(type)?.map(({ tag, name }) => ({ name, value: values.get(tag) ?? null })) ?? none;
