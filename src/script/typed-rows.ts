/**
 * Types of code derived from table rows: a function's parameters have the types of its `arguments`, and a parameter's
 * value that of its row.
 */
import type { Awaitable } from '../timers/index.ts';
import type {
  ArgumentSpec,
  ArgumentType,
  Completion,
  FunctionFacts,
  Invocation,
  VariableReader,
  VariableReference,
} from './function-spec.ts';
import type { ParameterSpec, SettingSpec } from './parameter-spec.ts';
import type { TransformationArgument, TransformationFacts } from './transformation-spec.ts';
import type { Status, Value } from './values.ts';
import type { SubnameRule, VariableAccess, VariableFacts, VariableUse } from './variable-spec.ts';

// --- functions ------------------------------------------------------------------------------------------

/**
 * The type of `Value` if an argument may be omitted. Includes `name`, which every row has, because a type of only
 * optional members would match anything.
 */
type OrOmitted<Argument, Value> = Argument extends { readonly name: string; readonly optional?: false }
  ? Value
  : Value | undefined;

/** What a function gets for an argument, see {@link ArgumentSpec.type}. */
export type ArgumentValue<R, Argument extends ArgumentSpec> = OrOmitted<Argument, GivenValue<R, Argument>>;

/** Unknown for a row without a literal type, such as a plain `ArgumentSpec`. */
type GivenValue<R, Argument extends ArgumentSpec> = ArgumentType extends Argument['type']
  ? unknown
  : Argument['type'] extends 'int' | 'level'
    ? number
    : Argument['type'] extends 'value'
      ? Value
      : Argument['type'] extends 'variable'
        ? Argument extends { readonly name: string; readonly readOnly?: false }
          ? VariableReference<R>
          : VariableReader<R>
        : Argument extends { readonly oneOf: readonly (infer Word)[] }
          ? Word
          : string;

/** As a tuple of the function's parameters. */
export type ArgumentValues<R, Arguments extends readonly ArgumentSpec[]> = {
  readonly [Place in keyof Arguments]: ArgumentValue<R, Arguments[Place]>;
};

export interface PlainFunctionRow<R, Arguments extends readonly ArgumentSpec[]>
  extends FunctionFacts<Arguments> {
  /** Called with the checked and evaluated arguments of the row. */
  readonly run: (run: R, ...args: ArgumentValues<R, Arguments>) => Awaitable<Status>;
  /** Only for functions that `async()` may call. */
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
  /** Only for functions that `async()` may not call. */
  readonly run?: never;
}

/** A function as written in a table: the parameters of `run` or `start` have the types declared by `arguments`. */
export type FunctionRow<R, Arguments extends readonly ArgumentSpec[]> =
  | PlainFunctionRow<R, Arguments>
  | AsyncFunctionRow<R, Arguments>;

// --- variables ------------------------------------------------------------------------------------------

type Subname<R, Rule> = Rule extends 'required'
  ? string | ((run: R) => string)
  : Rule extends 'optional'
    ? null | string | ((run: R) => string)
    : Rule extends readonly (infer Name)[]
      ? null | Name | ((run: R) => string)
      : null;

/** A use of a variable with this rule for its subname. Subnames with variables may be any text, despite a closed list. */
export interface RuledUse<R, Rule> extends Omit<VariableUse<R>, 'subname'> {
  readonly subname: Subname<R, Rule>;
}

/** A variable as written in a table. */
export interface VariableRow<R, Rule> extends VariableFacts<Rule & SubnameRule> {
  /** Called once for each use in the script. Throws {@link InvalidUse} for a bad subname or index. */
  readonly resolve: (use: RuledUse<R, Rule>) => VariableAccess<R>;
}

// --- transformations ------------------------------------------------------------------------------------

/** The type of a given argument; both types for a row without a literal one. */
type TransformationValue<Argument extends TransformationArgument> = Argument['type'] extends 'int'
  ? number
  : 'int' extends Argument['type']
    ? number | string
    : string;

/** What a transformation gets for its arguments. */
export type TransformationInput<Arguments extends readonly TransformationArgument[]> = {
  readonly [Place in keyof Arguments]: OrOmitted<Arguments[Place], TransformationValue<Arguments[Place]>>;
};

/** The arguments known at compile time; null for those with variables. */
type Constants<Arguments extends readonly TransformationArgument[]> = {
  readonly [Place in keyof Arguments]: TransformationInput<Arguments>[Place] | null;
};

/** A transformation of text: numbers are passed as decimal digits, and null stays null. */
export interface TextTransformationRow<Arguments extends readonly TransformationArgument[]>
  extends TransformationFacts<Arguments> {
  /** Called with the input and the arguments of the row. If any of these is null the result is null, without a call. */
  readonly apply: (text: string, ...args: TransformationInput<Arguments>) => Value;
  readonly prepare?: never;
  readonly prepareWaiting?: never;
}

/** A transformation of any value, or one that prepares something for each use. */
export interface PlainTransformationRow<R, Arguments extends readonly TransformationArgument[]>
  extends TransformationFacts<Arguments> {
  /**
   * Called once for each use, with the arguments known at compile time, so that tables and regular expressions are
   * built once.
   */
  readonly prepare: (
    constants: Constants<Arguments>,
  ) => (value: Value, args: TransformationInput<Arguments>, run: R) => Value;
  readonly apply?: never;
  readonly prepareWaiting?: never;
}

/** A transformation that may wait; reading a variable with it waits first. */
export interface WaitingTransformationRow<R, Arguments extends readonly TransformationArgument[]>
  extends TransformationFacts<Arguments> {
  /** See {@link PlainTransformationRow.prepare}. */
  readonly prepareWaiting: (
    constants: Constants<Arguments>,
  ) => (value: Value, args: TransformationInput<Arguments>, run: R) => Awaitable<Value>;
  readonly apply?: never;
  readonly prepare?: never;
}

/** A transformation as written in a table. */
export type TransformationRow<R, Arguments extends readonly TransformationArgument[]> =
  | TextTransformationRow<Arguments>
  | PlainTransformationRow<R, Arguments>
  | WaitingTransformationRow<R, Arguments>;

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
  : Row extends { readonly name: string; readonly repeated?: false }
    ? SingleValue<Row>
    : SingleValue<Row> | readonly OneValue<Row>[];

type SingleValue<Row extends ValueRow> = Row extends { readonly default: number | string | boolean }
  ? OneValue<Row>
  : OneValue<Row> | null;

/** The values of a table's rows by their names. Rows whose names are only known at run time are omitted. */
export type RowValues<Rows extends readonly ValueRow[]> = {
  readonly [Row in Rows[number] as string extends Row['name'] ? never : Row['name']]: RowValue<Row>;
};
