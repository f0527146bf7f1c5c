/**
 * Types of code derived from table rows: a function's parameters have the types of its `arguments`, and a parameter's
 * value that of its row.
 */
import type {
  ArgumentSpec,
  ArgumentType,
  Awaitable,
  Completion,
  FunctionFacts,
  Invocation,
  ParameterSpec,
  SettingSpec,
  Status,
  Value,
  VariableReader,
  VariableReference,
} from './catalog.ts';

// --- functions ------------------------------------------------------------------------------------------

/** What a function gets for an argument, see {@link ArgumentSpec.type}. */
export type ArgumentValue<R, Argument extends ArgumentSpec> = Argument extends { readonly optional: true }
  ? GivenValue<R, Argument> | undefined
  : GivenValue<R, Argument>;

/** Unknown for a row without a literal type, such as a plain `ArgumentSpec`. */
type GivenValue<R, Argument extends ArgumentSpec> = ArgumentType extends Argument['type']
  ? unknown
  : Argument['type'] extends 'int' | 'level'
    ? number
    : Argument['type'] extends 'value'
      ? Value
      : Argument['type'] extends 'variable'
        ? Argument extends { readonly readOnly: true }
          ? VariableReader<R>
          : VariableReference<R>
        : Argument extends { readonly oneOf: readonly (infer Word)[] }
          ? Word | AbsentWords<Argument>
          : string;

/** Names that siprest lacks may still occur, in a script started with --allow-missing. */
type AbsentWords<Argument> = Argument extends { readonly absent: infer Absent } ? keyof Absent : never;

/** In the places of a function's parameters. */
export type ArgumentValues<R, Arguments extends readonly ArgumentSpec[]> = {
  readonly [Place in keyof Arguments]: ArgumentValue<R, Arguments[Place]>;
};

export interface PlainFunctionRow<R, Arguments extends readonly ArgumentSpec[]>
  extends FunctionFacts<Arguments> {
  /** Called with the checked and evaluated arguments of the row. */
  readonly run: (run: R, ...args: ArgumentValues<R, Arguments>) => Awaitable<Status>;
  readonly start?: never;
}

export interface AsyncFunctionRow<R, Arguments extends readonly ArgumentSpec[]>
  extends FunctionFacts<Arguments> {
  /** Whether another call may run in the background now; if false the call blocks. Absent: always. */
  readonly admit?: (run: R) => boolean;
  /** Starts it; resolves to a function that sets the output variables and returns the return code. */
  readonly start: (
    invocation: Invocation<R>,
    ...args: ArgumentValues<R, Arguments>
  ) => Awaitable<Completion<R>>;
  readonly run?: never;
}

/** A function as written in a table: `run` or `start` gets what `arguments` says. */
export type FunctionRow<R, Arguments extends readonly ArgumentSpec[]> =
  | PlainFunctionRow<R, Arguments>
  | AsyncFunctionRow<R, Arguments>;

// --- parameters and settings ----------------------------------------------------------------------------

/** A row whose value a script sets: a module's parameter or a global one. */
export type ValueRow = ParameterSpec | SettingSpec;

/** One value of a repeatable row. */
type OneValue<Row extends ValueRow> = Row['type'] extends 'int' | 'seconds'
  ? number
  : Row['type'] extends 'boolean'
    ? boolean
    : Row['type'] extends 'any'
      ? number | string
      : Row extends { readonly values: readonly (infer Word)[] }
        ? Word
        : string;

/** A row's value as read by the checker: null if that is its default, a list if it is repeatable. */
export type RowValue<Row extends ValueRow> = Row extends { readonly repeated: true }
  ? readonly OneValue<Row>[]
  : Row extends { readonly default: number | string | boolean }
    ? OneValue<Row>
    : OneValue<Row> | null;

/** The values of a table's rows by their names. Rows whose names are only known at run time are omitted. */
export type RowValues<Rows extends readonly ValueRow[]> = {
  readonly [Row in Rows[number] as string extends Row['name'] ? never : Row['name']]: RowValue<Row>;
};
