/** `check --portable`: reports constructs that siprest accepts but OpenSIPS rejects. A pass over a valid tree. */
import type { NameNode, RouteNode, ScriptNode, StatementNode, SwitchNode } from './ast.ts';
import type { Catalog } from './catalog.ts';
import type { Diagnostic } from './diagnostics.ts';
import { checkPortableFile } from './portable-file.ts';
import { PortableNotes } from './portable-notes.ts';
import { PortableValues } from './portable-values.ts';
import type { SourceSet } from './source.ts';

/** The diagnostics of the code `not-portable`, in the order of the source. */
export function checkPortable<R>(
  script: ScriptNode,
  sources: SourceSet,
  catalog: Catalog<R>,
): readonly Diagnostic[] {
  const notes = new PortableNotes(sources);
  checkPortableFile(script, catalog, notes);
  for (const { base, text } of sources.files)
    for (const { 1: comment, index } of text.matchAll(stringsAndComments))
      if (comment !== undefined) notes.form('slash-comment', { start: base + index, end: base + index + 2 });
  const statements = new PortableStatements(script, catalog, notes);
  for (const route of script.routes) statements.route(route);
  return notes.diagnostics.sorted();
}

const stringsAndComments = /"(?:\\[^]|[^"\\])*"|'[^']*'|#[^\n]*|\/\*[^]*?\*\/|(\/\/)[^\n]*/g;

const compoundOperators: ReadonlySet<string> = new Set(['<<=', '>>=', '~=']);
const namedKinds: ReadonlySet<string> = new Set([
  'failure_route',
  'branch_route',
  'timer_route',
  'event_route',
]);

class PortableStatements<R> {
  readonly #notes: PortableNotes;
  readonly #values: PortableValues<R>;

  constructor(script: ScriptNode, catalog: Catalog<R>, notes: PortableNotes) {
    this.#notes = notes;
    this.#values = new PortableValues(script, catalog, notes);
  }

  route(node: RouteNode): void {
    const notes = this.#notes;
    const { name, head, body, span } = node;
    if (body.statements.length === 0 && !notes.text(body.span).includes(';')) notes.form('empty-route', head);
    if (notes.endsWithSemicolon(span)) notes.form('semicolon', { start: span.end, end: span.end + 1 });
    if (name === null) {
      if (namedKinds.has(node.routeKind)) notes.form('nameless-route', head);
    } else {
      this.#routeName(name);
      if (node.routeKind === 'event_route') this.#values.name(`event_route[${name.text}]`, name.span);
      const rest = notes.text({ start: name.span.end, end: head.end });
      if (node.routeKind === 'event_route' && rest.includes(',')) notes.form('event-mode', head);
      if (node.routeKind === 'timer_route' && /["']\s*\]/.test(rest)) notes.form('quoted-interval', head);
    }
    this.#sequence(body.statements);
  }

  #routeName({ span, text }: NameNode): void {
    if (!this.#notes.isQuoted(span) && /\W/.test(text)) this.#notes.form('route-name', span);
  }

  #sequence(statements: readonly StatementNode[]): void {
    for (const one of statements) {
      if (one.kind === 'block')
        this.#notes.form('bare-block', { start: one.span.start, end: one.span.start + 1 });
      this.#statement(one);
    }
  }

  #statement(node: StatementNode): void {
    const values = this.#values;
    switch (node.kind) {
      case 'block':
        this.#sequence(node.statements);
        return;
      case 'if':
        values.condition(node.condition);
        this.#statement(node.then);
        if (node.otherwise !== null) this.#statement(node.otherwise);
        return;
      case 'while':
        values.condition(node.condition);
        this.#statement(node.body);
        return;
      case 'for-each':
        values.variable(node.variable);
        values.variable(node.list);
        this.#statement(node.body);
        return;
      case 'switch':
        this.#switch(node);
        return;
      case 'assign': {
        values.variable(node.target);
        if (compoundOperators.has(node.operator)) this.#notes.form('compound-operator', node.span);
        const { value } = node;
        // a compound assignment has both sides as operands
        const right = value.kind === 'binary' && value.compound === true ? value.right : value;
        const mayBeNull = node.operator === '=' || node.operator === ':=';
        const bare = this.#notes.between(node.target.span.end, right.span.start);
        if (right.kind === 'null' && mayBeNull && !bare.includes('(')) return;
        values.value(right);
        return;
      }
      case 'call':
      case 'route-call':
      case 'async':
      case 'launch':
        values.value(node);
        return;
      case 'return':
        values.returned(node);
        return;
      case 'assert':
        values.condition(node.condition);
        return;
      default:
    }
  }

  #switch(node: SwitchNode): void {
    this.#values.variable(node.subject);
    const { cases, span } = node;
    const last = cases.findIndex(({ value }) => value === null);
    if (!cases.some(({ value }) => value !== null))
      this.#notes.form('no-case', { start: span.start, end: span.start + 6 });
    else if (last !== -1 && cases.slice(last + 1).some(({ value }) => value !== null))
      this.#notes.form('default-first', cases[last + 1]?.span ?? span);
    for (const { value, statements } of cases) {
      if (value?.kind === 'string' && value.joined === true) this.#notes.form('juxtaposition', value.span);
      this.#sequence(statements);
    }
  }
}
