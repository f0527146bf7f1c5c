/** A function, as tables declare it. `R` is what a script runs on (the runtime's `Run`), which is opaque here. */
import type { Awaitable } from '../timers/index.ts';
import type { RouteKind } from './ast.ts';
import type { ParameterSpec, ParameterValues } from './parameter-spec.ts';
import type { Status, Value } from './values.ts';

/**
 * How an argument is written in the script, and what the function receives:
 * - `string`: a string with variables, a number or a variable; the function gets a byte string.
 * - `int`: a number, a quoted number (in older scripts) or a variable; gets a 32-bit integer.
 * - `value`: anything; gets a {@link Value} and keeps its type.
 * - `variable`: a variable, also in quotes (in older scripts); gets a {@link VariableReference}.
 * - `regex`: a string with variables that is a POSIX extended regular expression; gets a byte string.
 * - `raw`: a string or a variable; gets the source text, with variables unexpanded.
 * - `substitution`: `/expression/replacement/flags` with variables; a `$` that begins no variable is an anchor. Gets a
 *   byte string.
 * - `static`: a string or a bare word without variables; gets it at compile time.
 * - `route`: the name of a route of `routeKind`, checked to exist; gets the name.
 * - `level`: an `L_...` log level, bare, quoted or a number; gets a number from -3 to 4.
 *
 * An omitted optional argument is `undefined`. A variable that is null where a `string` or `int` is mandatory fails the
 * call: it logs an error and returns -1 without running the function.
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

/** An argument of a function. */
export interface ArgumentSpec {
  /** For documentation and messages. */
  readonly name: string;
  /** What it may be, and what the code gets. */
  readonly type: ArgumentType;
  /** Whether it may be omitted. Default false. */
  readonly optional?: boolean;
  /** A leading optional argument, recognized by the number of arguments: `xlog([level,] text)`. */
  readonly leading?: boolean;
  /**
   * For type `string`: older scripts, which put the first argument in quotes, write this one and the next as one string:
   * `"$rU/$var(out)"`.
   */
  readonly isPair?: true;
  /** For type `variable`: only read, so read-only variables are allowed. */
  readonly readOnly?: boolean;
  /** For type `variable`: OpenSIPS also accepts it in quotes. */
  readonly quoted?: true;
  /** For type `route`. */
  readonly routeKind?: RouteKind;
  /** For type `static`: the allowed values, enforced by the checker. */
  readonly oneOf?: readonly string[];
  /**
   * For type `string`: the names that a loaded module's parameters define; text without variables must be one of
   * them.
   */
  readonly definedBy?: DefinedNames;
  /** With `definedBy`, for an optional argument: the name that is meant without it, which must be defined as well. */
  readonly omitted?: string;
  /** For type `string`: text without variables must be one of these, in any case; here in lower case. */
  readonly words?: readonly string[];
  /**
   * For types `string` and `substitution`: the text goes into headers. Line breaks must be literal in the script: a
   * line break from a variable (except at the very end) or a NUL fails the call.
   */
  readonly intoHeaders?: true;
  /** For type `string`: a URL; the checker warns of unescaped input in it. */
  readonly isUrl?: true;
  /** For type `string`: a command of the shell; the checker warns of unescaped input in it. */
  readonly isCommand?: true;
  /** For type `string`: words of a query, which blanks separate; the checker warns of unescaped input in it. */
  readonly isQuery?: true;
  /** For type `string`: why the function rejects a text, or null. The checker warns of such text. */
  readonly refuses?: (text: string) => string | null;
  /** For type `variable`: the function always sets it to text. */
  readonly gives?: 'text';
  /** For type `string`: flags separated by commas. Text without variables must be made of known ones. */
  readonly flags?: FlagRules;
  /** For type `string`: the name of an event, whose event_route then runs. */
  readonly event?: true;
  /** One line of documentation. */
  readonly summary: string;
}

/** The flags of an argument. */
export interface FlagRules {
  /** The known names. */
  readonly names: readonly string[];
  /** Whether these are letters or numbers of older versions, which OpenSIPS 4.0 rejects. */
  isFormer(text: string): boolean;
  /** Flags that are accepted without effect, with the reason, which the checker reports as a warning. */
  readonly inert?: Readonly<Record<string, string>>;
  /** The first unknown or invalid flag, or null. */
  unknown(text: string): string | null;
}

export interface DefinedNames {
  readonly module: string;
  /** Of the module. */
  readonly parameters: readonly ParameterSpec[];
  /** May throw an InvalidUse for a wrong parameter, which is reported there. */
  names(values: ParameterValues): readonly string[];
}

/** A read-only variable argument, bound to the run of the call. */
export interface VariableReader<R> {
  /** As in the script, for messages: `$var(body)`. */
  readonly text: string;
  /** Its value. */
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
  /** The run of the script that calls it. */
  readonly run: R;
  /** How the script calls it. */
  readonly mode: 'blocking' | 'async' | 'launch';
  /**
   * Whether the worker is free while the function runs. Blocking calls, and calls that were not admitted, occupy it.
   */
  readonly background: boolean;
  /** In seconds, from the third argument of async(); null if omitted. */
  readonly timeout: number | null;
}

/**
 * The result of an async function: called on the worker that continues the script, it sets the output variables and
 * returns the return code. After launch(), it receives a different run.
 */
export type Completion<R> = (run: R) => Status;

/** The static facts about a function. */
export interface FunctionFacts<Arguments extends readonly ArgumentSpec[] = readonly ArgumentSpec[]> {
  /** As scripts call it. */
  readonly name: string;
  /** Older names. */
  readonly aliases?: readonly string[];
  /** A row for each. */
  readonly arguments: Arguments;
  /** Further modules that must be loaded; without them, calls are errors. */
  readonly requires?: readonly string[];
  /** Kinds of routes in which it is allowed; all if absent. */
  readonly routes?: readonly RouteKind[];
  /** One line of documentation. */
  readonly summary: string;
  /** The documentation page or vector that defines its behaviour. */
  readonly source?: string;
  /** It always returns 1, so its return code is meaningless. */
  readonly alwaysTrue?: true;
  /** For a function that is accepted without effect: the reason, which the checker reports as a warning. */
  readonly inert?: string;
  /** For a stand-in: the OpenSIPS module that has it, or `core`. */
  readonly absent?: string;
}

/**
 * A function as the checker and the compiler see it. In its row, the parameters have the types declared by `arguments`:
 * see {@link FunctionRow}.
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
