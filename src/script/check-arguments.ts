/** Checks the arguments of calls: their number, and each against its type in the function's row. */

import { didYouMean } from '../spelling/index.ts';
import type { CallNode, ExpressionNode, NameNode, RouteKind, Span, TemplateNode } from './ast.ts';
import { bindArguments } from './bind-arguments.ts';
import type { MissingNames } from './check-names.ts';
import type { RouteTable } from './check-routes.ts';
import type { VariableChecker } from './check-variables.ts';
import { soleVariable } from './compile-calls.ts';
import { undefinedName } from './defined-names.ts';
import type { DiagnosticCode, DiagnosticList } from './diagnostics.ts';
import type { ArgumentSpec, DefinedNames, FlagRules, FunctionSpec } from './function-spec.ts';
import { logLevel, logLevels } from './log-levels.ts';
import { lowerAscii, toInteger } from './operators.ts';
import type { TableValues } from './table-values.ts';
import { template } from './template.ts';

/** The error in a regular expression, or null. */
export type CheckRegex = (pattern: string) => string | null;

export interface ArgumentCheckerParts<R> {
  readonly missing: MissingNames;
  readonly diagnostics: DiagnosticList;
  /** The parameter values of the loaded modules. */
  readonly values: TableValues;
  readonly variables: VariableChecker<R>;
  readonly routes: RouteTable;
  readonly checkRegex: CheckRegex | undefined;
  /** Checks an argument that is itself an expression. */
  expression(node: ExpressionNode, within: RouteKind): void;
}

export class ArgumentChecker<R> {
  readonly #parts: ArgumentCheckerParts<R>;

  constructor(parts: ArgumentCheckerParts<R>) {
    this.#parts = parts;
  }

  /** The arguments of an unknown function: only their contents can be checked. */
  loosely(node: ExpressionNode, within: RouteKind): void {
    if (node.kind === 'string') this.#parts.variables.text(node);
    else this.#parts.expression(node, within);
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

  check(node: CallNode, spec: FunctionSpec<R>, within: RouteKind): void {
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
      for (const one of surplus) if (one !== null) this.loosely(one, within);
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
      } else if (argument.definedBy !== undefined && argument.omitted !== undefined)
        this.#defined(argument.omitted, argument.definedBy, node.span, described(spec, argument));
    }
  }

  #argument(spec: FunctionSpec<R>, argument: ArgumentSpec, node: ExpressionNode, within: RouteKind): void {
    const what = described(spec, argument);
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
      this.#parts.expression(node, within);
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
    this.#kinds[argument.type](node, argument, what);
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
      if (spec.flags !== undefined && constant !== null) this.#flags(constant, spec.flags, node.span, what);
      if (spec.words !== undefined && constant !== null)
        this.#word(lowerAscii(constant), spec.words, node.span, what);
      if (spec.refuses !== undefined) this.#refused(text, spec.refuses, node.span, what);
    },
    raw: (node) => this.#pattern(node),
    substitution: (node) => this.#pattern(node),
    value: (node) => this.#text(node),
    regex: (node) => {
      if (node.kind === 'variable') this.#parts.variables.read(node);
      const pattern = node.kind === 'string' ? this.#parts.variables.pattern(node) : null;
      const constant = pattern === null ? null : constantText(pattern);
      if (constant !== null) this.regex(constant, node.span);
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
      if (text !== null && spec.oneOf !== undefined) this.#word(text, spec.oneOf, node.span, what);
    },
    route: (node, spec, what) => {
      const text = this.#constant(node, what);
      if (text === null) return;
      const name: NameNode = { kind: 'name', span: node.span, text };
      this.#parts.routes.require(name, spec.routeKind ?? 'route', this.#parts.diagnostics);
    },
  };

  #word(text: string, words: readonly string[], span: Span, what: string): void {
    if (words.includes(text)) return;
    const help = didYouMean(text, words) ?? `use one of: ${words.filter((one) => one !== '').join(', ')}`;
    this.#error('argument-value', span, `${what} cannot be "${text}"`, help);
  }

  #flags(text: string, flags: FlagRules, span: Span, what: string): void {
    const unknown = flags.unknown(text);
    if (unknown === null) return this.#inertFlags(text, flags, span, what);
    const [name = ''] = unknown.split('=');
    const help = didYouMean(name, flags.names) ?? `use any of: ${flags.names.join(', ')}`;
    this.#error('argument-value', span, `${what} has the invalid flag "${unknown}"`, help);
  }

  #inertFlags(text: string, { inert = {} }: FlagRules, span: Span, what: string): void {
    for (const [name, reason] of Object.entries(inert))
      if (text.split(/[^\w-]+/).includes(name))
        this.#parts.diagnostics.warning('inert', span, `${what}: "${name}" has no effect: ${reason}`);
  }

  #defined(text: string | null, defined: DefinedNames, span: Span, what: string): void {
    const help = text === null ? null : undefinedName(text, defined, this.#parts.values);
    if (help !== null) this.#error('argument-value', span, `${what} cannot be "${text}"`, help);
  }

  /** Substitutes a letter for each variable, so that only the fixed text is checked. */
  #refused(
    text: TemplateNode | null,
    refuses: (text: string) => string | null,
    span: Span,
    what: string,
  ): void {
    if (text === null || text.parts[0]?.kind === 'variable') return;
    const reason = refuses(text.parts.map((part) => (part.kind === 'text' ? part.value : 'x')).join(''));
    if (reason === null) return;
    this.#parts.diagnostics.warning('refused-argument', span, `${what} is invalid: ${reason}`);
  }

  /** A text in which a `$` may be an anchor. */
  #pattern(node: ExpressionNode): void {
    if (node.kind === 'string') this.#parts.variables.pattern(node);
    else this.#text(node);
  }

  /** The contents of a string; null if invalid or not a string. */
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

  /** The fixed text; null, after reporting an error, if it contains variables. */
  #constant(node: ExpressionNode, what: string): string | null {
    if (node.kind === 'number') return String(node.value);
    if (node.kind === 'string' && constantText(template(node)) !== null) return node.value;
    this.#error('argument-type', node.span, `${what} cannot contain variables`);
    return null;
  }

  regex(pattern: string, span: Span): void {
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

const described = <R>(spec: FunctionSpec<R>, argument: ArgumentSpec) =>
  `${spec.name}(): the argument "${argument.name}"`;

/** `rest_get(url, body, [ctype], [code])` */
function signature<R>(spec: FunctionSpec<R>): string {
  return `${spec.name}(${spec.arguments.map((one) => (one.optional ? `[${one.name}]` : one.name)).join(', ')})`;
}
