/** Finds where a module uses the names that it imports. A name declared again in an inner scope is another one. */
import type { Node, Program } from 'acorn';

export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** `{ name }`, in an object. */
  readonly isShorthand: boolean;
  /** It is called, as a function or a tag. */
  readonly isCallee: boolean;
  /** It begins a statement of a list, which a parenthesis would join to the statement before. */
  readonly beginsStatement: boolean;
}

/** A node of whatever type, with its properties by name. */
type AnyNode = Node & Readonly<Record<string, unknown>>;

export const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const nodesIn = (value: unknown): readonly AnyNode[] =>
  Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [];

export function importReferences(program: Program, names: ReadonlySet<string>): readonly Reference[] {
  const finder = new Finder(names);
  for (const node of program.body)
    if (node.type !== 'ImportDeclaration') finder.visit(node as unknown as AnyNode, true);
  return finder.found;
}

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const scopes = new Set([
  'BlockStatement',
  'StaticBlock',
  'SwitchStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'CatchClause',
  'ClassExpression',
]);

class Finder {
  readonly found: Reference[] = [];
  readonly #names: ReadonlySet<string>;
  /** The names of inner scopes that hide imports, innermost last. */
  readonly #hidden: ReadonlySet<string>[] = [];

  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  visit(node: AnyNode, isListed = false): void {
    const { type } = node;
    if (type === 'Identifier') return this.#reference(node, {});
    const isFunction = functions.has(type);
    if (!isFunction && !scopes.has(type)) return this.#children(node, isListed);
    const declared = new Set<string>();
    if (isFunction) this.#declareFunction(node, declared);
    else declareScope(node, declared);
    for (const name of declared) if (!this.#names.has(name)) declared.delete(name);
    if (declared.size > 0) this.#hidden.push(declared);
    this.#children(node, isListed);
    if (declared.size > 0) this.#hidden.pop();
  }

  #declareFunction(node: AnyNode, declared: Set<string>): void {
    for (const parameter of nodesIn(node['params'])) declarePattern(parameter, declared);
    if (node.type === 'FunctionExpression')
      for (const id of nodesIn(node['id'])) declarePattern(id, declared);
    for (const body of nodesIn(node['body'])) declareVars(body, declared);
  }

  #children(node: AnyNode, isListed: boolean): void {
    switch (node.type) {
      case 'MemberExpression':
        this.#visitAll(node['object']);
        if (node['computed'] === true) this.#visitAll(node['property']);
        return;
      case 'Property':
        if (node['computed'] === true) this.#visitAll(node['key']);
        if (node['shorthand'] === true && isNode(node['value']) && node['value'].type === 'Identifier')
          return this.#reference(node['value'], { isShorthand: true });
        return this.#visitAll(node['value']);
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'AccessorProperty':
        if (node['computed'] === true) this.#visitAll(node['key']);
        return this.#visitAll(node['value']);
      case 'LabeledStatement':
        return this.#visitAll(node['body']);
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
      case 'ExportAllDeclaration':
        return;
      case 'ExportNamedDeclaration':
        return this.#visitAll(node['declaration']);
      case 'CallExpression':
        this.#callee(node['callee']);
        return this.#visitAll(node['arguments']);
      case 'TaggedTemplateExpression':
        this.#callee(node['tag']);
        return this.#visitAll(node['quasi']);
      case 'ExpressionStatement': {
        const before = this.found.length;
        this.#visitAll(node['expression']);
        const first = this.found[before];
        if (isListed && first?.start === node.start) this.found[before] = { ...first, beginsStatement: true };
        return;
      }
      case 'BlockStatement':
      case 'StaticBlock':
        for (const child of nodesIn(node['body'])) this.visit(child, true);
        return;
      case 'SwitchCase':
        this.#visitAll(node['test']);
        for (const child of nodesIn(node['consequent'])) this.visit(child, true);
        return;
      default:
        for (const key of Object.keys(node)) this.#visitAll(node[key]);
    }
  }

  #visitAll(value: unknown): void {
    for (const node of nodesIn(value)) this.visit(node);
  }

  #callee(value: unknown): void {
    if (isNode(value) && value.type === 'Identifier') this.#reference(value, { isCallee: true });
    else this.#visitAll(value);
  }

  #reference(node: AnyNode, how: { readonly isShorthand?: boolean; readonly isCallee?: boolean }): void {
    const { name, start, end } = node;
    if (typeof name !== 'string' || !this.#names.has(name)) return;
    if (this.#hidden.some((names) => names.has(name))) return;
    const { isShorthand = false, isCallee = false } = how;
    this.found.push({ name, start, end, isShorthand, isCallee, beginsStatement: false });
  }
}

/** The names that a pattern declares: `{ a, b: [c = 1], ...d }`. */
export function declarePattern(pattern: unknown, declared: Set<string>): void {
  if (!isNode(pattern)) return;
  switch (pattern.type) {
    case 'Identifier':
      if (typeof pattern['name'] === 'string') declared.add(pattern['name']);
      return;
    case 'ObjectPattern':
      for (const property of nodesIn(pattern['properties']))
        declarePattern(property.type === 'Property' ? property['value'] : property, declared);
      return;
    case 'ArrayPattern':
      for (const element of nodesIn(pattern['elements'])) declarePattern(element, declared);
      return;
    case 'AssignmentPattern':
      return declarePattern(pattern['left'], declared);
    case 'RestElement':
      return declarePattern(pattern['argument'], declared);
  }
}

/** What `let`, `const`, `class`, `function` and `catch` declare in the scope of this node. */
function declareScope(node: AnyNode, declared: Set<string>): void {
  switch (node.type) {
    case 'BlockStatement':
    case 'StaticBlock':
      declareStatements(nodesIn(node['body']), declared);
      if (node.type === 'StaticBlock') declareVars(node, declared);
      return;
    case 'SwitchStatement':
      for (const one of nodesIn(node['cases'])) declareStatements(nodesIn(one['consequent']), declared);
      return;
    case 'ForStatement':
      return declareStatements(nodesIn(node['init']), declared);
    case 'ForInStatement':
    case 'ForOfStatement':
      return declareStatements(nodesIn(node['left']), declared);
    case 'CatchClause':
      return declarePattern(node['param'], declared);
    case 'ClassExpression':
      return declarePattern(node['id'], declared);
  }
}

function declareStatements(statements: readonly AnyNode[], declared: Set<string>): void {
  for (const statement of statements) {
    if (statement.type === 'VariableDeclaration') {
      for (const one of nodesIn(statement['declarations'])) declarePattern(one['id'], declared);
    } else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      declarePattern(statement['id'], declared);
    }
  }
}

/** What `var` declares, in whatever block of the function. */
function declareVars(node: AnyNode, declared: Set<string>): void {
  if (node.type === 'VariableDeclaration' && node['kind'] === 'var') declareStatements([node], declared);
  for (const key of Object.keys(node))
    for (const child of nodesIn(node[key])) {
      if (!functions.has(child.type) && child.type !== 'ClassBody') declareVars(child, declared);
    }
}
