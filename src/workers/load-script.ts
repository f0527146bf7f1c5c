import { catalog } from '../modules/catalog.ts';
import { type LoadResult, loadProgram, type Program } from '../runtime/index.ts';

export type { LoadResult, Program };

export interface LoadOptions {
  /** For messages. Default `script`. */
  readonly fileName?: string;
  /** The text of a file that the script includes, as a byte string; without it `include_file` is a mistake. Throws where there is none. */
  readonly readFile?: (path: string, fromFile: string) => string;
  /**
   * What OpenSIPS has and siprest has not is a warning instead of an error; when it is reached, it is logged and
   * answers -1 (a function) or null. Default false.
   */
  readonly allowMissing?: boolean;
}

/**
 * Parses, checks and compiles a routing script. `text` is a byte string, as `readFileSync(path, 'latin1')` gives it.
 * Never throws for what is in the text: mistakes are `diagnostics`, and `program` is null when one is an error.
 */
export function loadScript(text: string, { fileName = 'script', ...options }: LoadOptions = {}): LoadResult {
  return loadProgram(text, fileName, catalog, options);
}
