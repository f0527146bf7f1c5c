/** Checks variables, transformations and strings with variables against their tables. */

import { didYouMean } from '../spelling/index.ts';
import type { IndexNode, Span, StringNode, TemplateNode, TransformationNode, VariableNode } from './ast.ts';
import type { MissingNames } from './check-names.ts';
import { subnameOf, VariableCompiler } from './compile-variables.ts';
import { undefinedName } from './defined-names.ts';
import { DiagnosticList } from './diagnostics.ts';
import { InvalidUse } from './invalid-use.ts';
import type { Lookup } from './lookup.ts';
import type { TableValues } from './table-values.ts';
import { template, variableText } from './template.ts';
import { splitArguments } from './transformation-arguments.ts';
import type { TransformationSpec } from './transformation-spec.ts';
import type { VariableAccess, VariableSpec } from './variable-spec.ts';
import { Waits } from './waits.ts';

const integer = /^[ \t]*[+-]?[0-9]+[ \t]*$/;

export class VariableChecker<R> {
  readonly #lookup: Lookup<R>;
  readonly #missing: MissingNames;
  readonly #diagnostics: DiagnosticList;
  readonly #values: TableValues;
  readonly #compiler: VariableCompiler<R>;
  /** Caches valid variables by their text, since scripts repeat them. */
  readonly #known = new Map<string, VariableAccess<R>>();

  constructor(lookup: Lookup<R>, missing: MissingNames, diagnostics: DiagnosticList, values: TableValues) {
    this.#lookup = lookup;
    this.#values = values;
    this.#missing = missing;
    this.#diagnostics = diagnostics;
    this.#compiler = new VariableCompiler(lookup);
  }

  /** A string with variables; null, after reporting them, if it contains errors. */
  text(node: StringNode): TemplateNode | null {
    const before = this.#diagnostics.length;
    const parsed = template(node, this.#diagnostics);
    return this.#template(parsed, true) && this.#diagnostics.length === before ? parsed : null;
  }

  /**
   * A regular expression with variables in it, where a `$` that begins no variable is an anchor; null as for {@link
   * text}.
   */
  pattern(node: StringNode): TemplateNode | null {
    const found = new DiagnosticList();
    const parsed = template(node, found);
    const errors = found.sorted().filter((one) => one.code !== 'lone-dollar');
    for (const one of errors) this.#diagnostics.add(one);
    return this.#template(parsed, true) && errors.length === 0 ? parsed : null;
  }

  /** Checks a variable that is read. True if it is valid. */
  read(node: VariableNode): boolean {
    return this.#variable(node, false) !== null;
  }

  /** Checks a variable that is set, and possibly read; `what` names the context in messages. */
  write(node: VariableNode, what: string): boolean {
    if (node.transformations.length > 0) {
      this.#diagnostics.error(
        'invalid-variable-use',
        node.span,
        `${what}: a variable with transformations cannot be set`,
      );
      return false;
    }
    const access = this.#variable(node, true);
    if (access === null) return false;
    const spec = this.#lookup.variable(node.name.text);
    if (spec?.writable === true && access.set !== undefined) return true;
    this.#diagnostics.error('read-only-variable', node.span, `${what}: ${variableText(node)} is read-only`);
    return false;
  }

  #template(node: TemplateNode, inString: boolean): boolean {
    let well = true;
    for (const part of node.parts) {
      if (part.kind === 'variable' && this.#variable(part, false, inString) === null) well = false;
    }
    return well;
  }

  /** Null, after reporting an error, if the use is invalid. */
  #variable(node: VariableNode, written: boolean, inString = false): VariableAccess<R> | null {
    const plain = plainText(node);
    const known = plain === null ? undefined : this.#known.get(plain);
    if (known !== undefined) return known;
    const { subname, index, transformations } = node;
    const name = node.name.text;
    let well = subname === null || this.#template(subname, false);
    if (index?.kind === 'index-variable' && !this.read(index.value)) well = false;
    const spec = this.#lookup.variable(name);
    if (spec === undefined) {
      this.#missing.unknown('variable', name, nameSpan(node), this.#lookup);
      well = false;
    } else if (spec.absent !== undefined) {
      this.#missing.absent({ kind: 'variable', name, module: spec.absent }, nameSpan(node));
    } else if (!this.#subname(node, spec, inString) || !this.#index(node, spec, written)) well = false;
    const access = spec === undefined || !well ? null : this.#resolve(node, spec);
    for (const one of transformations) if (!this.#transformation(one)) well = false;
    if (!well || access === null) return null;
    // not cached: every use of a missing variable is reported
    if (plain !== null && spec?.absent === undefined) this.#known.set(plain, access);
    return access;
  }

  #resolve(node: VariableNode, spec: VariableSpec<R>): VariableAccess<R> | null {
    return this.#valid(
      node.span,
      'invalid-variable-use',
      () => variableText({ ...node, transformations: [] }),
      () => spec.resolve(this.#compiler.use(spec, node, new Waits<R>())),
    );
  }

  #subname(node: VariableNode, spec: VariableSpec<R>, inString: boolean): boolean {
    const subname = subnameOf(spec, node);
    const rule = spec.subname ?? 'none';
    const name = node.name.text;
    const empty = subname === null || subname.parts.length === 0;
    if (rule === 'none') {
      if (subname === null) return true;
      const help = inString ? `use $(${name}) if a literal parenthesis follows` : undefined;
      return this.#fail(subname.span, `$${name} does not take a name in parentheses`, help);
    }
    if (rule === 'optional') return true;
    if (empty && (subname !== null || rule === 'required')) {
      return this.#fail(node.span, `$${name} needs a name in parentheses`, `use $${name}(...)`);
    }
    const [only] = subname?.parts ?? [];
    if (subname?.parts.length !== 1 || only?.kind !== 'text') return true;
    if (spec.definedBy !== undefined) {
      const help = undefinedName(only.value, spec.definedBy, this.#values);
      return help === null || this.#fail(only.span, `$${name} has no "${only.value}"`, help);
    }
    if (rule === 'required' || rule.includes(only.value)) return true;
    const known = `use one of: ${rule.join(', ')}`;
    return this.#fail(only.span, `$${name} has no "${only.value}"`, didYouMean(only.value, rule) ?? known);
  }

  #index(node: VariableNode, spec: VariableSpec<R>, written: boolean): boolean {
    const index: IndexNode | null = node.index;
    if (index === null) return true;
    if (spec.indexed === undefined || spec.indexed === false)
      return this.#fail(index.span, `$${node.name.text} has a single value and does not take an index`);
    const { value } = index;
    if (value !== 'append' && value !== 'insert' && value !== 'insertAfter') return true;
    if (value !== 'append' && spec.insertable !== true)
      return this.#fail(index.span, `$${node.name.text} does not support this index`, 'use [append]');
    if (!written) return this.#fail(index.span, `[${value}] is only valid for setting a variable`);
    return true;
  }

  #transformation(node: TransformationNode): boolean {
    let well = node.argument === null || this.#template(node.argument, false);
    const name = node.name.text;
    const spec = this.#lookup.transformation(name);
    if (spec === undefined) {
      this.#missing.unknown('transformation', name, node.name.span, this.#lookup);
      return false;
    }
    if (spec.absent !== undefined) {
      this.#missing.absent({ kind: 'transformation', name, module: spec.absent }, node.name.span);
      return well;
    }
    if (!well) return false;
    well = this.#integers(node, spec);
    if (!well) return false;
    const checked = this.#valid(
      node.span,
      'transformation-arguments',
      () => `{${name}}`,
      () => {
        this.#compiler.checkTransformation(spec, node);
        return true;
      },
    );
    return checked !== null;
  }

  #integers(node: TransformationNode, spec: TransformationSpec<R>): boolean {
    const specs = spec.arguments;
    const values = this.#valid(
      node.span,
      'transformation-arguments',
      () => `{${spec.name}}`,
      () => splitArguments(specs, node.argument),
    );
    if (values === null) return false;
    for (const [i, value] of values.entries()) {
      if (value === undefined || specs[i]?.type !== 'int') continue;
      const [only] = value.parts;
      if (value.parts.length > 1 || only?.kind === 'variable') continue;
      const text = only?.value ?? '';
      if (text.length < 64 && integer.test(text)) continue;
      const message = `{${spec.name}}: the argument "${specs[i]?.name}" must be a number, not "${text}"`;
      this.#diagnostics.error('transformation-arguments', only?.span ?? node.span, message);
      return false;
    }
    return true;
  }

  #valid<T>(
    span: Span,
    code: 'invalid-variable-use' | 'transformation-arguments',
    what: () => string,
    make: () => T,
  ): T | null {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof InvalidUse)) throw error;
      this.#diagnostics.error(
        code,
        span,
        `${what()}: ${error.message}`,
        error.help === undefined ? {} : { help: error.help },
      );
      return null;
    }
  }

  #fail(span: Span, message: string, help?: string): false {
    this.#diagnostics.error('invalid-variable-use', span, message, help === undefined ? {} : { help });
    return false;
  }
}

/** `si`, `var(x)`; null for longer forms, and for names with variables in them. */
function plainText({ name, context, subname, index, transformations }: VariableNode): string | null {
  if (context !== null || index !== null || transformations.length > 0) return null;
  if (subname === null) return name.text;
  const [only] = subname.parts;
  return subname.parts.length === 1 && only?.kind === 'text' ? `${name.text}(${only.value})` : null;
}

/** With the `$` or `$(` before it. */
function nameSpan(node: VariableNode): Span {
  return { start: node.span.start, end: node.name.span.end };
}
