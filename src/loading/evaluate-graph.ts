/**
 * Evaluates compiled files. Each evaluation gives new modules, which are free with their last user; what they import
 * from `node_modules` and from Node is loaded once.
 */
import { createRequire, Module } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import type { CodeFile, CodeGraph, ImportTarget, ModuleFile } from './code-graph.ts';
import { isInPackages } from './package-path.ts';
import { isOwnEntry } from './resolve-import.ts';
import { importRunning } from './running-siprest.ts';

/** The exports of a module. */
export type Namespace = Readonly<Record<string, unknown>>;

/** A name that a package does not export. */
export class MissingExport extends SyntaxError {
  readonly url: string;
  readonly offset: number;
  readonly specifier: string;
  readonly wanted: string;
  readonly exported: readonly string[];

  constructor(url: string, offset: number, specifier: string, wanted: string, exported: readonly string[]) {
    super(`"${specifier}" does not export ${wanted}`);
    this.url = url;
    this.offset = offset;
    this.specifier = specifier;
    this.wanted = wanted;
    this.exported = exported;
  }
}

/** A package that Node does not find. */
export class MissingPackage extends Error {
  readonly url: string;
  readonly offset: number;
  readonly specifier: string;

  constructor(url: string, offset: number, specifier: string, cause: unknown) {
    super(`Node.js cannot import "${specifier}" from here`, { cause });
    this.url = url;
    this.offset = offset;
    this.specifier = specifier;
  }
}

/** Resolves to the exports of the first file; rejects with what a top level throws. */
export function evaluateGraph(graph: CodeGraph): Promise<Namespace> {
  return new Evaluation(graph).evaluate(graph.entry);
}

type Getters = Readonly<Record<string, () => unknown>>;
type Execute = (
  takeExports: (getters: Getters) => void,
  meta: object,
  load: (specifier: unknown) => Promise<object>,
  ...namespaces: readonly object[]
) => Promise<void>;

class Evaluation {
  readonly #files: ReadonlyMap<string, CodeFile>;
  readonly #namespaces = new Map<string, Record<string, unknown>>();
  readonly #evaluated = new Map<string, Promise<Namespace>>();
  /** Files whose imports are being evaluated: of a cycle, the first does not wait for the last. */
  readonly #open = new Set<string>();

  constructor({ files }: CodeGraph) {
    this.#files = new Map(files.map((file) => [file.url, file]));
  }

  evaluate(url: string): Promise<Namespace> {
    let evaluated = this.#evaluated.get(url);
    if (evaluated === undefined) {
      evaluated = this.#evaluate(url);
      this.#evaluated.set(url, evaluated);
    }
    return evaluated;
  }

  async #evaluate(url: string): Promise<Namespace> {
    const file = this.#files.get(url);
    if (file === undefined) throw new Error(`${url} was not compiled`);
    const namespace = this.#namespace(url);
    if (file.kind === 'json') namespace['default'] = JSON.parse(file.text);
    else if (file.kind === 'commonjs') takeCommonJs(namespace, requireAnew(url));
    else await this.#run(file, namespace);
    return namespace;
  }

  async #run(file: ModuleFile, namespace: Record<string, unknown>): Promise<void> {
    const { url, targets, stars } = file;
    const given: object[] = [];
    this.#open.add(url);
    for (const target of targets) given.push(await this.#import(target, url));
    this.#open.delete(url);
    for (const { target, name, offset } of file.wanted) {
      const from = given[target] ?? {};
      const specifier = targetName(targets[target]);
      if (!(name in from)) throw new MissingExport(url, offset, specifier, name, Object.keys(from));
    }
    const takeExports = (getters: Getters) => {
      for (const [name, get] of Object.entries(getters))
        Object.defineProperty(namespace, name, { get, enumerable: true });
      for (const star of stars) takeStar(namespace, given[star] ?? {});
    };
    await compiled(file)(
      takeExports,
      metaOf(url),
      (specifier) => this.#load(String(specifier), file),
      ...given,
    );
  }

  #namespace(url: string): Record<string, unknown> {
    let namespace = this.#namespaces.get(url);
    if (namespace === undefined) {
      namespace = {};
      Object.defineProperty(namespace, Symbol.toStringTag, { value: 'Module' });
      this.#namespaces.set(url, namespace);
    }
    return namespace;
  }

  async #import(target: ImportTarget, from: string): Promise<object> {
    switch (target.kind) {
      case 'file':
        if (!this.#open.has(target.url)) await this.evaluate(target.url);
        return this.#namespace(target.url);
      case 'siprest':
        return importRunning(target.specifier);
      case 'package':
        try {
          return await importFrom(from, target.specifier);
        } catch (error) {
          if (!isNotFound(error)) throw error;
          throw new MissingPackage(from, target.offset, target.specifier, error);
        }
    }
  }

  /** `import()`: a file that was compiled with the others, or whatever else Node can import. */
  #load(specifier: string, { url, later }: ModuleFile): Promise<object> {
    const target = later[specifier];
    if (target !== undefined) return this.#import(target, url);
    return isOwnEntry(specifier) ? importRunning(specifier) : importFrom(url, specifier);
  }
}

const isNotFound = (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED');

const targetName = (target: ImportTarget | undefined) =>
  target === undefined ? '' : target.kind === 'file' ? target.url : target.specifier;

function compiled({ url, code }: ModuleFile): Execute {
  return new Script(code, { filename: url, lineOffset: -1 }).runInThisContext() as Execute;
}

/** `export *`: names of the file itself come first, and `default` is not among them. */
function takeStar(namespace: Record<string, unknown>, from: object): void {
  for (const name of Object.keys(from)) {
    if (name === 'default' || Object.hasOwn(namespace, name)) continue;
    Object.defineProperty(namespace, name, { get: (): unknown => Reflect.get(from, name), enumerable: true });
  }
}

/** What Node finds from this file; it keeps the packages for the life of the process. */
function importFrom(url: string, specifier: string): Promise<object> {
  const path = fileURLToPath(url);
  // a file of CommonJS in that place, since only a file can import what is found from it
  const place: Module & Partial<Compiling> = new Module(path);
  place._compile?.('module.exports = (specifier) => import(specifier);', path);
  return (place.exports as (specifier: string) => Promise<object>)(specifier);
}

/** Of every module of Node, though its types lack it. */
interface Compiling {
  _compile(text: string, path: string): void;
}

const metaOf = (url: string) => {
  const filename = fileURLToPath(url);
  const { resolve } = createRequire(url);
  return {
    url,
    filename,
    dirname: dirname(filename),
    main: false,
    resolve: (specifier: string) =>
      /^(?:\.{1,2}\/|\/|file:)/.test(specifier)
        ? new URL(specifier, url).href
        : specifier.startsWith('node:')
          ? specifier
          : pathToFileURL(resolve(specifier)).href,
  };
};

/** Loads a CommonJS file and the local ones that it requires anew: Node forgets them again. */
function requireAnew(url: string): unknown {
  const require = createRequire(url);
  const known = new Set(Object.keys(require.cache));
  try {
    return require(fileURLToPath(url));
  } finally {
    for (const path of Object.keys(require.cache))
      if (!known.has(path) && !isInPackages(path)) delete require.cache[path];
  }
}

function takeCommonJs(namespace: Record<string, unknown>, exported: unknown): void {
  if (typeof exported === 'object' && exported !== null)
    for (const [name, value] of Object.entries(exported)) namespace[name] = value;
  namespace['default'] = exported;
}
