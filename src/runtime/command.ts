/**
 * Administration commands, the MI functions of OpenSIPS: tables of names, typed parameters and code. A server answers as
 * one, whichever of its processes run a command.
 */
import type { Awaitable } from '../timers/index.ts';
import type { RunRouting } from './run.ts';

/** A parameter of a command, given by position or by name. */
export interface CommandParameter {
  /** As named parameters name it. */
  readonly name: string;
  /** `list` takes an array of strings, or one string. */
  readonly type: 'string' | 'int' | 'list';
  /** May be left out; before a mandatory one, by position, only if there are too few values for both. */
  readonly optional?: true;
  /** The least number. */
  readonly minimum?: number;
  /** The greatest number. */
  readonly maximum?: number;
  /** For a string: the allowed values. */
  readonly oneOf?: readonly string[];
  /** One line of documentation. */
  readonly summary: string;
}

/** The types of arguments, by the type of their rows. */
export interface CommandValueTypes {
  /** Text in UTF-16. */
  readonly string: string;
  /** A whole number in the range of the row. */
  readonly int: number;
  /** Any number of texts. */
  readonly list: readonly string[];
}

/** Arguments by name, with the types of their rows. */
export type CommandArguments<Parameters extends readonly CommandParameter[]> = {
  readonly [Row in Parameters[number] as Row['name']]: Row['optional'] extends true
    ? CommandValueTypes[Row['type']] | undefined
    : CommandValueTypes[Row['type']];
};

export type CommandValues = Readonly<Record<string, CommandValueTypes[keyof CommandValueTypes] | undefined>>;

/** Which processes of a server run a command. */
export type CommandProcesses = 'any' | 'every' | 'owner';

interface CommandFacts<Parameters> {
  /** `cachedb_local:fetch` */
  readonly name: string;
  /** Names in older versions. */
  readonly aliases?: readonly string[];
  /** In the order of positional parameters. */
  readonly parameters: Parameters;
  /** One line of documentation. */
  readonly summary: string;
  /** What defines it. */
  readonly source?: string;
  /**
   * Which processes run it: `any` one (default), or `every` one; lists in their results are joined, otherwise the first
   * process answers. `owner`: all of them, of which the one that has what the parameters name answers; the others fail
   * with 404, or 481 for a transaction.
   */
  readonly processes?: CommandProcesses;
}

/** A command as written. `Context` is what its code gets besides the arguments. */
export interface CommandRow<
  Parameters extends readonly CommandParameter[],
  Context extends readonly unknown[] = readonly [],
> extends CommandFacts<Parameters> {
  /** Runs in every process before `run` runs in any one. */
  readonly prepare?: (...context: Context) => void;
  /** Combines the results of `every` process, instead of joining lists. */
  readonly join?: (results: readonly unknown[], args: CommandArguments<Parameters>) => unknown;
  /**
   * Returns the result as JSON; undefined means `OK`. An exception is the error of the answer.
   */
  readonly run: (args: CommandArguments<Parameters>, ...context: Context) => Awaitable<unknown>;
}

/** A command as the server sees it. */
export interface CommandSpec<Context extends readonly unknown[] = readonly [RunRouting]>
  extends CommandFacts<readonly CommandParameter[]> {
  prepare?(...context: Context): void;
  join?(results: readonly unknown[], args: CommandValues): unknown;
  run(args: CommandValues, ...context: Context): Awaitable<unknown>;
}

/** Commands by their parameter tables, from which the types of `run` are derived. */
export type CommandRows<
  Commands extends readonly (readonly CommandParameter[])[],
  Context extends readonly unknown[] = readonly [],
> = { readonly [Place in keyof Commands]: CommandRow<Commands[Place], Context> };

/** Defines commands that run in a process of the server. */
export const defineCommands = <const Commands extends readonly (readonly CommandParameter[])[]>(
  rows: CommandRows<Commands, readonly [RunRouting]>,
): { readonly [Place in keyof Commands]: CommandSpec } => rows;

/** The error of a command; codes are those of OpenSIPS: 404 for something unknown, 500 for a failure. */
export class CommandError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
  }
}
