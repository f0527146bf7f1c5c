/**
 * Script modules: tables of functions, variables, transformations and parameters, with the code beside each row. The
 * types of the code follow from the rows.
 */
import type {
  ArgumentSpec,
  Awaitable,
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
import type { Run, RunRouting } from './run.ts';

/** A script module as the runtime sees it: its table, and what it does when the server starts. */
export interface Module extends ModuleSpec<Run> {
  /** Before the sockets are opened and startup_route runs; what it throws stops the start. */
  start?(routing: RunRouting, parameters: ParameterValues): Awaitable<void>;
}

/** For each function its arguments, which the types of its `run` or `start` follow from. */
type FunctionRows<Functions extends readonly (readonly ArgumentSpec[])[]> = {
  readonly [Place in keyof Functions]: FunctionRow<Run, Functions[Place]>;
};

/** For each transformation its arguments. */
type TransformationRows<Transformations extends readonly (readonly TransformationArgument[])[]> = {
  readonly [Place in keyof Transformations]: TransformationRow<Run, Transformations[Place]>;
};

/** For each variable the rule of its subname. */
type VariableRows<Rules extends readonly unknown[]> = {
  readonly [Place in keyof Rules]: VariableRow<Run, Rules[Place]>;
};

/** A module as it is written, see {@link defineModule}. */
export interface ModuleRows<
  Parameters extends readonly ParameterSpec[],
  Functions extends readonly (readonly ArgumentSpec[])[],
  Variables extends readonly unknown[],
  Transformations extends readonly (readonly TransformationArgument[])[],
> extends Omit<Module, 'parameters' | 'functions' | 'variables' | 'transformations' | 'validate' | 'start'> {
  /** Set by `modparam`. Rows in place, or a table of {@link defineParameters} that functions read as well. */
  readonly parameters?: Parameters;
  /** `run` and `start` get the arguments of their row. Functions from elsewhere (`...others`) stand behind those written here, which TypeScript otherwise does not type. */
  readonly functions?: FunctionRows<Functions>;
  /** Each is resolved with the subname that its row allows. */
  readonly variables?: VariableRows<Variables>;
  /** Each gets the arguments of its row. */
  readonly transformations?: TransformationRows<Transformations>;
  /** Checks the parameters against each other; each string is a warning, thrown {@link InvalidUse} an error. */
  readonly validate?: (parameters: RowValues<Parameters>) => readonly string[];
  /** Before the sockets are opened and startup_route runs; what it throws stops the start. */
  readonly start?: (routing: RunRouting, parameters: RowValues<Parameters>) => Awaitable<void>;
}

/**
 * A script module. Its parameters and the arguments of its functions have the types that the rows say:
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
 *           // who is a string, times a number or undefined, result a variable that can be set
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
>(
  module: ModuleRows<Parameters, Functions, Variables, Transformations>,
): Module & { readonly parameters?: Parameters };
export function defineModule(module: Module): Module {
  return module;
}

/** Before the routing takes effect; a module that cannot start throws. */
export const startModule = (module: Module, routing: RunRouting): Awaitable<void> =>
  module.start?.(routing, routing.parameters(module.parameters ?? []));

/** A function of the core or of a module, whose `run` or `start` gets the arguments of its row. */
export const defineFunction = <const Arguments extends readonly ArgumentSpec[]>(
  row: FunctionRow<Run, Arguments>,
): FunctionSpec<Run> => row;

/** Several of them, as {@link defineFunction} has one. */
export const defineFunctions = <const Functions extends readonly (readonly ArgumentSpec[])[]>(
  rows: FunctionRows<Functions>,
): { readonly [Place in keyof Functions]: FunctionSpec<Run> } => rows;

/** A transformation of the core or of a module, which gets the arguments of its row. */
export const defineTransformation = <const Arguments extends readonly TransformationArgument[] = readonly []>(
  row: TransformationRow<Run, Arguments>,
): TransformationSpec<Run> => row;

/** Several of them, as {@link defineTransformation} has one. */
export const defineTransformations = <
  const Transformations extends readonly (readonly TransformationArgument[])[],
>(
  rows: TransformationRows<Transformations>,
): { readonly [Place in keyof Transformations]: TransformationSpec<Run> } => rows;

/** A variable of the core or of a module. */
export function defineVariable<const Rule = 'none'>(row: VariableRow<Run, Rule>): VariableSpec<Run>;
export function defineVariable(row: VariableSpec<Run>): VariableSpec<Run> {
  return row;
}

/** Several of them, as {@link defineVariable} has one. */
export function defineVariables<const Rules extends readonly unknown[]>(
  rows: VariableRows<Rules>,
): { readonly [Place in keyof Rules]: VariableSpec<Run> };
export function defineVariables(rows: readonly VariableSpec<Run>[]): readonly VariableSpec<Run>[] {
  return rows;
}
