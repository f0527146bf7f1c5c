import { compileProgram, type ProgramResult } from '../core/index.ts';
import type { CodeGraph } from '../loading/index.ts';
import { catalog, moduleOf, type ScriptModule } from '../modules/index.ts';
import type { Program } from '../runtime/index.ts';
import type { Diagnostic, Reached, SourceSet } from '../script/index.ts';
import type { Awaitable } from '../timers/index.ts';
import { evaluateModules } from './evaluate-modules.ts';
import { StartError } from './start-error.ts';

/** Options for loading a script. */
export interface LoadOptions {
  /** The name in messages. Default `script`. */
  readonly fileName?: string | undefined;
  /** Reads an included file as a byte string; throws if it is missing. Without this, `include_file` is an error. */
  readonly readFile?: ((path: string, fromFile: string) => string) | undefined;
  /**
   * Reports features that only OpenSIPS has as warnings instead of errors. At run time they are logged and return -1
   * (functions) or null. Default false.
   */
  readonly allowMissing?: boolean | undefined;
  /** Reports constructs that OpenSIPS would reject, as diagnostics with the code `not-portable`. Default false. */
  readonly portable?: boolean | undefined;
  /** The values of `$argv(name)`, as byte strings. Default: none. */
  readonly argv?: Readonly<Record<string, string>> | undefined;
  /** Counts which statements run, for tests. @internal */
  readonly reached?: Reached | undefined;
  /**
   * Modules that `defineModule()` made, by the paths that the script's `loadmodule` has: `{ './billing.ts': billing }`. A script
   * with such modules runs in one process; `loadScriptWithModules()` loads them from their files, for several.
   */
  readonly modules?: Readonly<Record<string, ScriptModule>> | undefined;
}

/** A script with all included files, as plain data, for loading it in another process. */
export interface ScriptSource {
  readonly text: string;
  readonly fileName: string;
  /** By the including file, then by the name in its include. */
  readonly included: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly allowMissing: boolean;
  readonly argv: Readonly<Record<string, string>>;
  /** The files of its own modules, by their paths in the script. */
  readonly modules: Readonly<Record<string, CodeGraph>>;
}

/** Errors that a module which could not be loaded entails. */
const consequences: ReadonlySet<Diagnostic['code']> = new Set([
  'unknown-module',
  'unknown-function',
  'unknown-variable',
  'unknown-transformation',
  'module-not-loaded',
  'not-available',
  'bad-transformation',
]);

/** A routing script, parsed and checked by {@link loadScript}. */
export class LoadedScript {
  /** Errors, warnings and notes, in source order. */
  readonly diagnostics: readonly Diagnostic[];
  /** The texts to which {@link diagnostics} refer: the script and its included files. */
  readonly sources: SourceSet;
  /** @internal */
  readonly source: ScriptSource;
  readonly #program: Program | null;

  /** @internal */
  constructor({ diagnostics, sources, program }: ProgramResult, source: ScriptSource) {
    this.diagnostics = diagnostics;
    this.sources = sources;
    this.source = source;
    this.#program = program;
  }

  /** Whether a server can run it: it has no errors. */
  get isValid(): boolean {
    return this.#program !== null;
  }

  /**
   * The same script with errors of its modules, so that what these would define is not reported as missing.
   *
   * @internal
   */
  withErrors(errors: readonly Diagnostic[], sources: SourceSet): LoadedScript {
    const own = this.diagnostics.filter(({ code }) => !consequences.has(code));
    const diagnostics = [...own, ...errors].toSorted((a, b) => a.span.start - b.span.start);
    return new LoadedScript({ diagnostics, sources, program: null }, this.source);
  }

  /**
   * The program to run. Throws a {@link StartError} for a script with errors.
   *
   * @internal
   */
  get program(): Program {
    if (this.#program === null) throw new StartError(`${this.source.fileName} has errors`);
    return this.#program;
  }
}

/**
 * Parses, checks and compiles a routing script. `text` is a byte string, as from `readFileSync(path, 'latin1')`. Never
 * throws because of the text: errors are in `diagnostics`, and `isValid` is false.
 */
export function loadScript(text: string, options: LoadOptions = {}): LoadedScript {
  return loadWithGraphs(text, options, {});
}

/** As {@link loadScript}; `graphs` are the files of the modules, for loading them in another process. @internal */
export function loadWithGraphs(
  text: string,
  options: LoadOptions,
  graphs: Readonly<Record<string, CodeGraph>>,
): LoadedScript {
  const {
    fileName = 'script',
    readFile,
    allowMissing = false,
    portable = false,
    argv = {},
    modules = {},
    reached,
  } = options;
  const included: Record<string, Record<string, string>> = {};
  const recording =
    readFile === undefined
      ? undefined
      : (path: string, from: string) => {
          const content = readFile(path, from);
          included[from] = { ...included[from], [path]: content };
          return content;
        };
  const result = compileProgram(text, fileName, catalog, {
    readFile: recording,
    allowMissing,
    portable,
    argv,
    reached,
    modules: new Map(
      Object.entries(modules).flatMap(([path, module]) => {
        const tables = moduleOf(module);
        return tables === null ? [] : [[path, tables] as const];
      }),
    ),
  });
  return new LoadedScript(result, { text, fileName, included, allowMissing, argv, modules: graphs });
}

/** Loads the same script again, in any process. */
export function loadSource(source: ScriptSource, reached?: Reached): Awaitable<LoadedScript> {
  const { modules } = source;
  if (Object.keys(modules).length === 0) return loadAgain(source, {}, reached);
  return evaluateModules(modules).then((evaluated) => loadAgain(source, evaluated, reached));
}

function loadAgain(
  { text, fileName, included, allowMissing, argv, modules: graphs }: ScriptSource,
  modules: Readonly<Record<string, ScriptModule>>,
  reached: Reached | undefined,
): LoadedScript {
  const readFile = (path: string, from: string) => {
    const content = included[from]?.[path];
    if (content === undefined) throw new Error(`${path} was missing when the script was loaded`);
    return content;
  };
  return loadWithGraphs(text, { fileName, allowMissing, argv, readFile, modules, reached }, graphs);
}
