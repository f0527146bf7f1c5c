/** A variable, as tables declare it. */
import type { Awaitable } from '../timers/index.ts';
import type { DefinedNames } from './function-spec.ts';
import type { Value } from './values.ts';

/** One use of a variable in the script, resolved as far as possible at compile time. */
export interface VariableUse<R> {
  /** `(…)` after the name: null if absent, a string if it contains no variables. */
  readonly subname: null | string | ((run: R) => string);
  /** `[…]` after that: null if absent. */
  readonly index: null | number | 'all' | 'append' | ((run: R) => number | null);
  readonly context: 'request' | 'reply' | null;
  /** A variable in `[…]`, as text, for a variable that is `indexed` by text. */
  readonly key?: (run: R) => string | null;
  /** `[insert]` or `[insertAfter]` instead of an index, for `insertable` variables. */
  readonly insertion?: 'insert' | 'insertAfter';
}

/** How one use of a variable reads and writes it. */
export interface VariableAccess<R> {
  /** Its value. */
  readonly get: (run: R) => Value;
  /** Reads the value where that takes time. It then runs before the statement, and `get` is not used. */
  readonly fetch?: (run: R) => Awaitable<Value>;
  /** Text form for printing and comparing with text, if it differs from `get`: `true` for 1. */
  readonly text?: (run: R) => string | null;
  /** Absent: read-only. `operator` is `=` or `:=`. False if the variable rejects the value. */
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
  /** Other names. */
  readonly aliases?: readonly string[];
  /** Which `(…)` it takes. */
  readonly subname?: Subname;
  /** The names that a loaded module's parameters define; a subname without variables must be one of them. */
  readonly definedBy?: DefinedNames;
  /** Whether blanks inside the parentheses are significant. Default false. */
  readonly verbatim?: boolean;
  /** Whether `[…]` is allowed. Default false. `text`: a variable in it is read as text. */
  readonly indexed?: boolean | 'text';
  /** Whether `[insert]` and `[insertAfter]` are allowed in assignments. Default false. */
  readonly insertable?: boolean;
  /** Whether scripts may assign it. Default false. */
  readonly writable?: boolean;
  /** Text controlled by the sender of the message: never a number, and unsafe in URLs. */
  readonly fromMessage?: true;
  /** One line of documentation. */
  readonly summary: string;
  /** What defines its behaviour. */
  readonly source?: string;
  /** For a stand-in: the OpenSIPS module that has it, or `core`. */
  readonly absent?: string;
  /** For the reference; run by a test. */
  readonly example?: VariableExample;
}

/**
 * A variable as the checker and the compiler see it. In its row, the subname of `use` has the type declared there: see
 * {@link VariableRow}.
 */
export interface VariableSpec<R> extends VariableFacts {
  resolve(use: VariableUse<R>): VariableAccess<R>;
}
