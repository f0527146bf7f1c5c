/** For `check --portable`: expressions, conditions, calls and variables. */
import type {
  BinaryNode,
  CallNode,
  ExpressionNode,
  ReturnNode,
  RouteCallNode,
  ScriptNode,
  Span,
  StringNode,
  VariableNode,
} from './ast.ts';
import { arithmeticOperators } from './ast.ts';
import { bindArguments } from './bind-arguments.ts';
import type { Catalog } from './catalog.ts';
import { formerWordHelp, isFormerWord } from './former-words.ts';
import type { ArgumentSpec, ArgumentType, FunctionSpec } from './function-spec.ts';
import { portableWords } from './portable-forms.ts';
import type { PortableNotes } from './portable-notes.ts';
import { template } from './template.ts';

const arithmetic: ReadonlySet<string> = new Set(arithmeticOperators);
const logical: ReadonlySet<string> = new Set(['&&', '||']);
/** Functions with special grammar: strings only, and a number only as the level of log(). */
const logFunctions: ReadonlySet<string> = new Set(['xlog', 'log']);

const withVariables: ReadonlySet<ArgumentType> = new Set<ArgumentType>([
  'string',
  'regex',
  'substitution',
  'value',
]);

export class PortableValues<R> {
  readonly #notes: PortableNotes;
  readonly #catalog: Catalog<R>;
  readonly #functions: ReadonlyMap<string, FunctionSpec<R>>;
  /** Position of the loadmodule for the names of a module, written `f()` and `$v`. */
  readonly #loadedAt: ReadonlyMap<string, Span>;

  constructor(script: ScriptNode, catalog: Catalog<R>, notes: PortableNotes) {
    this.#notes = notes;
    this.#catalog = catalog;
    const functions = new Map<string, FunctionSpec<R>>();
    const loadedAt = new Map<string, Span>();
    for (const spec of catalog.functions) for (const name of namesOf(spec)) functions.set(name, spec);
    const modules = new Map(catalog.modules.map((spec) => [spec.name, spec]));
    for (const { module, span } of script.modules.toReversed()) {
      const spec = modules.get(module);
      for (const one of spec?.functions ?? [])
        for (const name of namesOf(one)) {
          functions.set(name, one);
          loadedAt.set(`${name}()`, span);
        }
      for (const one of spec?.variables ?? [])
        for (const name of namesOf(one)) loadedAt.set(`$${name}`, span);
    }
    this.#functions = functions;
    this.#loadedAt = loadedAt;
  }

  /** The conditions of `if`, `while` and assert(). */
  condition(node: ExpressionNode): void {
    switch (node.kind) {
      case 'binary':
        if (logical.has(node.operator)) {
          this.#word(node.operatorSpan);
          this.condition(node.left);
          this.condition(node.right);
        } else if (arithmetic.has(node.operator)) {
          this.#notes.form('value-as-condition', node.span);
          this.value(node);
        } else this.#comparison(node, false);
        return;
      case 'unary':
        if (node.operator === '!') {
          this.#word({ start: node.span.start, end: node.span.start + 3 });
          this.condition(node.operand);
          return;
        }
        this.#notes.form('value-as-condition', node.span);
        this.value(node.operand);
        return;
      case 'test':
        this.value(node.operand);
        return;
      case 'string':
      case 'null':
        this.#notes.form('value-as-condition', node.span);
        return;
      default:
        this.value(node);
    }
  }

  /** Assigned values, and those in brackets. */
  value(node: ExpressionNode): void {
    const notes = this.#notes;
    switch (node.kind) {
      case 'number': {
        const written = notes.text(node.span);
        if (/^-?0[0-9]*[89]/.test(written)) notes.form('octal', node.span);
        // a double minus has been folded into the number
        else if (/^-\s*-/.test(written)) notes.form('negated-value', node.span);
        else if (/^[a-z]/i.test(written) && !portableWords.has(written)) notes.form('word-value', node.span);
        return;
      }
      case 'string':
        if (node.joined === true) notes.form('juxtaposition', node.span);
        else if (!notes.isQuoted(node.span)) notes.form('bare-argument', node.span);
        return;
      case 'null':
        notes.form('null-operand', node.span);
        return;
      case 'variable':
        this.variable(node);
        return;
      case 'binary':
        if (logical.has(node.operator)) {
          notes.form('logic-in-value', node.operatorSpan);
          return;
        }
        if (arithmetic.has(node.operator)) {
          this.value(node.left);
          this.value(node.right);
        } else this.#comparison(node, true);
        return;
      case 'unary':
        if (node.operator === '!') notes.form('logic-in-value', node.span);
        else if (node.operator === '-') notes.form('negated-value', node.span);
        else this.value(node.operand);
        return;
      case 'test':
        notes.form('brackets-in-value', node.span);
        return;
      case 'call':
        this.#call(node);
        return;
      case 'route-call':
        this.#routeCall(node);
        return;
      case 'async':
        this.name(`async(${node.call.name.text})`, node.call.name.span);
        this.#call(node.call);
        if (node.timeout !== null && node.timeout.kind !== 'number')
          notes.form('async-timeout', node.timeout.span);
        return;
      case 'launch':
        this.name(`async(${node.call.name.text})`, node.call.name.span);
        this.#call(node.call);
        if (
          node.parameter !== null &&
          (node.parameter.kind !== 'string' || !notes.isQuoted(node.parameter.span))
        )
          notes.form('launch-parameter', node.parameter.span);
        return;
      default:
    }
  }

  returned({ values, span }: ReturnNode): void {
    const [first, ...more] = values;
    if (first === undefined) return;
    const simple = first.kind === 'number' || first.kind === 'variable';
    const parentheses = this.#notes.between(span.start, first.span.start).replace(/[^(]/g, '').length;
    if (!simple || parentheses > 1) this.#notes.form('return-value', first.span);
    else this.value(first);
    for (const one of more) if (one.kind !== 'null') this.#plain(one, 'return-value');
  }

  variable(node: VariableNode): void {
    const { name, subname, index, transformations, span } = node;
    if (isFormerWord(node)) {
      const word = this.#notes.text(span);
      this.#notes.note(span, `the word ${word}`, formerWordHelp(word));
      return;
    }
    const written = `$${name.text}`;
    const module = this.#loadedAt.get(written);
    if (module !== undefined && this.#notes.isBefore(span, module))
      this.#notes.form('use-before-module', span);
    this.name(written, span);
    for (const part of subname?.parts ?? []) if (part.kind === 'variable') this.variable(part);
    if (index?.kind === 'index-variable') this.variable(index.value);
    for (const one of transformations) {
      this.name(`{${one.name.text}}`, one.name.span);
      for (const part of one.argument?.parts ?? []) if (part.kind === 'variable') this.variable(part);
    }
  }

  /** `inValue`: comparisons bind tighter than arithmetic there, so operators are allowed on both sides. */
  #comparison(node: BinaryNode, inValue: boolean): void {
    const notes = this.#notes;
    const { left, right, operator, operatorSpan } = node;
    if (this.#networkText(node)) {
      this.variable(left as VariableNode);
      return;
    }
    const lhs = inValue ? lastOperand(left) : left;
    const rhs = inValue ? firstOperand(right) : right;
    if (lhs.kind !== 'variable' || notes.between(left.span.end, operatorSpan.start).includes(')'))
      notes.form('left-of-comparison', left.span);
    else this.value(left);
    const opened = notes.between(operatorSpan.end, right.span.start);
    const isMatch = operator === '=~' || operator === '!~';
    const isText = rhs.kind === 'string' && notes.isQuoted(rhs.span);
    if (isMatch && rhs.kind !== 'variable' && !isText) notes.form('match-of-number', right.span);
    else if (rhs.kind === 'null') {
      if (operator !== '==' && operator !== '!=') notes.form('null-comparison', right.span);
    } else if (rhs.kind === 'test' && /^\[[0-9a-f:.]+\]$/i.test(notes.text(rhs.span))) return;
    else if (opened.includes('(') || !['variable', 'string', 'number'].includes(rhs.kind))
      notes.form('right-of-comparison', right.span);
    else if (rhs.kind === 'string' && !isText) return;
    else if (rhs === right || inValue) this.value(right);
  }

  /** `$si == 10.0.0.0/8` was rewritten to a transformation that is not in the text. */
  #networkText({ left, right }: BinaryNode): boolean {
    const [last] = left.kind === 'variable' ? left.transformations.slice(-1) : [];
    return last !== undefined && last.name.span.start === right.span.start;
  }

  #call(node: CallNode): void {
    const notes = this.#notes;
    const { name } = node;
    if (notes.text(name.span) === 'myself') {
      notes.form('myself', name.span);
      return;
    }
    const module = this.#loadedAt.get(`${name.text}()`);
    if (module !== undefined && notes.isBefore(name.span, module)) notes.form('use-before-module', name.span);
    this.name(`${name.text}()`, name.span);
    const spec = this.#functions.get(name.text);
    const isLog = logFunctions.has(name.text);
    if (isLog) {
      for (const [i, one] of node.arguments.entries()) if (one !== null) this.#logArgument(node, i, one);
      return;
    }
    for (const [i, one] of bindArguments(spec?.arguments ?? [], node.arguments).entries())
      if (one !== null) this.#argument(one, spec?.arguments[i]);
  }

  #argument(node: ExpressionNode, spec: ArgumentSpec | undefined): void {
    const notes = this.#notes;
    const type = spec?.type;
    if (node.kind === 'variable') this.variable(node);
    else if (node.kind === 'number') {
      if (type !== undefined && type !== 'int' && type !== 'value' && type !== 'level')
        notes.form('number-for-string', node.span);
    } else if (node.kind === 'string') {
      if (node.joined === true) notes.form('juxtaposition', node.span);
      else if (!notes.isQuoted(node.span)) notes.form('bare-argument', node.span);
      else if (type === 'int') notes.form('string-for-number', node.span);
      else if (type === 'variable' && spec?.quoted !== true) notes.form('quoted-variable', node.span);
      else if (spec?.flags?.isFormer(node.value) === true) notes.form('former-flags', node.span);
      else if (type !== undefined && withVariables.has(type)) this.#insideText(node);
    }
  }

  /** The variables in a string. */
  #insideText(node: StringNode): void {
    for (const part of template(node).parts) if (part.kind === 'variable') this.variable(part);
  }

  #logArgument(call: CallNode, i: number, node: ExpressionNode): void {
    const notes = this.#notes;
    const isLevel = i === 0 && call.arguments.length > 1;
    const isText = node.kind === 'string' && notes.isQuoted(node.span);
    const fits =
      call.name.text === 'log' && isLevel
        ? node.kind === 'number' && /^[-\d]/.test(notes.text(node.span))
        : isText;
    if (!fits) notes.form('log-argument', node.span);
    else if (node.kind === 'string') this.#insideText(node);
  }

  #routeCall(node: RouteCallNode): void {
    if (node.name.kind === 'name' && !this.#notes.isQuoted(node.name.span) && /\W/.test(node.name.text))
      this.#notes.form('route-name', node.name.span);
    for (const one of node.arguments) if (one.kind !== 'null') this.#plain(one, 'route-argument');
  }

  /** A number, a string or a variable. */
  #plain(node: ExpressionNode, form: 'return-value' | 'route-argument'): void {
    if (node.kind === 'number' || node.kind === 'string' || node.kind === 'variable') this.value(node);
    else this.#notes.form(form, node.span);
  }

  /** A name that OpenSIPS does not have. */
  name(written: string, span: Span): void {
    const known = this.#catalog.notPortable;
    if (known !== undefined && Object.hasOwn(known, written))
      this.#notes.note(span, written, known[written] ?? '');
  }

  #word(span: Span): void {
    if (/^[A-Z]/.test(this.#notes.text(span)) || /^[a-z]+[A-Z]/.test(this.#notes.text(span)))
      this.#notes.form('upper-case-word', span);
  }
}

const namesOf = ({ name, aliases = [] }: { readonly name: string; readonly aliases?: readonly string[] }) => [
  name,
  ...aliases,
];

function lastOperand(node: ExpressionNode): ExpressionNode {
  return node.kind === 'binary' && arithmetic.has(node.operator) ? lastOperand(node.right) : node;
}

function firstOperand(node: ExpressionNode): ExpressionNode {
  return node.kind === 'binary' && arithmetic.has(node.operator) ? firstOperand(node.left) : node;
}
