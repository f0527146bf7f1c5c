/**
 * The local files of a policy or module, compiled: plain data, so that a process may compile what another runs. Files
 * in `node_modules` and modules of Node are not part of it; they are imported where the graph is evaluated.
 */

/** What a file imports. */
export type ImportTarget =
  /** Another file of the graph. */
  | { readonly kind: 'file'; readonly url: string }
  /** The running siprest: `siprest` or one of its subpaths. */
  | { readonly kind: 'siprest'; readonly specifier: string }
  /** A package, or a module of Node; resolved from the importing file, in whose text it is at `offset`. */
  | { readonly kind: 'package'; readonly specifier: string; readonly offset: number };

/** A name that a file imports from a target that is not part of the graph. */
export interface WantedName {
  /** Index into {@link ModuleFile.targets}. */
  readonly target: number;
  readonly name: string;
  /** Offset in the text of the file, in UTF-16 code units. */
  readonly offset: number;
}

export interface ModuleFile {
  readonly kind: 'module';
  readonly url: string;
  /**
   * A function expression; the file's own text begins in its second line. Its parameters: what takes the getters of its
   * exports, `import.meta`, `import()`, and the namespace of each target.
   */
  readonly code: string;
  readonly targets: readonly ImportTarget[];
  /** Indexes of the targets that `export *` names. */
  readonly stars: readonly number[];
  readonly wanted: readonly WantedName[];
  /** Files of the graph that a literal `import()` names, by its text. */
  readonly later: Readonly<Record<string, ImportTarget>>;
}

export interface JsonFile {
  readonly kind: 'json';
  readonly url: string;
  readonly text: string;
}

/** Node loads it. */
export interface CommonJsFile {
  readonly kind: 'commonjs';
  readonly url: string;
}

export type CodeFile = ModuleFile | JsonFile | CommonJsFile;

export interface CodeGraph {
  /** The URL of the first file. */
  readonly entry: string;
  readonly files: readonly CodeFile[];
}
