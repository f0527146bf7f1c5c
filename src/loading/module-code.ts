/**
 * Compiles an ES module to a function, so that it may be evaluated as often as wanted and leaves with its last user:
 * Node keeps every module that it has imported for the life of the process. Lines stay where they are.
 */
import { type ExportSpecifier, type ImportDeclaration, type Node, type Program, parse } from 'acorn';
import { declarePattern, importReferences, isNode, type Reference } from './import-references.ts';

/** A module without its links: `sources[i]` is the specifier of its parameter `i`. */
export interface ModuleCode {
  readonly code: string;
  readonly sources: readonly ImportSource[];
  readonly stars: readonly number[];
  readonly exports: readonly string[];
  readonly wanted: readonly ImportedName[];
  /** Literal specifiers of `import()`. */
  readonly later: readonly ImportSource[];
  /** Whether only an ES module may have this syntax. */
  readonly isModule: boolean;
  /** Where its default export begins, if any. */
  readonly defaultAt: number | null;
}

export interface ImportSource {
  readonly specifier: string;
  /** The `type` of its attributes. */
  readonly type: string | null;
  readonly start: number;
  readonly end: number;
}

/** A name imported from a source; none for a whole namespace. */
export interface ImportedName {
  readonly source: number;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export class SyntaxProblem extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Throws a {@link SyntaxProblem}. */
export function compileModule(text: string): ModuleCode {
  const later: ImportSource[] = [];
  const special: Node[] = [];
  const program = parseModule(text);
  findSpecial(program, special, later);
  return new ModuleCompiler(text, program, special, later).compile();
}

function parseModule(text: string): Program {
  try {
    return parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
  } catch (error) {
    if (!(error instanceof SyntaxError) || !('pos' in error)) throw error;
    const message = error.message.replace(/ \(\d+:\d+\)$/, '');
    throw new SyntaxProblem(message.charAt(0).toLowerCase() + message.slice(1), Number(error.pos));
  }
}

/** `import.meta` and `import()`. */
function findSpecial(node: Node, special: Node[], later: ImportSource[]): void {
  if (node.type === 'MetaProperty') special.push(node);
  if (node.type === 'ImportExpression' && 'source' in node) {
    special.push(node);
    const source = node.source as Node & { readonly value?: unknown };
    if (source.type === 'Literal' && typeof source.value === 'string')
      later.push({ specifier: source.value, type: null, start: source.start, end: source.end });
  }
  for (const value of Object.values(node) as readonly unknown[])
    for (const child of Array.isArray(value) ? (value as readonly unknown[]) : [value])
      if (isNode(child)) findSpecial(child, special, later);
}

interface Binding {
  readonly source: number;
  /** Null for the namespace. */
  readonly name: string | null;
}

class ModuleCompiler {
  readonly #text: string;
  readonly #program: Program;
  readonly #special: readonly Node[];
  readonly #later: readonly ImportSource[];
  readonly #prefix: string;
  readonly #edits: { readonly start: number; readonly end: number; readonly by: string }[] = [];
  readonly #sources: ImportSource[] = [];
  readonly #stars: number[] = [];
  readonly #wanted: ImportedName[] = [];
  /** Imported names, by their local ones. */
  readonly #bindings = new Map<string, Binding>();
  /** Expressions by export name. */
  readonly #exports = new Map<string, string>();

  constructor(text: string, program: Program, special: readonly Node[], later: readonly ImportSource[]) {
    this.#text = text;
    this.#program = program;
    this.#special = special;
    this.#later = later;
    let prefix = '$siprest';
    while (text.includes(prefix)) prefix += '_';
    this.#prefix = prefix;
  }

  compile(): ModuleCode {
    const { body } = this.#program;
    for (const node of body) if (node.type === 'ImportDeclaration') this.#import(node);
    for (const node of body) {
      switch (node.type) {
        case 'ExportNamedDeclaration':
          if (node.declaration != null) {
            this.#edit(node.start, node.declaration.start, '');
            const names = new Set<string>();
            if (node.declaration.type === 'VariableDeclaration')
              for (const { id } of node.declaration.declarations) declarePattern(id, names);
            else declarePattern(node.declaration.id, names);
            for (const name of names) this.#exports.set(name, name);
          } else {
            const source = node.source == null ? null : this.#source(node.source, node.attributes);
            for (const one of node.specifiers) this.#exportSpecifier(one, source);
            this.#blank(node);
          }
          break;
        case 'ExportAllDeclaration': {
          const source = this.#source(node.source, node.attributes);
          if (node.exported == null) this.#stars.push(source);
          else this.#exports.set(nameOf(node.exported), this.#namespace(source));
          this.#blank(node);
          break;
        }
        case 'ExportDefaultDeclaration': {
          const { declaration } = node;
          const id = 'id' in declaration ? declaration.id : null;
          if (declaration.type === 'FunctionDeclaration' && id == null) {
            // hoisted; its name is the one that a module gives it
            const open = this.#text.indexOf('(', declaration.start);
            this.#edit(node.start, declaration.start, '');
            this.#edit(open, open, ` ${this.#prefix}Default`);
            this.#exports.set('default', `${this.#prefix}Default`);
          } else if (
            declaration.type === 'FunctionDeclaration' ||
            (declaration.type === 'ClassDeclaration' && id != null)
          ) {
            this.#edit(node.start, declaration.start, '');
            this.#exports.set('default', nameOf(id as Node));
          } else {
            this.#edit(node.start, declaration.start, `const ${this.#prefix}Default = `);
            if (declaration.type === 'ClassDeclaration') this.#edit(declaration.end, declaration.end, ';');
            this.#exports.set('default', `${this.#prefix}Default`);
          }
          break;
        }
        default:
      }
    }
    for (const reference of importReferences(this.#program, new Set(this.#bindings.keys())))
      this.#refer(reference);
    for (const node of this.#special) {
      if (node.type === 'MetaProperty') {
        if (this.#text.startsWith('import', node.start))
          this.#edit(node.start, node.end, `${this.#prefix}Meta`);
      } else this.#edit(node.start, node.start + 'import'.length, `${this.#prefix}Import`);
    }
    return {
      code: this.#function(),
      sources: this.#sources,
      stars: this.#stars,
      exports: [...this.#exports.keys()],
      wanted: this.#wanted,
      later: this.#later,
      isModule:
        body.some(({ type }) => type === 'ImportDeclaration' || type.startsWith('Export')) ||
        this.#special.some(({ type }) => type === 'MetaProperty'),
      defaultAt: body.find(({ type }) => type === 'ExportDefaultDeclaration')?.start ?? null,
    };
  }

  #function(): string {
    const getters = [...this.#exports].map(([name, value]) => `${JSON.stringify(name)}: () => ${value}`);
    const names = ['Export', 'Meta', 'Import', ...this.#sources.keys()].map(
      (name) => `${this.#prefix}${name}`,
    );
    return `(async function (${names.join(', ')}) { "use strict"; ${this.#prefix}Export({ ${getters.join(', ')} });\n${this.#edited()}\n})`;
  }

  #edited(): string {
    const text = this.#text.startsWith('#!') ? `//${this.#text.slice(2)}` : this.#text;
    const parts: string[] = [];
    let at = 0;
    for (const { start, end, by } of this.#edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
      parts.push(text.slice(at, start), by);
      at = end;
    }
    return parts.join('') + text.slice(at);
  }

  #edit(start: number, end: number, by: string): void {
    this.#edits.push({ start, end, by });
  }

  /** Removes it, except for its line breaks. */
  #blank({ start, end }: Node): void {
    this.#edit(start, end, this.#text.slice(start, end).replaceAll(/[^\r\n]+/g, ';'));
  }

  #source(
    node: Node & { readonly value?: unknown },
    attributes: ImportDeclaration['attributes'] = [],
  ): number {
    const type = attributes.find(({ key }) => nameOf(key) === 'type')?.value.value;
    const specifier = String(node.value);
    const known = this.#sources.findIndex((one) => one.specifier === specifier);
    if (known >= 0) return known;
    const { start, end } = node;
    return this.#sources.push({ specifier, type: typeof type === 'string' ? type : null, start, end }) - 1;
  }

  #import(node: ImportDeclaration): void {
    const source = this.#source(node.source, node.attributes);
    for (const one of node.specifiers) {
      const name =
        one.type === 'ImportNamespaceSpecifier'
          ? null
          : one.type === 'ImportDefaultSpecifier'
            ? 'default'
            : nameOf(one.imported);
      if (name !== null) this.#wanted.push({ source, name, start: one.start, end: one.end });
      this.#bindings.set(one.local.name, { source, name });
    }
    this.#blank(node);
  }

  #exportSpecifier({ local, exported, start, end }: ExportSpecifier, source: number | null): void {
    const name = nameOf(local);
    if (source !== null) this.#wanted.push({ source, name, start, end });
    const binding = source === null ? this.#bindings.get(name) : { source, name };
    this.#exports.set(nameOf(exported), binding === undefined ? name : this.#read(binding));
  }

  #namespace(source: number): string {
    return `${this.#prefix}${source}`;
  }

  #read({ source, name }: Binding): string {
    const namespace = this.#namespace(source);
    return name === null ? namespace : `${namespace}[${JSON.stringify(name)}]`;
  }

  #refer({ name, start, end, isShorthand, isCallee, beginsStatement }: Reference): void {
    const binding = this.#bindings.get(name);
    if (binding === undefined) return;
    const read = this.#read(binding);
    // called without `this`, as a function that was imported is
    if (isCallee && binding.name !== null)
      this.#edit(start, end, `${beginsStatement ? ';' : ''}(0, ${read})`);
    else this.#edit(start, end, isShorthand ? `${name}: ${read}` : read);
  }
}

/** Of an identifier or a string. */
const nameOf = (node: Node): string =>
  'name' in node ? String(node.name) : 'value' in node ? String(node.value) : '';
