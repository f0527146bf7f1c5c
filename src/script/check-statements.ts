/** Checks the statements of the routes: misplaced and unreachable ones. */
import type { RouteKind, RouteNode, StatementNode, SwitchNode } from './ast.ts';
import type { ExpressionChecker } from './check-expressions.ts';
import type { VariableChecker } from './check-variables.ts';
import type { DiagnosticList } from './diagnostics.ts';

/** Statements that make the next one unreachable, as named in messages. */
const endings: Readonly<Partial<Record<StatementNode['kind'], string>>> = {
  exit: 'exit',
  drop: 'drop',
  return: 'return',
  break: 'break',
  async: 'async(), which continues in its route',
};

export class StatementChecker<R> {
  readonly #expressions: ExpressionChecker<R>;
  readonly #variables: VariableChecker<R>;
  readonly #diagnostics: DiagnosticList;
  #within: RouteKind = 'route';
  /** Loops and switches around the current statement. */
  #breakable = 0;

  constructor(expressions: ExpressionChecker<R>, variables: VariableChecker<R>, diagnostics: DiagnosticList) {
    this.#expressions = expressions;
    this.#variables = variables;
    this.#diagnostics = diagnostics;
  }

  route(node: RouteNode): void {
    this.#within = node.routeKind;
    this.#breakable = 0;
    this.#sequence(node.body.statements);
  }

  #sequence(statements: readonly StatementNode[]): void {
    let warned = false;
    for (const [i, statement] of statements.entries()) {
      this.#statement(statement);
      const ending = endings[statement.kind];
      const next = statements[i + 1];
      if (ending === undefined || next === undefined || warned) continue;
      warned = true;
      const message = `never reached: it follows ${ending}`;
      this.#diagnostics.warning('unreachable', next.span, message);
    }
  }

  #statement(node: StatementNode): void {
    switch (node.kind) {
      case 'block':
        this.#sequence(node.statements);
        return;
      case 'if':
        this.#expressions.expression(node.condition, this.#within);
        this.#statement(node.then);
        if (node.otherwise !== null) this.#statement(node.otherwise);
        return;
      case 'while':
        this.#expressions.expression(node.condition, this.#within);
        this.#loop(() => this.#statement(node.body));
        return;
      case 'for-each':
        this.#variables.write(node.variable, 'loop variable');
        this.#variables.read(node.list);
        this.#loop(() => this.#statement(node.body));
        return;
      case 'switch':
        this.#switch(node);
        return;
      case 'assign':
        this.#variables.write(node.target, 'assignment');
        this.#expressions.expression(node.value, this.#within);
        return;
      case 'call':
      case 'route-call':
        this.#expressions.expression(node, this.#within);
        return;
      case 'return':
        this.#return(node.values);
        return;
      case 'break':
        if (this.#breakable > 0) return;
        this.#diagnostics.error('break-outside', node.span, '`break` outside a loop or switch', {
          help: 'use return to leave the route, or exit to end the script',
        });
        return;
      case 'async':
        this.#expressions.async(node, this.#within);
        return;
      case 'launch':
        this.#expressions.launch(node, this.#within);
        return;
      case 'assert':
        this.#expressions.expression(node.condition, this.#within);
        return;
      default:
    }
  }

  #loop(body: () => void): void {
    this.#breakable += 1;
    body();
    this.#breakable -= 1;
  }

  #return(values: readonly Parameters<ExpressionChecker<R>['expression']>[0][]): void {
    for (const [i, value] of values.entries()) {
      if (i === 0) this.#expressions.expression(value, this.#within);
      else this.#expressions.immediate(value, this.#within, 'an additional value of return');
    }
  }

  #switch(node: SwitchNode): void {
    this.#variables.read(node.subject);
    const seen = new Map<string, (typeof node.cases)[number]>();
    this.#loop(() => {
      for (const one of node.cases) {
        // == ignores the case of letters, so "A" hides "a"
        const key = one.value === null ? 'default' : `case ${String(one.value.value).toLowerCase()}`;
        const earlier = seen.get(key);
        if (earlier === undefined) seen.set(key, one);
        else {
          const span = one.value?.span ?? { start: one.span.start, end: one.span.start + 'default'.length };
          const first = earlier.value?.span ?? {
            start: earlier.span.start,
            end: earlier.span.start + 'default'.length,
          };
          const labels = [{ span: first, message: 'first used here' }];
          this.#diagnostics.warning(
            'duplicate-case',
            span,
            'this case is never reached: an earlier one has the same value',
            { labels },
          );
        }
        this.#sequence(one.statements);
      }
    });
  }
}
