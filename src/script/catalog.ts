/**
 * The tables of facts that a script is checked and compiled against: what functions, variables,
 * transformations and module parameters there are. Each is written once, beside the code that does it; the
 * checker, the compiler and the reference pages all read these. `R` is what a script runs on, of which this
 * room knows nothing (the runtime's `Run`).
 *
 * Strings of a script are byte strings: JavaScript strings whose every char code is one byte.
 */
import type { RouteKind } from './ast.ts';

/** What a variable holds: a byte string, a 32-bit signed integer, or nothing. */
export type Value = string | number | null;

/** What a function returns to the script: positive is true, negative or 0 false; it becomes `$rc`. */
export type Status = number;

export type Awaitable<T> = T | Promise<T>;

// --- functions ------------------------------------------------------------------------------------------

/**
 * How an argument is written, and what the function gets:
 * - `string`: a string with variables, a number or a variable; the function gets a byte string.
 * - `int`: a number, a quoted number (the older dialect) or a variable; gets a 32-bit integer.
 * - `value`: anything; gets a {@link Value} and keeps its type.
 * - `variable`: a variable, also in quotes (the older dialect); gets a {@link VariableReference}.
 * - `regex`: a string with variables that is a POSIX extended regular expression; gets a byte string.
 * - `raw`: a string or a variable; gets the text as it stands, the names of variables in it.
 * - `substitution`: `/expression/replacement/flags` with variables; a `$` that starts none is an anchor. Gets a byte string.
 * - `static`: a string or a bare word without variables; gets it at compile time.
 * - `route`: the name of a route of `routeKind`, checked to exist; gets the name.
 * - `level`: an `L_...` log level, bare, quoted or a number; gets a number from -3 to 4.
 *
 * An optional one that is left out is `undefined`. A variable that is null where a `string` or `int` is
 * mandatory fails the call: it logs an error and returns -1 without running the function.
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
  /** An optional one that stands first and is recognised by the number of arguments: `xlog([level,] text)`. */
  readonly leading?: boolean;
  /** For type `variable`: it is only read, so any will do. */
  readonly readOnly?: boolean;
  /** For type `variable`: OpenSIPS takes it in quotes as well. */
  readonly quoted?: true;
  /** For type `route`. */
  readonly routeKind?: RouteKind;
  /** For type `static`: what it may be; an error is found by the checker. */
  readonly oneOf?: readonly string[];
  /** What may be given for it in OpenSIPS alone, and the module that has that. */
  readonly absent?: Readonly<Record<string, string>>;
  /** For type `string`: the names that a loaded module's parameters define; a text without variables has to be one of them. */
  readonly definedBy?: DefinedNames;
  /**
   * For types `string` and `substitution`: the text goes into headers. Only line breaks that the script itself writes
   * count: a variable that brings one, or a NUL, fails the call, save for one break at the very end.
   */
  readonly intoHeaders?: true;
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

/** A variable as an argument that is only read, on the run that the call belongs to. */
export interface VariableReader<R> {
  /** As in the script, for messages: `$var(body)`. */
  readonly text: string;
  get(run: R): Value;
  /** All its values, as `[*]` names them; one at most where it cannot have more. */
  list(run: R): readonly Value[];
}

/** A variable as an argument that may be written as well. */
export interface VariableReference<R> extends VariableReader<R> {
  /** Sets it; `null` unsets. `operator` as in an assignment, `=` where it is left out. False when it refuses the value. */
  set(run: R, value: Value, operator?: '=' | ':='): boolean;
}

/** What a function is told of its call. */
export interface Invocation<R> {
  readonly run: R;
  /** How the script calls it. */
  readonly mode: 'blocking' | 'async' | 'launch';
  /** Whether the worker is free meanwhile: a blocking call, and one that was not admitted, keeps it. */
  readonly background: boolean;
  /** Seconds, from async's third argument; null where there is none. */
  readonly timeout: number | null;
}

/**
 * What an async function resolves to: run on the worker that goes on with the script, it sets the output
 * variables and tells the return code. The run is another one when the function was launched.
 */
export type Completion<R> = (run: R) => Status;

/** What is known of a function without its code. */
export interface FunctionFacts<Arguments extends readonly ArgumentSpec[] = readonly ArgumentSpec[]> {
  readonly name: string;
  /** Older names. */
  readonly aliases?: readonly string[];
  readonly arguments: Arguments;
  /** Modules that must be loaded for it as well: calls are an error without them. */
  readonly requires?: readonly string[];
  /** Where it may stand; everywhere when absent. */
  readonly routes?: readonly RouteKind[];
  readonly summary: string;
  /** The documentation page or vector that says how it behaves. */
  readonly source?: string;
  /** Why nothing happens, for one that is accepted without effect so far: the checker warns. */
  readonly inert?: string;
  /** Of a stand-in: the module of OpenSIPS that has it, `core` for none. */
  readonly absent?: string;
}

/**
 * A function as the checker and the compiler see it, which call it with whatever its `arguments` say. Where it is
 * written its parameters have the types of these: a {@link FunctionRow}.
 */
export interface PlainFunctionSpec<R> extends FunctionFacts {
  run(run: R, ...args: readonly unknown[]): Awaitable<Status>;
  readonly start?: never;
}

/** One that may also be called by `async()` and `launch()`. */
export interface AsyncFunctionSpec<R> extends FunctionFacts {
  /**
   * Whether one more may run in the background now; false does it as a blocking call (and the function
   * logs why). Absent: always.
   */
  readonly admit?: (run: R) => boolean;
  start(invocation: Invocation<R>, ...args: readonly unknown[]): Awaitable<Completion<R>>;
  readonly run?: never;
}

export type FunctionSpec<R> = PlainFunctionSpec<R> | AsyncFunctionSpec<R>;

// --- variables ------------------------------------------------------------------------------------------

/** How a use of a variable is written in the script, resolved as far as it is known at compile time. */
export interface VariableUse<R> {
  /** `(…)` after the name: null when there is none, a string when it has no variables in it. */
  readonly subname: null | string | ((run: R) => string);
  /** `[…]` after that: null when there is none. */
  readonly index: null | number | 'all' | 'append' | ((run: R) => number | null);
  readonly context: 'request' | 'reply' | null;
  /** `[insert]` or `[insertAfter]` in place of an index, of one that is `insertable`. */
  readonly insertion?: 'insert' | 'insertAfter';
}

export interface VariableAccess<R> {
  readonly get: (run: R) => Value;
  /** How it prints and compares with text, where that is not what `get` says: `true` for 1. */
  readonly text?: (run: R) => string | null;
  /** Absent: read-only. `operator` is `=` or `:=`. False when the value is refused. */
  readonly set?: (run: R, value: Value, operator: '=' | ':=') => boolean;
  /** What is assigned is a text: of a variable that prints as another one than it is, that one. */
  readonly takesText?: true;
  /** The values of `[*]` for `for ... in`; absent: there is one value at most, that of `get`. */
  readonly list?: (run: R) => readonly Value[];
}

/** What `xlog(text)` prints after `script` has run on the sample request of the reference. */
export interface VariableExample {
  readonly script?: string;
  readonly text: string;
  readonly prints: string;
}

export interface VariableSpec<R> {
  /** Without `$`: `var`, `ru`, `ct.fields`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What `(…)` may be: `none` (default), `required`, `optional`, or a closed list of names. */
  readonly subname?: 'none' | 'optional' | 'required' | readonly string[];
  /** Whether blanks around what stands in the parentheses count. Default false. */
  readonly verbatim?: boolean;
  /** Whether `[…]` may follow. Default false. */
  readonly indexed?: boolean;
  /** Whether `[insert]` and `[insertAfter]` may follow where it is set. Default false. */
  readonly insertable?: boolean;
  readonly writable?: boolean;
  readonly summary: string;
  readonly source?: string;
  /** Of a stand-in: the module of OpenSIPS that has it, `core` for none. */
  readonly absent?: string;
  /** For the reference, and run by a test. */
  readonly example?: VariableExample;
  /** Called once for each place in the script where it stands. Throws {@link InvalidUse} for a bad subname or index. */
  readonly resolve: (use: VariableUse<R>) => VariableAccess<R>;
}

/** A variable's or transformation's word at compile time that it is used wrongly; it becomes a diagnostic. */
export class InvalidUse extends Error {
  /** What would be right, if that can be said. */
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
   * `rest`: all that is left, commas and spaces included. `raw`: the same as the script has it, names of variables in
   * it (a `$` that starts none is doubled), or the value of a variable that stands alone. Others are split at commas,
   * leading and trailing space removed.
   */
  readonly type: 'string' | 'int' | 'rest' | 'raw';
  readonly optional?: boolean;
}

interface TransformationFacts {
  /** `s.substr` */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly arguments?: readonly TransformationArgument[];
  readonly summary: string;
  readonly source?: string;
  /** Of a stand-in: the module of OpenSIPS that has it, `core` for none. */
  readonly absent?: string;
  /** For the reference, and run by a test: an input, the transformation as written, what comes out. */
  readonly example?: readonly [input: Value, transformation: string, output: Value];
}

export interface PlainTransformationSpec<R> extends TransformationFacts {
  /**
   * Once for each place; gets the arguments that are known at compile time (null for one with variables in
   * it), so that tables and regular expressions are built once. `args` of the result has them all: numbers
   * for `int`, byte strings for the others; one that is left out is undefined. With an argument that is null the result is null, without a call.
   */
  readonly prepare: (constants: TransformationValues) => Transform<R>;
  /** Of the input: how the result prints and goes into text, where that is not what it is. */
  readonly text?: (input: Value) => Value;
}

/** One that may wait: what reads a variable that has it waits first. */
export interface WaitingTransformationSpec<R> extends TransformationFacts {
  /** As {@link PlainTransformationSpec.prepare}. */
  readonly prepareWaiting: (constants: TransformationValues) => WaitingTransform<R>;
}

export type TransformationSpec<R> = PlainTransformationSpec<R> | WaitingTransformationSpec<R>;

export type TransformationValues = readonly (string | number | null | undefined)[];

export type Transform<R> = (value: Value, args: TransformationValues, run: R) => Value;

export type WaitingTransform<R> = (value: Value, args: TransformationValues, run: R) => Awaitable<Value>;

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
  /** Of a number: what 0 stands for. */
  readonly zero?: number;
  /** May be set more than once, and keeps all values. */
  readonly repeated?: boolean;
  readonly summary: string;
  readonly source?: string;
  /** It names a route of this kind, which has to be there. */
  readonly routeKind?: RouteKind;
  /** Why it has no effect: the checker warns where it is set to something else than the default. */
  readonly inert?: string;
}

/** Parameters as they come out of the checker: validated, defaults filled in; arrays for `repeated` ones. */
export type ParameterValue = number | string | boolean | null | readonly (number | string)[];
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** What of a script module is known without running it. */
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
  /** For one that is accepted with nothing behind it: what siprest has instead; the checker notes it. */
  readonly inert?: string;
  /** Checks the parameters against each other; each string is a warning, thrown {@link InvalidUse} an error. */
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
  /** Of a number: what 0 stands for. */
  readonly zero?: number;
  readonly repeated?: boolean;
  /** Of a `string`: what it may be. */
  readonly values?: readonly string[];
  readonly summary: string;
  /** Why it has no meaning here: accepted with a warning that says so. */
  readonly inert?: string;
}

/** What OpenSIPS documents, whether siprest has it or not: it tells what is absent from what is mistyped. */
export interface DocumentedNames {
  hasModule(name: string): boolean;
  /** All of them. */
  moduleNames(): Iterable<string>;
  /** The modules with a name, written `f()`, `$v` or `{t}`; `core` is one. */
  ownersOf(written: string): readonly string[];
}

/** All that a script may name. */
export interface Catalog<R> {
  readonly settings: readonly SettingSpec[];
  /** Global parameters that OpenSIPS has no more, and what is written instead. */
  readonly formerSettings?: Readonly<Record<string, string>>;
  /**
   * Names here that OpenSIPS 4.0 does not have, and what to use instead: a global parameter `name=`, a module's parameter
   * `module:name`, `f()`, `$v`, `{t}`.
   */
  readonly notPortable?: Readonly<Record<string, string>>;
  readonly functions: readonly FunctionSpec<R>[];
  readonly variables: readonly VariableSpec<R>[];
  readonly transformations: readonly TransformationSpec<R>[];
  readonly modules: readonly ModuleSpec<R>[];
  /** Route kinds that parse but do not run so far; the checker warns. */
  readonly inertRouteKinds: readonly RouteKind[];
  /** Absent: nothing is known but what is in the tables. */
  readonly documented?: DocumentedNames;
}
