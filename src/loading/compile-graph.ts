/** Compiles the local files of a policy or module, from its first file on, and finds their errors. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FileError, readRegularFile } from '../files/index.ts';
import { type Diagnostic, type DiagnosticCode, hasErrors, SourceSet, type Span } from '../script/index.ts';
import { didYouMean } from '../spelling/index.ts';
import { isTypeScript } from './code-file.ts';
import type { CodeFile, CodeGraph, ImportTarget, ModuleFile, WantedName } from './code-graph.ts';
import {
  compileModule,
  type ImportedName,
  type ImportSource,
  type ModuleCode,
  SyntaxProblem,
} from './module-code.ts';
import { ImportProblem, resolveImport } from './resolve-import.ts';
import { stripTypes, TypeScriptError } from './strip-types.ts';

/** Limits on the local files of one policy: far above any that is written by hand. */
const mostFiles = 1000;
const mostBytes = 64 * 1024 * 1024;

export interface CompiledGraph {
  /** Null after an error. */
  readonly graph: CodeGraph | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceSet;
  /** The default export of the first file, else its first byte. */
  readonly spanOfDefault: Span;
  /** Where an offset in the text of a file is in the sources, in UTF-16 code units. */
  spanOf(url: string, start: number, end?: number): Span;
  /** The first byte of a line, from 1, that is not blank, to its end. */
  spanOfLine(url: string, line: number): Span;
}

/** A file that has been read. */
interface Read {
  readonly text: string;
  readonly base: number;
  readonly code: ModuleCode | null;
  readonly targets: readonly (ImportTarget | null)[];
}

export function compileGraph(path: string): CompiledGraph {
  const compiler = new GraphCompiler(path);
  compiler.compile();
  return compiler;
}

class GraphCompiler implements CompiledGraph {
  readonly sources = new SourceSet();
  readonly diagnostics: Diagnostic[] = [];
  readonly #path: string;
  readonly #files = new Map<string, CodeFile>();
  readonly #read = new Map<string, Read>();
  #entry = '';
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get graph(): CodeGraph | null {
    return hasErrors(this.diagnostics) ? null : { entry: this.#entry, files: [...this.#files.values()] };
  }

  compile(): void {
    const path = resolve(this.#path);
    this.#entry = pathToFileURL(existsSync(path) ? realpathSync(path) : path).href;
    const waiting = [this.#entry];
    for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
      if (this.#read.has(url)) continue;
      for (const target of this.#add(url)) if (target.kind === 'file') waiting.push(target.url);
    }
    for (const file of this.#files.values()) if (file.kind === 'module') this.#checkNames(file);
  }

  get spanOfDefault(): Span {
    const at = this.#read.get(this.#entry)?.code?.defaultAt ?? null;
    return at === null
      ? this.spanOf(this.#entry, 0)
      : this.spanOf(this.#entry, at, at + 'export default'.length);
  }

  spanOf(url: string, start: number, end = start + 1): Span {
    const { text, base } = this.#read.get(url) ?? { text: '', base: 0 };
    const at = base + Buffer.byteLength(text.slice(0, start));
    return { start: at, end: at + Math.max(1, Buffer.byteLength(text.slice(start, end))) };
  }

  spanOfLine(url: string, line: number): Span {
    const { text } = this.#read.get(url) ?? { text: '' };
    let start = 0;
    for (let at = 1; at < line; at++) start = text.indexOf('\n', start) + 1;
    const end = text.indexOf('\n', start);
    const content = text.slice(start, end === -1 ? undefined : end);
    return this.spanOf(url, start + content.search(/\S|$/), start + content.trimEnd().length);
  }

  /** Reads and compiles a file; returns what it imports. */
  #add(url: string): readonly ImportTarget[] {
    const path = fileURLToPath(url);
    const name = this.#read.size === 0 ? this.#path : shownName(path);
    let bytes: Buffer;
    try {
      bytes = readRegularFile(path, mostBytes - this.#bytes);
      if (this.#read.size >= mostFiles) throw new FileError(`more than ${mostFiles} local files`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const { base } = this.sources.add(name, '');
      this.#read.set(url, { text: '', base, code: null, targets: [] });
      this.#error('unknown-import', { start: base, end: base }, `cannot read ${name}: ${error.message}`);
      return [];
    }
    this.#bytes += bytes.length;
    const text = bytes.toString('utf8');
    const { base } = this.sources.add(name, bytes.toString('latin1'));
    // so that errors have a place
    this.#read.set(url, { text, base, code: null, targets: [] });
    const kind = extname(path);
    if (kind === '.json') {
      this.#files.set(url, { kind: 'json', url, text });
      return [];
    }
    const code = kind === '.cjs' ? null : this.#compileFile(url, text, kind);
    if (code === undefined) return [];
    if (code === null || isCommonJs(path, text, code)) {
      this.#files.set(url, { kind: 'commonjs', url });
      return [];
    }
    const targets = code.sources.map((source) => this.#resolve(source, url));
    const later = code.later.map((source) => [source.specifier, this.#resolve(source, url)] as const);
    this.#read.set(url, { text, base, code, targets });
    this.#files.set(url, moduleFile(url, code, targets, later));
    return [...targets, ...later.map(([, target]) => target)].filter((target) => target !== null);
  }

  /** Undefined after an error. */
  #compileFile(url: string, text: string, kind: string): ModuleCode | undefined {
    try {
      if (kind === '.cts' || kind === '.tsx' || kind === '.jsx') {
        const message = `${kind} files are not supported: use .ts, .mts, .js or .mjs`;
        this.#error('unknown-import', this.spanOf(url, 0), message);
        return undefined;
      }
      return compileModule(isTypeScript(url) ? stripTypes(text) : text);
    } catch (error) {
      if (error instanceof TypeScriptError) {
        const { isNonErasable, start, end, message, help } = error;
        this.#error(isNonErasable ? 'non-erasable' : 'syntax', this.spanOf(url, start, end), message, help);
      } else if (error instanceof SyntaxProblem)
        this.#error('syntax', this.spanOf(url, error.offset), error.message);
      else throw error;
      return undefined;
    }
  }

  #resolve({ specifier, start, end }: ImportSource, from: string): ImportTarget | null {
    try {
      return resolveImport(specifier, from, start);
    } catch (error) {
      if (!(error instanceof ImportProblem)) throw error;
      this.#error(error.code, this.spanOf(from, start, end), error.message, error.help);
      return null;
    }
  }

  /** Names that a file imports from another local file must be exported there. */
  #checkNames({ url }: ModuleFile): void {
    const { code, targets } = this.#read.get(url) ?? {};
    for (const { source, name, start, end } of code?.wanted ?? []) {
      const target = targets?.[source];
      if (target?.kind !== 'file') continue;
      const names = this.#exportsOf(target.url, new Set());
      if (names === null || names.has(name)) continue;
      const message = `"${code?.sources[source]?.specifier}" does not export ${name}`;
      this.#error(
        'unknown-import',
        this.spanOf(url, start, end),
        message,
        didYouMean(name, names) ?? typeHelp(name),
      );
    }
  }

  /** Null if they are only known when it runs. */
  #exportsOf(url: string, seen: Set<string>): ReadonlySet<string> | null {
    seen.add(url);
    const file = this.#files.get(url);
    const { code, targets = [] } = this.#read.get(url) ?? {};
    if (file?.kind === 'json') return new Set(['default']);
    if (file?.kind !== 'module' || code == null) return null;
    const names = new Set(code.exports);
    for (const star of code.stars) {
      const target = targets[star];
      if (target?.kind !== 'file') return null;
      if (seen.has(target.url)) continue;
      const others = this.#exportsOf(target.url, seen);
      if (others === null) return null;
      for (const name of others) if (name !== 'default') names.add(name);
    }
    return names;
  }

  #error(code: DiagnosticCode, span: Span, message: string, help?: string): void {
    const diagnostic: Diagnostic = { code, severity: 'error', span, message };
    this.diagnostics.push(help === undefined ? diagnostic : { ...diagnostic, help });
  }
}

export const typeHelp = (name: string): string => `if it is a type: import { type ${name} }`;

/** Where others would look for it: relative to the working directory if it is inside. */
function shownName(path: string): string {
  const short = relative('', path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

function moduleFile(
  url: string,
  { code, stars, wanted }: ModuleCode,
  found: readonly (ImportTarget | null)[],
  later: readonly (readonly [string, ImportTarget | null])[],
): ModuleFile {
  const targets = found.filter((target) => target !== null);
  const outside = ({ source }: ImportedName) => found[source]?.kind !== 'file';
  return {
    kind: 'module',
    url,
    code,
    targets,
    stars,
    wanted: wanted
      .filter(outside)
      .map(({ source, name, start }): WantedName => ({ target: source, name, offset: start })),
    later: Object.fromEntries(later.flatMap(([text, target]) => (target === null ? [] : [[text, target]]))),
  };
}

/** As Node decides: by package.json, else by what the file contains. */
function isCommonJs(path: string, text: string, code: ModuleCode): boolean {
  if (!path.endsWith('.js') || code.isModule) return false;
  return (
    packageType(path) === 'commonjs' ||
    (packageType(path) === null && /\b(?:module|exports|require)\b/.test(text))
  );
}

function packageType(path: string): unknown {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { type?: unknown }).type ?? null;
    if (folder === dirname(folder)) return null;
  }
}
