/** Metrics under names of the script's choice, which the module prometheus exports. */
export interface ScriptMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  /** Empty for none. */
  readonly help: string;
  readonly samples: readonly {
    readonly labels: readonly (readonly [name: string, value: string])[];
    readonly value: number;
  }[];
}
