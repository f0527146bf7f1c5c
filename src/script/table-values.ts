import type { ParameterValue, ParameterValues } from './catalog.ts';
import { defaultValue } from './parameter-values.ts';
import type { RowValues, ValueRow } from './typed-rows.ts';

/**
 * The values that a script gives to its global parameters and to those of its modules: by the table whose rows they
 * are of, and with the types of these.
 */
export class TableValues {
  readonly #values = new Map<readonly ValueRow[], ParameterValues>();
  readonly #defaults = new Map<readonly ValueRow[], ParameterValues>();

  /** As the checker has read them, by these rows. */
  set(rows: readonly ValueRow[], values: ParameterValues): void {
    this.#values.set(rows, values);
  }

  /** Whether the script loads what has this table. */
  has(rows: readonly ValueRow[]): boolean {
    return this.#values.has(rows);
  }

  /** The defaults where the script does not load what has this table. */
  get<const Rows extends readonly ValueRow[]>(rows: Rows): RowValues<Rows> {
    let values = this.#values.get(rows) ?? this.#defaults.get(rows);
    if (values === undefined) {
      values = defaultValues(rows);
      this.#defaults.set(rows, values);
    }
    return values as RowValues<Rows>;
  }
}

/** Of all rows, as where a script sets none. */
export function defaultValues(rows: readonly ValueRow[]): Record<string, ParameterValue> {
  const values: Record<string, ParameterValue> = Object.create(null);
  for (const row of rows) values[row.name] = defaultValue(row.default ?? null, row.repeated === true);
  return values;
}
