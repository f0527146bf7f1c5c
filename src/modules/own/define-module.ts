/** Modules of one's own: the same tables as those of siprest, behind types that are published. */
import {
  type CommandParameter,
  type FigureSpec,
  type Module,
  type ModuleRows,
  type Run,
  stackOf,
} from '../../runtime/index.ts';
import type {
  ArgumentSpec,
  Completion,
  FunctionSpec,
  Invocation,
  ParameterSpec,
  ParameterValues,
  RowValues,
  TransformationArgument,
} from '../../script/index.ts';
import { type Awaitable, isPending } from '../../timers/index.ts';
import type { ScriptProcess, ScriptRun } from './script-run.ts';

const brand: unique symbol = Symbol.for('siprest.module') as never;

/** A module for scripts: made by {@link defineModule}, loaded by `loadmodule "./file.ts"`. */
export interface ScriptModule {
  /** What `modparam` calls it. */
  readonly name: string;
  /** @internal */
  readonly [brand]: Module;
}

/** What {@link defineModule} takes. */
export interface ScriptModuleRows<
  Parameters extends readonly ParameterSpec[],
  Functions extends readonly (readonly ArgumentSpec[])[],
  Variables extends readonly unknown[],
  Transformations extends readonly (readonly TransformationArgument[])[],
  Commands extends readonly (readonly CommandParameter[])[] = readonly [],
> extends Omit<
    ModuleRows<Parameters, Functions, Variables, Transformations, Commands, ScriptRun, readonly []>,
    'inert' | 'start' | 'figures'
  > {
  /**
   * What it counts, for `siprest status`, `$stat` and metrics. Names begin with that of the module and `_`. What `read` throws
   * is logged, and the figure is 0.
   */
  readonly figures?: readonly FigureSpec<ScriptProcess>[];
  /** Runs before the server serves, with the values of `modparam`. What it throws keeps the server from starting. */
  readonly start?: (parameters: RowValues<Parameters>) => Awaitable<void>;
}

/**
 * Defines a module of functions, variables, transformations, parameters, events, figures and administration commands. Arguments and parameters have
 * the types of their rows.
 *
 * A function with `run` returns its return code, 1 for success and a negative one for failure, or a promise of it. One with
 * `start` may also be called by `async()` and `launch()`: it resolves to a function that sets output variables and returns
 * the code. What either throws is logged with the line of the script, and the code is -1.
 *
 * @example
 * export default defineModule({
 *   name: 'greeter',
 *   summary: 'Greets callers.',
 *   functions: [
 *     {
 *       name: 'greet',
 *       arguments: [
 *         { name: 'who', type: 'string', summary: 'Who is greeted.' },
 *         { name: 'result', type: 'variable', summary: 'Gets the greeting.' },
 *       ],
 *       summary: 'Writes a greeting.',
 *       run: (run, who, result) => (result.set(run, `Hello, ${who}!`) ? 1 : -1),
 *     },
 *   ],
 * });
 */
export function defineModule<
  const Parameters extends readonly ParameterSpec[] = readonly [],
  const Functions extends readonly (readonly ArgumentSpec[])[] = readonly [],
  const Variables extends readonly unknown[] = readonly [],
  const Transformations extends readonly (readonly TransformationArgument[])[] = readonly [],
  const Commands extends readonly (readonly CommandParameter[])[] = readonly [],
>(module: ScriptModuleRows<Parameters, Functions, Variables, Transformations, Commands>): ScriptModule;
export function defineModule(rows: object): ScriptModule {
  const { start, ...module } = rows as Module & {
    readonly start?: (parameters: ParameterValues) => Awaitable<void>;
  };
  const { functions } = module;
  const made: Module = {
    ...module,
    ...(functions === undefined ? {} : { functions: functions.map(guard) }),
    ...(start === undefined ? {} : { start: (_routing, parameters) => start(parameters) }),
  };
  return Object.freeze({ name: module.name, [brand]: made });
}

/** The tables behind a module; null for anything else. Modules of another copy of siprest count too. */
export function moduleOf(value: unknown): Module | null {
  return typeof value === 'object' && value !== null
    ? ((value as Partial<ScriptModule>)[brand] ?? null)
    : null;
}

/** A function that throws fails, and nothing else. */
function guard(row: FunctionSpec<Run>): FunctionSpec<Run> {
  const fail = (run: Run, error: unknown) => {
    run.complain(`${row.name}(): ${stackOf(error)}`);
    return -1;
  };
  if (row.start === undefined) {
    return {
      ...row,
      run: (run, ...args) =>
        guarded(
          () => row.run(run, ...args),
          (error) => fail(run, error),
        ),
    };
  }
  const failed =
    (error: unknown): Completion<Run> =>
    (run) =>
      fail(run, error);
  return {
    ...row,
    start: (invocation: Invocation<Run>, ...args) =>
      guarded(() => {
        const completion = row.start(invocation, ...args);
        return isPending(completion) ? completion.then(guardCompletion) : guardCompletion(completion);
      }, failed),
  };

  function guardCompletion(complete: Completion<Run>): Completion<Run> {
    return (run) => {
      try {
        return complete(run);
      } catch (error) {
        return fail(run, error);
      }
    };
  }
}

function guarded<T>(work: () => Awaitable<T>, fail: (error: unknown) => T): Awaitable<T> {
  try {
    const result = work();
    return isPending(result) ? result.catch(fail) : result;
  } catch (error) {
    return fail(error);
  }
}
