import type { ParameterValue, ParameterValues } from './parameter-spec.ts';
import { defaultValue } from './parameter-values.ts';
import type { RowValues, ValueRow } from './typed-rows.ts';

/** The values of a script's global parameters and module parameters, by table, with the types of its rows. */
export class TableValues {
  readonly #values = new Map<readonly ValueRow[], ParameterValues>();
  readonly #defaults = new Map<readonly ValueRow[], ParameterValues>();

  /** As read by the checker, for these rows. */
  set(rows: readonly ValueRow[], values: ParameterValues): void {
    this.#values.set(rows, values);
  }

  /** Whether the script loads the module with this table. */
  has(rows: readonly ValueRow[]): boolean {
    return this.#values.has(rows);
  }

  /** The defaults if the script does not load the module with this table. */
  get<const Rows extends readonly ValueRow[]>(rows: Rows): RowValues<Rows> {
    let values = this.#values.get(rows) ?? this.#defaults.get(rows);
    if (values === undefined) {
      values = defaultValues(rows);
      this.#defaults.set(rows, values);
    }
    return values as RowValues<Rows>;
  }
}

/** The defaults of all rows. */
export function defaultValues(rows: readonly ValueRow[]): Record<string, ParameterValue> {
  const values: Record<string, ParameterValue> = Object.create(null);
  for (const row of rows) {
    const standard = row.default === 0 ? (row.zero ?? 0) : row.default;
    values[row.name] = defaultValue(standard ?? null, row.repeated === true);
  }
  return values;
}
