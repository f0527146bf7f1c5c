/** Checks expressions and calls: whether functions exist, and may be called in this kind of route. */

import type {
  AsyncNode,
  CallNode,
  ExpressionNode,
  LaunchNode,
  RouteCallNode,
  RouteKind,
  Span,
} from './ast.ts';
import { ArgumentChecker, type ArgumentCheckerParts } from './check-arguments.ts';
import type { DiagnosticCode } from './diagnostics.ts';
import type { FunctionSpec } from './function-spec.ts';
import type { Lookup } from './lookup.ts';

export interface ExpressionCheckerParts<R> extends Omit<ArgumentCheckerParts<R>, 'expression'> {
  readonly lookup: Lookup<R>;
}

/** Statements that look like calls. */
const statementWords = new Set(['assert', 'exit', 'drop', 'return', 'break']);

/** Kinds of routes whose transaction can wait (the manual's Script-Async, Allowed Routes). */
const asyncRoutes: ReadonlySet<RouteKind> = new Set(['route', 'onreply_route']);
/** Kinds of routes whose transaction cannot wait: OpenSIPS accepts async() there, but blocks. */
const blockingRoutes: ReadonlySet<RouteKind> = new Set(['failure_route', 'branch_route', 'local_route']);

export class ExpressionChecker<R> {
  readonly #parts: ExpressionCheckerParts<R>;
  readonly #arguments: ArgumentChecker<R>;

  constructor(parts: ExpressionCheckerParts<R>) {
    this.#parts = parts;
    const expression = (node: ExpressionNode, within: RouteKind) => this.expression(node, within);
    this.#arguments = new ArgumentChecker({ ...parts, expression });
  }

  /** A value or a condition. Variables in its strings are not expanded (vector pvar-reply-from-var). */
  expression(node: ExpressionNode, within: RouteKind): void {
    switch (node.kind) {
      case 'variable':
        this.#parts.variables.read(node);
        return;
      case 'call':
        this.call(node, within);
        return;
      case 'route-call':
        this.#routeName(node.name);
        for (const argument of node.arguments) this.immediate(argument, within, 'an argument of a route');
        return;
      case 'unary':
      case 'test':
        this.expression(node.operand, within);
        return;
      case 'async':
        this.async(node, within);
        return;
      case 'launch':
        this.launch(node, within);
        return;
      case 'binary':
        this.expression(node.left, within);
        this.expression(node.right, within);
        if ((node.operator === '=~' || node.operator === '!~') && node.right.kind === 'string') {
          this.#arguments.regex(node.right.value, node.right.span);
        }
        return;
      default:
    }
  }

  /** A value that must be available immediately, so it may not contain calls. */
  immediate(node: ExpressionNode, within: RouteKind, what: string): void {
    const call = firstCall(node);
    if (call === null) this.expression(node, within);
    else {
      const help = 'assign its result to a variable first and pass that';
      this.#error('argument-type', call.span, `${what} cannot be a call`, help);
    }
  }

  #routeName(name: RouteCallNode['name']): void {
    const { routes, variables, diagnostics } = this.#parts;
    if (name.kind === 'name') routes.require(name, 'route', diagnostics);
    else if (name.kind === 'variable') variables.read(name);
    else variables.text(name);
  }

  /** Checks a call and its arguments; returns the function's row, or null if it does not exist. */
  call(node: CallNode, within: RouteKind): FunctionSpec<R> | null {
    const { lookup, missing } = this.#parts;
    const name = node.name.text;
    const spec = lookup.function(name);
    if (spec === undefined) {
      if (statementWords.has(name))
        this.#error('syntax', node.name.span, `${name} is a statement and cannot be used in an expression`);
      else missing.unknown('function', name, node.name.span, lookup);
      for (const argument of node.arguments) if (argument !== null) this.#arguments.loosely(argument, within);
      return null;
    }
    if (spec.absent !== undefined) {
      missing.absent({ kind: 'function', name, module: spec.absent }, node.name.span);
      for (const argument of node.arguments) if (argument !== null) this.#arguments.loosely(argument, within);
      return spec;
    }
    for (const module of spec.requires ?? []) {
      if (lookup.modules.some((one) => one.name === module)) continue;
      missing.add(`${module} for ${name}`, node.name.span, () => ({
        code: 'module-not-loaded',
        severity: 'error',
        span: node.name.span,
        message: `${name}() needs the module ${module}, which is not loaded`,
        help: `add: loadmodule "${module}.so"`,
      }));
    }
    if (spec.inert !== undefined) {
      missing.add(`inert ${name}`, node.name.span, () => ({
        code: 'inert',
        severity: 'warning',
        span: node.name.span,
        message: `${name}() has no effect: ${spec.inert}`,
      }));
    }
    // a plain route may be called from routes of any kind, so it is not checked
    if (spec.routes !== undefined && within !== 'route' && !spec.routes.includes(within)) {
      this.#error(
        'route-kind',
        node.name.span,
        `${name}() is not allowed in ${article(within)}`,
        `allowed in: ${spec.routes.join(', ')}`,
      );
    }
    this.#arguments.check(node, spec, within);
    return spec;
  }

  async(node: AsyncNode, within: RouteKind): void {
    if (blockingRoutes.has(within)) {
      const message = `async() blocks in ${article(within)}: it occupies its worker until it is done`;
      const help = 'call the function directly, or use launch()';
      this.#parts.diagnostics.warning('route-kind', node.span, message, { help });
    } else if (!asyncRoutes.has(within)) {
      this.#parts.diagnostics.error(
        'route-kind',
        node.span,
        `async() is not allowed in ${article(within)}: it has no transaction that could wait`,
        {
          help: 'call the function directly, or use launch()',
        },
      );
    }
    this.#background(node, 'async', within);
    this.#parts.routes.require(node.resume, 'route', this.#parts.diagnostics);
    if (node.timeout !== null) this.immediate(node.timeout, within, 'the timeout');
  }

  launch(node: LaunchNode, within: RouteKind): void {
    this.#background(node, 'launch', within);
    if (node.report !== null) this.#parts.routes.require(node.report, 'route', this.#parts.diagnostics);
    const { parameter } = node;
    if (parameter?.kind === 'string') this.#parts.variables.text(parameter);
    else if (parameter !== null) this.immediate(parameter, within, 'the parameter of the route');
  }

  #background(node: AsyncNode | LaunchNode, word: string, within: RouteKind): void {
    const spec = this.call(node.call, within);
    if (spec === null || spec.start !== undefined) return;
    this.#parts.diagnostics.error(
      'not-async',
      node.call.name.span,
      `${spec.name}() cannot run in the background`,
      {
        help: `call it without ${word}()`,
      },
    );
  }

  #error(code: DiagnosticCode, span: Span, message: string, help?: string): void {
    this.#parts.diagnostics.error(code, span, message, help === undefined ? {} : { help });
  }
}

/** The first call in an expression; null without one. */
export function firstCall(node: ExpressionNode): ExpressionNode | null {
  switch (node.kind) {
    case 'call':
    case 'route-call':
    case 'async':
    case 'launch':
      return node;
    case 'unary':
    case 'test':
      return firstCall(node.operand);
    case 'binary':
      return firstCall(node.left) ?? firstCall(node.right);
    default:
      return null;
  }
}

export function article(kind: RouteKind): string {
  return `${/^[aeio]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
