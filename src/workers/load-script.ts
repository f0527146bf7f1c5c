import { compileProgram, type ProgramResult } from '../core/index.ts';
import { catalog } from '../modules/index.ts';
import type { Program } from '../runtime/index.ts';
import type { Diagnostic, SourceSet } from '../script/index.ts';
import { StartError } from './start-error.ts';

/** How a script is read. */
export interface LoadOptions {
  /** For messages. Default `script`. */
  readonly fileName?: string | undefined;
  /** The text of a file that the script includes, as a byte string; without it `include_file` is an error. Throws if there is none. */
  readonly readFile?: ((path: string, fromFile: string) => string) | undefined;
  /**
   * What OpenSIPS has and siprest has not is a warning instead of an error; when it is reached, it is logged and
   * answers -1 (a function) or null. Default false.
   */
  readonly allowMissing?: boolean | undefined;
  /** Names what OpenSIPS refuses to start with: diagnostics of the code `not-portable`. Default false. */
  readonly portable?: boolean | undefined;
  /** What `$argv(name)` reads, as byte strings. Default: nothing. */
  readonly argv?: Readonly<Record<string, string>> | undefined;
}

/** A script with all that it includes: what another process needs to load the same one. Plain data. */
export interface ScriptSource {
  readonly text: string;
  readonly fileName: string;
  /** By the including file, and in it by the name that it gives. */
  readonly included: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly allowMissing: boolean;
  readonly argv: Readonly<Record<string, string>>;
}

/** A routing script, parsed and checked by {@link loadScript}. */
export class LoadedScript {
  /** Errors, warnings and notes, in the order of the source. */
  readonly diagnostics: readonly Diagnostic[];
  /** The texts that {@link diagnostics} point into: the script's, and those of the files that it includes. */
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

  /** Whether a server can run it: none of its diagnostics is an error. */
  get isValid(): boolean {
    return this.#program !== null;
  }

  /**
   * What a server runs. Throws a {@link StartError} for a script with errors.
   * @internal
   */
  get program(): Program {
    if (this.#program === null) throw new StartError(`${this.source.fileName} has errors`);
    return this.#program;
  }
}

/**
 * Parses, checks and compiles a routing script. `text` is a byte string, as `readFileSync(path, 'latin1')` gives it.
 * Never throws for what is in the text: errors are `diagnostics`, and the result is not `isValid` then.
 */
export function loadScript(
  text: string,
  { fileName = 'script', readFile, allowMissing = false, portable = false, argv = {} }: LoadOptions = {},
): LoadedScript {
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
  });
  return new LoadedScript(result, { text, fileName, included, allowMissing, argv });
}

/** The same script once more, in whatever process. */
export function loadSource({ text, fileName, included, allowMissing, argv }: ScriptSource): LoadedScript {
  return loadScript(text, {
    fileName,
    allowMissing,
    argv,
    readFile: (path, from) => {
      const content = included[from]?.[path];
      if (content === undefined) throw new Error(`${path} was not there when the script was loaded`);
      return content;
    },
  });
}
