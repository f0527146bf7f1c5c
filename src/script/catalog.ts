/**
 * The tables that a script is checked and compiled against: functions, variables, transformations and module
 * parameters. Each entry exists once, beside its code; the checker, the compiler and the reference pages all read the
 * tables. `R` is what a script runs on (the runtime's `Run`), which is opaque here.
 *
 * Strings of a script are byte strings: JavaScript strings whose every char code is one byte.
 */
import type { Awaitable } from '../timers/index.ts';
import type { RouteKind } from './ast.ts';

/** What a variable holds: a byte string, a 32-bit signed integer, or nothing. */
export type Value = string | number | null;

/** What a function returns to the script: positive is true, negative or 0 false; it becomes `$rc`. */
export type Status = number;

// --- functions ------------------------------------------------------------------------------------------

/**
 * How an argument is written in the script, and what the function receives:
 * - `string`: a string with variables, a number or a variable; the function gets a byte string.
 * - `int`: a number, a quoted number (the older dialect) or a variable; gets a 32-bit integer.
 * - `value`: anything; gets a {@link Value} and keeps its type.
 * - `variable`: a variable, also in quotes (the older dialect); gets a {@link VariableReference}.
 * - `regex`: a string with variables that is a POSIX extended regular expression; gets a byte string.
 * - `raw`: a string or a variable; gets the source text, with variables unexpanded.
 * - `substitution`: `/expression/replacement/flags` with variables; a `$` that begins no variable is an anchor. Gets
 *   a byte string.
 * - `static`: a string or a bare word without variables; gets it at compile time.
 * - `route`: the name of a route of `routeKind`, checked to exist; gets the name.
 * - `level`: an `L_...` log level, bare, quoted or a number; gets a number from -3 to 4.
 *
 * An omitted optional argument is `undefined`. A variable that is null where a `string` or `int` is mandatory fails
 * the call: it logs an error and returns -1 without running the function.
 */
export type ArgumentType =
  | 'string'
  | 'raw'
  | 'int'
  | 'value'
  | 'variable'
  | 'regex'
  | 'substitution'
  | 'static'
  | 'route'
  | 'level';

export interface ArgumentSpec {
  readonly name: string;
  readonly type: ArgumentType;
  readonly optional?: boolean;
  /** A leading optional argument, recognized by the number of arguments: `xlog([level,] text)`. */
  readonly leading?: boolean;
  /** For type `variable`: it is only read, so read-only variables are allowed too. */
  readonly readOnly?: boolean;
  /** For type `variable`: OpenSIPS takes it in quotes as well. */
  readonly quoted?: true;
  /** For type `route`. */
  readonly routeKind?: RouteKind;
  /** For type `static`: the allowed values, enforced by the checker. */
  readonly oneOf?: readonly string[];
  /** Values that only OpenSIPS supports, with the module that provides them. */
  readonly absent?: Readonly<Record<string, string>>;
  /**
   * For type `string`: the names that a loaded module's parameters define; text without variables must be one of
   * them.
   */
  readonly definedBy?: DefinedNames;
  /**
   * For types `string` and `substitution`: the text goes into headers. Only line breaks written in the script itself
   * are allowed: one from a variable, or a NUL, fails the call, except for a line break at the very end.
   */
  readonly intoHeaders?: true;
  /** For type `string`: a URL, in which the checker warns of what a caller wrote. */
  readonly isUrl?: true;
  /** For type `string`: why a text will be refused, or null. The checker warns of text that is. */
  readonly refuses?: (text: string) => string | null;
  /** For type `variable`: the function only ever sets it to text. */
  readonly gives?: 'text';
  /** For type `string`: it names an event, whose event_route then runs. */
  readonly event?: true;
  readonly summary: string;
}

export interface DefinedNames {
  readonly module: string;
  /** Of the module. */
  readonly parameters: readonly ParameterSpec[];
  names(values: ParameterValues): readonly string[];
}

/** A read-only variable argument, bound to the run of the call. */
export interface VariableReader<R> {
  /** As in the script, for messages: `$var(body)`. */
  readonly text: string;
  get(run: R): Value;
  /** All values, as with `[*]`; at most one if the variable is single-valued. */
  list(run: R): readonly Value[];
}

/** A variable argument that may also be written. */
export interface VariableReference<R> extends VariableReader<R> {
  /** Sets it; `null` unsets. `operator` as in an assignment, default `=`. False if the variable refuses the value. */
  set(run: R, value: Value, operator?: '=' | ':='): boolean;
}

/** Context of a function call. */
export interface Invocation<R> {
  readonly run: R;
  /** How the script calls it. */
  readonly mode: 'blocking' | 'async' | 'launch';
  /**
   * Whether the worker is free while the function runs: blocking calls, and those that were not admitted, keep it.
   */
  readonly background: boolean;
  /** Seconds, from the third argument of async(); null without one. */
  readonly timeout: number | null;
}

/**
 * What an async function resolves to: called on the worker that continues the script, it sets the output variables
 * and returns the return code. After launch() it gets another run.
 */
export type Completion<R> = (run: R) => Status;

/** The static facts about a function. */
export interface FunctionFacts<Arguments extends readonly ArgumentSpec[] = readonly ArgumentSpec[]> {
  readonly name: string;
  /** Older names. */
  readonly aliases?: readonly string[];
  readonly arguments: Arguments;
  /** Modules that must be loaded for it as well: calls are an error without them. */
  readonly requires?: readonly string[];
  /** Kinds of routes in which it is allowed; all if absent. */
  readonly routes?: readonly RouteKind[];
  readonly summary: string;
  /** The documentation page or vector that defines its behaviour. */
  readonly source?: string;
  /** It always returns 1, so that its return code says nothing. */
  readonly alwaysTrue?: true;
  /** For a function that is accepted without effect: the reason, which the checker reports as a warning. */
  readonly inert?: string;
  /** For a stand-in: the OpenSIPS module that has it, or `core`. */
  readonly absent?: string;
}

/**
 * A function as the checker and the compiler see it, which call it with whatever its `arguments` say. In its row, the
 * parameters have the types of its `arguments`: see {@link FunctionRow}.
 */
export interface PlainFunctionSpec<R> extends FunctionFacts {
  run(run: R, ...args: readonly unknown[]): Awaitable<Status>;
  readonly start?: never;
}

/** A function that may also be called by `async()` and `launch()`. */
export interface AsyncFunctionSpec<R> extends FunctionFacts {
  /**
   * Whether another call may run in the background now; if false the call blocks (and the function logs why). Absent:
   * always.
   */
  readonly admit?: (run: R) => boolean;
  start(invocation: Invocation<R>, ...args: readonly unknown[]): Awaitable<Completion<R>>;
  readonly run?: never;
}

export type FunctionSpec<R> = PlainFunctionSpec<R> | AsyncFunctionSpec<R>;

// --- variables ------------------------------------------------------------------------------------------

/** One use of a variable in the script, resolved as far as possible at compile time. */
export interface VariableUse<R> {
  /** `(…)` after the name: null if absent, a string if it contains no variables. */
  readonly subname: null | string | ((run: R) => string);
  /** `[…]` after that: null if absent. */
  readonly index: null | number | 'all' | 'append' | ((run: R) => number | null);
  readonly context: 'request' | 'reply' | null;
  /** `[insert]` or `[insertAfter]` instead of an index, for `insertable` variables. */
  readonly insertion?: 'insert' | 'insertAfter';
}

export interface VariableAccess<R> {
  readonly get: (run: R) => Value;
  /** Text form for printing and comparing with text, if it differs from `get`: `true` for 1. */
  readonly text?: (run: R) => string | null;
  /** Absent: read-only. `operator` is `=` or `:=`. False if the value is refused. */
  readonly set?: (run: R, value: Value, operator: '=' | ':=') => boolean;
  /** The assigned value is text; for a variable whose text form differs from its value, that text form. */
  readonly takesText?: true;
  /** The values of `[*]` for `for ... in`; absent: at most one value, that of `get`. */
  readonly list?: (run: R) => readonly Value[];
}

/** Output of `xlog(text)` after `script` has run on the sample request of the reference. */
export interface VariableExample {
  readonly script?: string;
  readonly text: string;
  readonly prints: string;
}

/** Allowed `(…)`: `none` (default), `required`, `optional`, or a closed list of names. */
export type SubnameRule = 'none' | 'optional' | 'required' | readonly string[];

/** The static facts about a variable. */
export interface VariableFacts<Subname extends SubnameRule = SubnameRule> {
  /** Without `$`: `var`, `ru`, `ct.fields`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly subname?: Subname;
  /** Whether blanks inside the parentheses are significant. Default false. */
  readonly verbatim?: boolean;
  /** Whether `[…]` is allowed. Default false. */
  readonly indexed?: boolean;
  /** Whether `[insert]` and `[insertAfter]` are allowed in assignments. Default false. */
  readonly insertable?: boolean;
  readonly writable?: boolean;
  /** Text that whoever sent the message has chosen: never a number, and not safe in a URL. */
  readonly fromMessage?: true;
  readonly summary: string;
  readonly source?: string;
  /** For a stand-in: the OpenSIPS module that has it, or `core`. */
  readonly absent?: string;
  /** For the reference; run by a test. */
  readonly example?: VariableExample;
}

/**
 * A variable as the checker and the compiler see it. In its row, `use` has the subname that its facts say: see
 * {@link VariableRow}.
 */
export interface VariableSpec<R> extends VariableFacts {
  resolve(use: VariableUse<R>): VariableAccess<R>;
}

/** Thrown by a variable or transformation at compile time for invalid use; becomes a diagnostic. */
export class InvalidUse extends Error {
  /** A suggestion, if any. */
  readonly help: string | undefined;
  constructor(message: string, help?: string) {
    super(message);
    this.name = 'InvalidUse';
    this.help = help;
  }
}

// --- transformations ------------------------------------------------------------------------------------

export interface TransformationArgument {
  readonly name: string;
  /**
   * `rest`: everything that is left, including commas and spaces. `raw`: the same as source text with variables
   * unexpanded (a `$` that begins no variable is doubled), or the value of a single variable. Others are split at
   * commas and trimmed.
   */
  readonly type: 'string' | 'int' | 'rest' | 'raw';
  readonly optional?: boolean;
}

/** What is known of a transformation without its code. */
export interface TransformationFacts<
  Arguments extends readonly TransformationArgument[] = readonly TransformationArgument[],
> {
  /** `s.substr` */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly arguments: Arguments;
  readonly summary: string;
  readonly source?: string;
  /** For a stand-in: the OpenSIPS module that has it, or `core`. */
  readonly absent?: string;
  /** For the reference; run by a test: input, transformation, output. */
  readonly example?: readonly [input: Value, transformation: string, output: Value];
  /** Text form of the result for a given input, if it differs from the value. */
  readonly text?: (input: Value) => Value;
  /** Its result has no character with a meaning in a URL, or escapes them. */
  readonly urlSafe?: true;
  /** Arguments that are null are passed on as null; otherwise the result is null then. */
  readonly takesNull?: true;
}

/**
 * A transformation as the checker and the compiler see it. Its definition, a {@link TransformationRow}, types the
 * arguments.
 */
export interface TextTransformationSpec extends TransformationFacts {
  apply(text: string, ...args: readonly unknown[]): Value;
  readonly prepare?: never;
  readonly prepareWaiting?: never;
}

export interface PlainTransformationSpec<R> extends TransformationFacts {
  prepare(constants: TransformationValues): Transform<R>;
  readonly apply?: never;
  readonly prepareWaiting?: never;
}

/** A transformation that may wait; reading a variable with it waits first. */
export interface WaitingTransformationSpec<R> extends TransformationFacts {
  prepareWaiting(constants: TransformationValues): WaitingTransform<R>;
  readonly apply?: never;
  readonly prepare?: never;
}

export type TransformationSpec<R> =
  | TextTransformationSpec
  | PlainTransformationSpec<R>
  | WaitingTransformationSpec<R>;

export type TransformationValues = readonly (string | number | null | undefined)[];

/** Its parameters are compared as those of methods are, so that those of a row may say more. */
export type Transform<R> = {
  transform(value: Value, args: TransformationValues, run: R): Value;
}['transform'];

export type WaitingTransform<R> = {
  transform(value: Value, args: TransformationValues, run: R): Awaitable<Value>;
}['transform'];

// --- modules --------------------------------------------------------------------------------------------

/** A parameter that `modparam` sets. */
export interface ParameterSpec {
  readonly name: string;
  /** Former names, as the older dialect has them. */
  readonly aliases?: readonly string[];
  /** `seconds` takes a number or a quoted decimal fraction; `boolean` a number or yes/no/true/false. */
  readonly type: 'int' | 'string' | 'boolean' | 'seconds';
  /** As shown in the reference: `20 s`, `10240 KB`. */
  readonly default: number | string | boolean | null;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** For a number: the meaning of 0. */
  readonly zero?: number;
  /** May be set more than once, and keeps all values. */
  readonly repeated?: boolean;
  readonly summary: string;
  readonly source?: string;
  /** Names a route of this kind, which must exist. */
  readonly routeKind?: RouteKind;
  /** Why it has no effect: the checker warns if it is set to anything but the default. */
  readonly inert?: string;
}

/** Parameters from the checker: validated, with defaults; arrays for `repeated` ones. */
export type ParameterValue = number | string | boolean | null | readonly (number | string)[];
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** The static facts about a script module. */
export interface ModuleSpec<R> {
  readonly name: string;
  readonly summary: string;
  readonly source?: string;
  /** Modules that must be loaded as well. */
  readonly requires?: readonly string[];
  readonly parameters?: readonly ParameterSpec[];
  readonly functions?: readonly FunctionSpec<R>[];
  readonly variables?: readonly VariableSpec<R>[];
  readonly transformations?: readonly TransformationSpec<R>[];
  /**
   * For a module accepted without an implementation: what siprest has instead, which the checker reports as a note.
   */
  readonly inert?: string;
  /** Checks parameters against each other: returned strings are warnings, a thrown {@link InvalidUse} is an error. */
  validate?(parameters: ParameterValues): readonly string[];
}

/** A global parameter of the file. */
export interface SettingSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly type: 'int' | 'string' | 'boolean' | 'socket' | 'any';
  readonly default?: number | string | boolean | null;
  readonly minimum?: number;
  readonly maximum?: number;
  /** For a number: the meaning of 0. */
  readonly zero?: number;
  readonly repeated?: boolean;
  /** For a `string`: the allowed values. */
  readonly values?: readonly string[];
  readonly summary: string;
  /** Why it has no effect here; accepted with a warning that says so. */
  readonly inert?: string;
}

/** Names that OpenSIPS documents, whether siprest has them or not, to distinguish missing names from typos. */
export interface DocumentedNames {
  hasModule(name: string): boolean;
  /** All of them. */
  moduleNames(): Iterable<string>;
  /** The modules that have a name, written `f()`, `$v` or `{t}`; includes `core`. */
  ownersOf(written: string): readonly string[];
}

/** Everything that a script may name. */
export interface Catalog<R> {
  readonly settings: readonly SettingSpec[];
  /** Global parameters that OpenSIPS has dropped, with their replacements. */
  readonly formerSettings?: Readonly<Record<string, string>>;
  /**
   * Names that OpenSIPS 4.0 lacks, with what to use instead: a global parameter `name=`, a module
   * `module.so`, its parameter `module:name`, `f()`, `$v`, `{t}`.
   */
  readonly notPortable?: Readonly<Record<string, string>>;
  readonly functions: readonly FunctionSpec<R>[];
  readonly variables: readonly VariableSpec<R>[];
  readonly transformations: readonly TransformationSpec<R>[];
  readonly modules: readonly ModuleSpec<R>[];
  /** Route kinds that parse but do not run yet; the checker warns. */
  readonly inertRouteKinds: readonly RouteKind[];
  /** Absent: only the names in the tables are known. */
  readonly documented?: DocumentedNames;
}
