// Copies those declarations that some modules lead to, however indirectly, and nothing else: of 600 KB that the compiler
// writes for them with all that their files contain, users can name or infer half.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/**
 * A declaration file: where its names come from.
 * @typedef {object} Declarations
 * @property {ts.SourceFile} source
 * @property {Map<string, Origin>} imports by local name
 * @property {Map<string, Origin>} exports by exported name; without those of `export *`
 * @property {readonly Origin[]} stars what `export *` names
 * @property {Map<string, ts.Statement[]>} declared the statements that declare a name
 *
 * A name of a file: of this one if `file` is null, or not one of these declarations if it is undefined. `node` is what
 * has to stay in the text for it.
 * @typedef {{ file: string | null | undefined, name: string, node: ts.Node | null }} Origin
 */

/** The file that a module specifier of `file` names; undefined if it is a package. */
const targetOf = (file, specifier) =>
  specifier.startsWith('.') ? join(dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts')) : undefined;

/** The names that a statement declares. */
function namesOf(statement) {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.text);
  if (statement.name === undefined) throw new Error(`unexpected declaration: ${statement.getText()}`);
  return [statement.name.text];
}

/** @returns {Declarations} */
function readDeclarations(folder, file) {
  const text = readFileSync(join(folder, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const [imports, exports, declared, stars] = [new Map(), new Map(), new Map(), []];
  for (const statement of source.statements) {
    const target = statement.moduleSpecifier && targetOf(file, statement.moduleSpecifier.text);
    if (ts.isImportDeclaration(statement)) {
      for (const node of bindings(statement.importClause.namedBindings))
        imports.set(node.name.text, { file: target, name: importedName(node), node });
    } else if (ts.isExportDeclaration(statement)) {
      if (statement.exportClause === undefined) stars.push({ file: target, name: '*', node: statement });
      const from = statement.moduleSpecifier === undefined ? null : target;
      for (const node of bindings(statement.exportClause))
        exports.set(node.name.text, { file: from, name: importedName(node), node });
    } else {
      for (const name of namesOf(statement)) {
        declared.set(name, [...(declared.get(name) ?? []), statement]);
        if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
          exports.set(name, { file: null, name, node: null });
      }
    }
  }
  return { source, imports, exports, stars, declared };
}

/** The names in braces, or `* as name`, if any. */
const bindings = (clause) => clause?.elements ?? (clause === undefined ? [] : [clause]);

/** The name of a binding in the other module; `*` for `* as name`. */
const importedName = (node) =>
  ts.isNamespaceImport(node) || ts.isNamespaceExport(node) ? '*' : (node.propertyName ?? node.name).text;

/** What can be reached from exported names. */
class Reached {
  #folder;
  /** @type {Map<string, Declarations>} */
  files = new Map();
  /** The statements, and the names in their braces. */
  nodes = new Set();
  #followed = new Set();

  constructor(folder) {
    this.#folder = folder;
  }

  #read(file) {
    let declarations = this.files.get(file);
    if (declarations === undefined) {
      declarations = readDeclarations(this.#folder, file);
      this.files.set(file, declarations);
    }
    return declarations;
  }

  /** All exports of a file. */
  all(file) {
    const { exports, stars } = this.#read(file);
    for (const name of exports.keys()) this.exported(file, name);
    for (const star of stars) {
      this.nodes.add(star.node);
      this.all(star.file);
    }
  }

  /** Whether the file exports the name. */
  exported(file, name) {
    const { exports, stars } = this.#read(file);
    const origin = exports.get(name);
    if (origin !== undefined) {
      this.#follow(file, origin);
      return true;
    }
    const star = stars.find(({ file: other }) => this.exported(other, name));
    if (star !== undefined) this.nodes.add(star.node);
    return star !== undefined;
  }

  #follow(file, { file: other, name, node }) {
    if (node !== null) this.nodes.add(node);
    if (other === null) this.#local(file, name);
    else if (other !== undefined && name === '*') this.all(other);
    else if (other !== undefined && !this.exported(other, name))
      throw new Error(`${file}: ${other} does not export ${name}`);
  }

  /** A name within a file; one that the file does not declare is a member, a parameter or a global. */
  #local(file, name) {
    const key = `${file} ${name}`;
    if (this.#followed.has(key)) return;
    this.#followed.add(key);
    const { imports, declared } = this.#read(file);
    const imported = imports.get(name);
    if (imported !== undefined) this.#follow(file, imported);
    for (const statement of declared.get(name) ?? []) {
      this.nodes.add(statement);
      this.#mentions(file, statement);
    }
  }

  #mentions(file, node) {
    if (ts.isIdentifier(node)) this.#local(file, node.text);
    if (ts.isImportTypeNode(node)) {
      const other = targetOf(file, node.argument.literal.text);
      const [name = '*'] = node.qualifier?.getText().split('.') ?? [];
      this.#follow(file, { file: other, name, node: null });
    }
    ts.forEachChild(node, (child) => this.#mentions(file, child));
  }

  /** The text of a file with what was reached, indented by tabs: a tenth of the declarations are four spaces. */
  textOf(file) {
    const { source } = this.#read(file);
    const { text } = source;
    const kept = source.statements.map((statement) => {
      const braces = (statement.importClause?.namedBindings ?? statement.exportClause)?.elements;
      const whole = text.slice(statement.pos, statement.end);
      if (braces === undefined) return this.#isKept(statement) ? whole : '';
      const names = braces.filter((node) => this.nodes.has(node));
      if (names.length === braces.length) return whole;
      if (names.length === 0) return '';
      const list = names.map((node) => node.getText()).join(', ');
      return `${text.slice(statement.pos, braces.pos)} ${list}${text.slice(braces.end, statement.end)}`;
    });
    return `${kept.join('').trimStart()}\n`.replace(/^(?: {4})+/gm, (spaces) =>
      '\t'.repeat(spaces.length / 4),
    );
  }

  /** A statement without names in braces. */
  #isKept(statement) {
    const clause = statement.importClause?.namedBindings ?? statement.exportClause;
    return this.nodes.has(statement) || this.nodes.has(clause);
  }
}

/**
 * Copies the declarations that some modules export, and all that they lead to, from one folder to another.
 * @param {readonly string[]} entries the paths of the modules in the folder
 * @param {(text: string, file: string) => string} edit what becomes of the text of each file
 * @returns {ReadonlySet<string>} the copied paths
 */
export function copyDeclarations(entries, from, to, edit) {
  const reached = new Reached(from);
  for (const file of entries) reached.all(file);
  for (const file of reached.files.keys()) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    writeFileSync(join(to, file), edit(reached.textOf(file), file));
  }
  return new Set(reached.files.keys());
}
