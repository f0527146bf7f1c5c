/**
 * Identity functions that infer the types of rows and tables. A row shared by several tables is defined separately.
 */
import type { ArgumentSpec, DefinedNames } from './function-spec.ts';
import type { ParameterSpec, SettingSpec } from './parameter-spec.ts';
import type { RowValues } from './typed-rows.ts';

/** An argument shared by several functions. */
export const defineArgument = <const Row extends ArgumentSpec>(row: Row): Row => row;

/** A separate parameter. */
export const defineParameter = <const Row extends ParameterSpec>(row: Row): Row => row;

/**
 * The parameters of a module. The table is the key to their values, which have the types of its rows:
 *
 *     const parameters = defineParameters([
 *       { name: 'limit', type: 'int', default: 10, minimum: 1, summary: 'The most calls at a time.' },
 *     ]);
 *     run.parameters(parameters).limit // a number
 */
export const defineParameters = <const Rows extends readonly ParameterSpec[]>(rows: Rows): Rows => rows;

/** The global parameters of a script, see {@link defineParameters}. */
export const defineSettings = <const Rows extends readonly SettingSpec[]>(rows: Rows): Rows => rows;

/** The names defined by the parameters of a module, for an argument that must be one of them. */
export const definedNames = <const Rows extends readonly ParameterSpec[]>(
  module: string,
  parameters: Rows,
  names: (values: RowValues<Rows>) => readonly string[],
): DefinedNames => ({ module, parameters, names });
