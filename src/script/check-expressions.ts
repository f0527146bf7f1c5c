/** Checks expressions and calls: whether functions exist, and the number and type of their arguments. */

import { didYouMean } from '../spelling/index.ts';
import type {
  AsyncNode,
  CallNode,
  ExpressionNode,
  LaunchNode,
  NameNode,
  RouteCallNode,
  RouteKind,
  Span,
  TemplateNode,
} from './ast.ts';
import { bindArguments } from './bind-arguments.ts';
import type { ArgumentSpec, DefinedNames, FunctionSpec } from './catalog.ts';
import type { MissingNames } from './check-names.ts';
import type { RouteTable } from './check-routes.ts';
import type { VariableChecker } from './check-variables.ts';
import { soleVariable } from './compile-calls.ts';
import type { DiagnosticCode, DiagnosticList } from './diagnostics.ts';
import { logLevel, logLevels } from './log-levels.ts';
import type { Lookup } from './lookup.ts';
import { toInteger } from './operators.ts';
import type { TableValues } from './table-values.ts';
import { template } from './template.ts';

/** The error in a regular expression, or null. */
export type CheckRegex = (pattern: string) => string | null;

export interface ExpressionCheckerParts<R> {
  readonly lookup: Lookup<R>;
  readonly missing: MissingNames;
  readonly diagnostics: DiagnosticList;
  /** Of the loaded modules, by name. */
  readonly values: TableValues;
  readonly variables: VariableChecker<R>;
  readonly routes: RouteTable;
  readonly checkRegex: CheckRegex | undefined;
}

/** Statements that look like calls. */
const statementWords = new Set(['assert', 'exit', 'drop', 'return', 'break']);

/** Kinds of routes whose transaction can wait (the manual's Script-Async, Allowed Routes). */
const asyncRoutes: ReadonlySet<RouteKind> = new Set(['route', 'onreply_route']);
/** Those whose transaction cannot wait: OpenSIPS accepts such a script and blocks there. */
const blockingRoutes: ReadonlySet<RouteKind> = new Set(['failure_route', 'branch_route', 'local_route']);

export class ExpressionChecker<R> {
  readonly #parts: ExpressionCheckerParts<R>;

  constructor(parts: ExpressionCheckerParts<R>) {
    this.#parts = parts;
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
          this.#regex(node.right.value, node.right.span);
        }
        return;
      default:
    }
  }

  /** A value that must be available at once: no function calls in it. */
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

  /** True when the function exists; its arguments are checked as well. */
  call(node: CallNode, within: RouteKind): FunctionSpec<R> | null {
    const { lookup, missing } = this.#parts;
    const name = node.name.text;
    const spec = lookup.function(name);
    if (spec === undefined) {
      if (statementWords.has(name))
        this.#error('syntax', node.name.span, `${name} is a statement and cannot be used in an expression`);
      else missing.unknown('function', name, node.name.span, lookup);
      for (const argument of node.arguments) if (argument !== null) this.#loosely(argument, within);
      return null;
    }
    if (spec.absent !== undefined) {
      missing.absent({ kind: 'function', name, module: spec.absent }, node.name.span);
      for (const argument of node.arguments) if (argument !== null) this.#loosely(argument, within);
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
    // a plain route may be called from any kind, so only the other kinds are certain
    if (spec.routes !== undefined && within !== 'route' && !spec.routes.includes(within)) {
      this.#error(
        'route-kind',
        node.name.span,
        `${name}() is not allowed in ${article(within)}`,
        `allowed in: ${spec.routes.join(', ')}`,
      );
    }
    this.#arguments(node, spec, within);
    return spec;
  }

  async(node: AsyncNode, within: RouteKind): void {
    if (blockingRoutes.has(within)) {
      const message = `async() blocks in ${article(within)}: its worker stays occupied meanwhile`;
      const help = 'call the function directly, or launch() it';
      this.#parts.diagnostics.warning('route-kind', node.span, message, { help });
    } else if (!asyncRoutes.has(within)) {
      this.#parts.diagnostics.error(
        'route-kind',
        node.span,
        `async() is not allowed in ${article(within)}: no transaction can wait there`,
        {
          help: 'call the function directly, or launch() it',
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

  /** The arguments of an unknown function: only their contents can be checked. */
  #loosely(node: ExpressionNode, within: RouteKind): void {
    if (node.kind === 'string') this.#parts.variables.text(node);
    else this.expression(node, within);
  }

  /** The arguments; a trailing comma is reported and ignored unless another argument may follow. */
  #withoutTrailing(node: CallNode, spec: FunctionSpec<R>): CallNode['arguments'] {
    const { trailingComma } = node;
    if (trailingComma === undefined) return node.arguments;
    const specs = spec.arguments;
    const given = node.arguments.slice(0, -1);
    const { length } = bindArguments(specs, given);
    // an optional argument may be omitted after it
    const mandatory = specs.filter(({ optional }) => optional !== true).length;
    if (given.length < mandatory || (length < specs.length && specs[0]?.leading !== true))
      return node.arguments;
    const message = 'no argument follows this comma';
    this.#error('argument-count', trailingComma, message, `remove it; usage: ${signature(spec)}`);
    return given;
  }

  #arguments(node: CallNode, spec: FunctionSpec<R>, within: RouteKind): void {
    const specs = spec.arguments;
    const bound = bindArguments(specs, this.#withoutTrailing(node, spec));
    const count = bound.findLastIndex((one) => one !== null) + 1;
    const surplus = bound.slice(specs.length);
    if (surplus.length > 0) {
      const span = surplus.find((one) => one !== null)?.span ?? node.span;
      const takes =
        specs.length === 0
          ? 'no arguments'
          : specs.length === 1
            ? 'one argument'
            : `${specs.length} arguments`;
      this.#error(
        'argument-count',
        span,
        `${spec.name}() takes ${takes}, not ${node.arguments.length}`,
        `usage: ${signature(spec)}`,
      );
      for (const one of surplus) if (one !== null) this.#loosely(one, within);
    }
    for (const [i, argument] of specs.entries()) {
      const given = bound[i] ?? null;
      if (given !== null) this.#argument(spec, argument, given, within);
      else if (argument.optional !== true) {
        const what = i < count ? 'cannot be left out' : 'is missing';
        this.#error(
          'argument-count',
          node.span,
          `${spec.name}(): the argument "${argument.name}" ${what}`,
          `usage: ${signature(spec)}`,
        );
        return;
      }
    }
  }

  #argument(spec: FunctionSpec<R>, argument: ArgumentSpec, node: ExpressionNode, within: RouteKind): void {
    const what = `${spec.name}(): the argument "${argument.name}"`;
    if (
      node.kind === 'call' ||
      node.kind === 'route-call' ||
      node.kind === 'binary' ||
      node.kind === 'test' ||
      node.kind === 'unary' ||
      node.kind === 'async' ||
      node.kind === 'launch'
    ) {
      const before = this.#parts.diagnostics.length;
      this.expression(node, within);
      if (this.#parts.diagnostics.length > before) return;
      const help = 'assign it to a variable first and pass that';
      this.#error(
        'argument-type',
        node.span,
        `${what} must be a string, a number or a variable, not an expression`,
        help,
      );
      return;
    }
    if (node.kind === 'null' && argument.type !== 'value') {
      this.#error('argument-type', node.span, `${what} cannot be NULL`, 'omit it, or pass a value');
      return;
    }
    const text =
      argument.absent === undefined || node.kind !== 'string' ? null : constantText(template(node));
    const module = text === null ? undefined : argument.absent?.[text];
    if (module === undefined) this.#kinds[argument.type](node, argument, what);
    else {
      const name = `${spec.name}("${text}")`;
      this.#parts.missing.absent({ kind: 'function', name, module }, node.span);
    }
  }

  /** The check for each type of argument. */
  readonly #kinds: Readonly<
    Record<ArgumentSpec['type'], (node: ExpressionNode, spec: ArgumentSpec, what: string) => void>
  > = {
    string: (node, spec, what) => {
      const text = this.#text(node);
      const constant = text === null ? null : constantText(text);
      if (spec.event === true) this.#parts.routes.raises(constant);
      if (spec.definedBy !== undefined) this.#defined(constant, spec.definedBy, node.span, what);
      if (spec.refuses !== undefined) this.#refused(text, spec.refuses, node.span, what);
    },
    raw: (node) => this.#pattern(node),
    substitution: (node) => this.#pattern(node),
    value: (node) => this.#text(node),
    regex: (node) => {
      if (node.kind === 'variable') this.#parts.variables.read(node);
      const pattern = node.kind === 'string' ? this.#parts.variables.pattern(node) : null;
      const constant = pattern === null ? null : constantText(pattern);
      if (constant !== null) this.#regex(constant, node.span);
    },
    variable: (node, spec, what) => {
      const variable = node.kind === 'string' ? soleVariable(node) : node;
      if (variable?.kind === 'variable' && spec.readOnly === true) this.#parts.variables.read(variable);
      else if (variable?.kind === 'variable') this.#parts.variables.write(variable, what);
      else if (node.kind !== 'string' || this.#parts.variables.text(node) !== null) {
        this.#error('argument-type', node.span, `${what} must be a variable`, 'for example $var(result)');
      }
    },
    int: (node, _spec, what) => {
      if (node.kind === 'number') return;
      this.#numeric(node, (text) => toInteger(text) !== null, `${what} must be a number`);
    },
    level: (node, _spec, what) => {
      if (node.kind === 'number') return;
      const names = Object.keys(logLevels);
      this.#numeric(
        node,
        (text) => logLevel(text) !== null,
        `${what} must be a log level`,
        (text) => didYouMean(text, names) ?? `use one of: ${names.join(', ')}`,
      );
    },
    static: (node, spec, what) => {
      const text = this.#constant(node, what);
      if (text === null || spec.oneOf === undefined || spec.oneOf.includes(text)) return;
      const help = didYouMean(text, spec.oneOf) ?? `use one of: ${spec.oneOf.join(', ')}`;
      this.#error('argument-value', node.span, `${what} cannot be "${text}"`, help);
    },
    route: (node, spec, what) => {
      const text = this.#constant(node, what);
      if (text === null) return;
      const name: NameNode = { kind: 'name', span: node.span, text };
      this.#parts.routes.require(name, spec.routeKind ?? 'route', this.#parts.diagnostics);
    },
  };

  #defined(text: string | null, defined: DefinedNames, span: Span, what: string): void {
    const { values } = this.#parts;
    if (text === null || !values.has(defined.parameters)) return;
    const known = defined.names(values.get(defined.parameters));
    if (known.includes(text)) return;
    const help = didYouMean(text, known) ?? `${defined.module} defines ${known.join(', ') || 'none'}`;
    this.#error('argument-value', span, `${what} cannot be "${text}"`, help);
  }

  /** Variables count as a letter, so that only what the script itself says is judged. */
  #refused(
    text: TemplateNode | null,
    refuses: (text: string) => string | null,
    span: Span,
    what: string,
  ): void {
    if (text === null || text.parts[0]?.kind === 'variable') return;
    const reason = refuses(text.parts.map((part) => (part.kind === 'text' ? part.value : 'x')).join(''));
    if (reason === null) return;
    this.#parts.diagnostics.warning('refused-argument', span, `${what} will be refused: ${reason}`);
  }

  /** A text in which a `$` may be an anchor. */
  #pattern(node: ExpressionNode): void {
    if (node.kind === 'string') this.#parts.variables.pattern(node);
    else this.#text(node);
  }

  /** The contents of a string; null if it is not a string, or invalid. */
  #text(node: ExpressionNode): TemplateNode | null {
    if (node.kind === 'string') return this.#parts.variables.text(node);
    if (node.kind === 'variable') this.#parts.variables.read(node);
    return null;
  }

  #numeric(
    node: ExpressionNode,
    isNumber: (text: string) => boolean,
    message: string,
    help?: (text: string) => string,
  ): void {
    if (node.kind === 'variable') this.#parts.variables.read(node);
    if (node.kind !== 'string') return;
    const variable = soleVariable(node);
    if (variable !== null) this.#parts.variables.read(variable);
    else if (this.#parts.variables.text(node) !== null && !isNumber(node.value))
      this.#error('argument-type', node.span, message, help?.(node.value));
  }

  /** Text without variables, or null if it has some, which is reported. */
  #constant(node: ExpressionNode, what: string): string | null {
    if (node.kind === 'number') return String(node.value);
    if (node.kind === 'string' && constantText(template(node)) !== null) return node.value;
    this.#error('argument-type', node.span, `${what} must be fixed text without variables`);
    return null;
  }

  #regex(pattern: string, span: Span): void {
    const message = this.#parts.checkRegex?.(pattern) ?? null;
    if (message !== null) this.#error('invalid-regex', span, `invalid regular expression: ${message}`);
  }

  #error(code: DiagnosticCode, span: Span, message: string, help?: string): void {
    this.#parts.diagnostics.error(code, span, message, help === undefined ? {} : { help });
  }
}

/** The value of a string without variables, else null. */
function constantText({ parts }: TemplateNode): string | null {
  if (parts.length === 0) return '';
  const [only] = parts;
  return parts.length === 1 && only?.kind === 'text' ? only.value : null;
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

/** `rest_get(url, body, [ctype], [code])` */
function signature<R>(spec: FunctionSpec<R>): string {
  return `${spec.name}(${spec.arguments.map((one) => (one.optional ? `[${one.name}]` : one.name)).join(', ')})`;
}

export function article(kind: RouteKind): string {
  return `${/^[aeio]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
