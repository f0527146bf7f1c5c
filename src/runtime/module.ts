/**
 * Script modules: tables of functions, variables, transformations and parameters. Each row includes its code, whose
 * types are derived from the row.
 */

import type {
  ArgumentSpec,
  FunctionRow,
  FunctionSpec,
  ModuleSpec,
  ParameterSpec,
  ParameterValues,
  RowValues,
  TransformationArgument,
  TransformationRow,
  TransformationSpec,
  VariableRow,
  VariableSpec,
} from '../script/index.ts';
import type { Awaitable } from '../timers/index.ts';
import type { CommandParameter, CommandRows, CommandSpec } from './command.ts';
import type { FigureSpec } from './figures.ts';
import type { Host } from './host.ts';
import type { Run, RunRouting } from './run.ts';

/** A script module as the runtime sees it: its tables, and code to run when a routing starts. */
export interface Module extends ModuleSpec<Run> {
  /** Administration commands. */
  readonly commands?: readonly CommandSpec[];
  /** What it counts, for `siprest status` and metrics, whether a script loads it or not. @internal */
  readonly figures?: readonly FigureSpec<Host>[];
  /** Runs before the sockets open and startup_route runs; an exception prevents the start. */
  start?(routing: RunRouting, parameters: ParameterValues): Awaitable<void>;
}

/** Functions by their argument tables, from which the types of `run` and `start` are derived. */
type FunctionRows<Functions extends readonly (readonly ArgumentSpec[])[], R = Run> = {
  readonly [Place in keyof Functions]: FunctionRow<R, Functions[Place]>;
};

/** Transformations by their argument tables. */
type TransformationRows<Transformations extends readonly (readonly TransformationArgument[])[], R = Run> = {
  readonly [Place in keyof Transformations]: TransformationRow<R, Transformations[Place]>;
};

/** Variables by the rules of their subnames. */
type VariableRows<Rules extends readonly unknown[], R = Run> = {
  readonly [Place in keyof Rules]: VariableRow<R, Rules[Place]>;
};

/** A module as written, see {@link defineModule}. */
export interface ModuleRows<
  Parameters extends readonly ParameterSpec[],
  Functions extends readonly (readonly ArgumentSpec[])[],
  Variables extends readonly unknown[],
  Transformations extends readonly (readonly TransformationArgument[])[],
  Commands extends readonly (readonly CommandParameter[])[],
  R = Run,
  CommandContext extends readonly unknown[] = readonly [RunRouting],
> extends Pick<Module, 'name' | 'summary' | 'source' | 'requires' | 'events' | 'inert'> {
  /** @internal */
  readonly figures?: readonly FigureSpec<Host>[];
  /** Parameters for `modparam`: rows, or a table from {@link defineParameters}, which functions use as a key to the values. */
  readonly parameters?: Parameters;
  /**
   * `run` and `start` get the arguments of their row. Put spreads (`...others`) last: TypeScript does not infer the types
   * of rows that follow one.
   */
  readonly functions?: FunctionRows<Functions, R>;
  /** `resolve` gets the subname that the row allows. */
  readonly variables?: VariableRows<Variables, R>;
  /** `apply` and `prepare` get the arguments of their row. */
  readonly transformations?: TransformationRows<Transformations, R>;
  /** `run` gets the arguments of its row, by name. */
  readonly commands?: CommandRows<Commands, CommandContext>;
  /** Checks parameters that depend on each other. Returned strings are warnings, a thrown `InvalidUse` is an error. */
  readonly validate?: (parameters: RowValues<Parameters>) => readonly string[];
  /** Runs before the sockets open and startup_route runs; an exception prevents the start. */
  readonly start?: (routing: RunRouting, parameters: RowValues<Parameters>) => Awaitable<void>;
}

/**
 * Defines a script module. Parameters and function arguments get their types from the rows:
 *
 *     const parameters = defineParameters([
 *       { name: 'greeting', type: 'string', default: 'hello', summary: 'What is said.' },
 *     ]);
 *
 *     export const greeter = defineModule({
 *       name: 'greeter',
 *       summary: 'Greets callers.',
 *       parameters,
 *       functions: [
 *         {
 *           name: 'greet',
 *           arguments: [
 *             { name: 'who', type: 'string', summary: 'Who is greeted.' },
 *             { name: 'times', type: 'int', optional: true, summary: 'How often; default once.' },
 *             { name: 'result', type: 'variable', summary: 'Gets the greeting.' },
 *           ],
 *           summary: 'Writes a greeting.',
 *           // who: string, times: number | undefined, result: a writable variable
 *           run: (run, who, times = 1, result) => {
 *             const { greeting } = run.parameters(parameters);
 *             return result.set(run, `${greeting}, ${who}! `.repeat(times)) ? 1 : -1;
 *           },
 *         },
 *       ],
 *     });
 */
export function defineModule<
  const Parameters extends readonly ParameterSpec[] = readonly [],
  const Functions extends readonly (readonly ArgumentSpec[])[] = readonly [],
  const Variables extends readonly unknown[] = readonly [],
  const Transformations extends readonly (readonly TransformationArgument[])[] = readonly [],
  const Commands extends readonly (readonly CommandParameter[])[] = readonly [],
>(
  module: ModuleRows<Parameters, Functions, Variables, Transformations, Commands>,
): Module & { readonly parameters?: Parameters };
export function defineModule(module: Module): Module {
  return module;
}

/** Starts a module, before the routing takes effect. Throws if the module cannot start. */
export const startModule = (module: Module, routing: RunRouting): Awaitable<void> =>
  module.start?.(routing, routing.parameters(module.parameters ?? []));

/** Defines a function of the core or of a module; `run` or `start` gets the arguments of the row. */
export const defineFunction = <const Arguments extends readonly ArgumentSpec[]>(
  row: FunctionRow<Run, Arguments>,
): FunctionSpec<Run> => row;

/** Defines several functions, see {@link defineFunction}. Put spreads last. */
export const defineFunctions = <const Functions extends readonly (readonly ArgumentSpec[])[]>(
  rows: FunctionRows<Functions>,
): { readonly [Place in keyof Functions]: FunctionSpec<Run> } => rows;

/** Defines a transformation of the core or of a module, which gets the arguments of its row. */
export const defineTransformation = <const Arguments extends readonly TransformationArgument[] = readonly []>(
  row: TransformationRow<Run, Arguments>,
): TransformationSpec<Run> => row;

/** Defines several transformations, see {@link defineTransformation}. Put spreads last. */
export const defineTransformations = <
  const Transformations extends readonly (readonly TransformationArgument[])[],
>(
  rows: TransformationRows<Transformations>,
): { readonly [Place in keyof Transformations]: TransformationSpec<Run> } => rows;

/** Defines a variable of the core or of a module. */
export function defineVariable<const Rule = 'none'>(row: VariableRow<Run, Rule>): VariableSpec<Run>;
export function defineVariable(row: VariableSpec<Run>): VariableSpec<Run> {
  return row;
}

/** Defines several variables, see {@link defineVariable}. Put spreads last. */
export function defineVariables<const Rules extends readonly unknown[]>(
  rows: VariableRows<Rules>,
): { readonly [Place in keyof Rules]: VariableSpec<Run> };
export function defineVariables(rows: readonly VariableSpec<Run>[]): readonly VariableSpec<Run>[] {
  return rows;
}
