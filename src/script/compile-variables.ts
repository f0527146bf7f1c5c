/** Variables, templates and transformations as closures; everything known at compile time is resolved here. */
import type { IndexNode, StringNode, TemplateNode, TransformationNode, VariableNode } from './ast.ts';
import type { Execution } from './execution.ts';
import type { VariableReference } from './function-spec.ts';
import type { Lookup } from './lookup.ts';
import { toInteger, toText } from './operators.ts';
import { rawText, template, trimmed } from './template.ts';
import { splitArguments } from './transformation-arguments.ts';
import type { TransformationSpec } from './transformation-spec.ts';
import { transformOf } from './transforms.ts';
import type { Value } from './values.ts';
import type { VariableAccess, VariableSpec, VariableUse } from './variable-spec.ts';
import { inTurn, PerRun, Waits } from './waits.ts';

export type Read<R> = (run: R) => Value;
export type ReadText<R> = (run: R) => string;

/** Something readable as a value, and as text if that differs. */
interface Readable<R> {
  readonly get: Read<R>;
  readonly text?: Read<R>;
}

/** Text of a variable without a value (lang-unset-var). */
const nullText = '<null>';

/** Reads are valid only after `waits` has run; every method takes it: {@link Waits.before}. */
export class VariableCompiler<R> {
  readonly #lookup: Lookup<R>;

  constructor(lookup: Lookup<R>) {
    this.#lookup = lookup;
  }

  /** The variable without its transformations. */
  access(node: VariableNode, waits: Waits<R>): VariableAccess<R> {
    const spec = this.#lookup.variable(node.name.text);
    if (spec === undefined) throw new Error(`unchecked script: $${node.name.text}`);
    const access = spec.resolve(this.use(spec, node, waits));
    const { fetch } = access;
    if (fetch === undefined) return access;
    const unread = (run: R): null => {
      complain(run, `$${node.name.text} is null, because it cannot wait here`);
      return null;
    };
    return { ...access, get: waits.add(fetch, unread) };
  }

  use(spec: VariableSpec<R>, node: VariableNode, waits: Waits<R>): VariableUse<R> {
    const name = subnameOf(spec, node);
    const subname = name === null ? null : this.#constantOr(name, waits);
    const { context } = node;
    if (spec.indexed === 'text' && node.index?.kind === 'index-variable') {
      const read = this.print(node.index.value, waits);
      return { subname, index: null, context, key: (run) => toText(read(run)) };
    }
    const index = node.index === null ? null : this.#index(node.index, waits);
    if (index === 'insert' || index === 'insertAfter')
      return { subname, index: null, context, insertion: index };
    return { subname, index, context };
  }

  /** As text: in a string, or compared with one. */
  print(node: VariableNode, waits: Waits<R>): Read<R> {
    const { get, text } = this.#steps(this.access(node, waits), node, waits);
    return text ?? get;
  }

  read(node: VariableNode, waits: Waits<R>): Read<R> {
    return this.#steps(this.access(node, waits), node, waits).get;
  }

  /** Each transformation gets the text of the step before. */
  #steps(input: Readable<R>, node: VariableNode, waits: Waits<R>): Readable<R> {
    return node.transformations.reduce<Readable<R>>(
      ({ get, text }, step) => this.#transformation(text ?? get, step, waits),
      input,
    );
  }

  /** All values, for `for ... in`. */
  list(node: VariableNode, waits: Waits<R>): (run: R) => readonly Value[] {
    const { get, list } = this.access(node, waits);
    const all = list ?? ((run) => [get(run)].filter((value) => value !== null));
    if (node.transformations.length === 0) return all;
    const current = new PerRun<R, Value>();
    const ofEach = new Waits<R>();
    const { get: read } = this.#steps({ get: (run) => current.get(run) ?? null }, node, ofEach);
    const transformed = ofEach.before(read);
    const readAll = (run: R) =>
      inTurn(
        all(run).map((value) => () => {
          current.set(run, value);
          return transformed(run);
        }),
        run,
      );
    return ofEach.isEmpty ? (readAll as (run: R) => readonly Value[]) : waits.add(readAll, () => []);
  }

  reference(node: VariableNode, text: string, waits: Waits<R>): VariableReference<R> {
    const { set } = this.access(node, waits);
    return {
      text,
      get: this.read(node, waits),
      list: this.list(node, waits),
      set: (run, value, operator = '=') => set?.(run, value, operator) ?? false,
    };
  }

  /** A string literal with variables expanded; null variables print as `<null>`, or as the caller wants. */
  text(node: StringNode, waits: Waits<R>, whenNull = nullText): string | ReadText<R> {
    return this.#constantOr(template(node), waits, whenNull);
  }

  /** The constants of a template, and readers of its variables. */
  parts(parts: TemplateNode['parts'], waits: Waits<R>, whenNull = nullText): (string | ReadText<R>)[] {
    return parts.map((part) => {
      if (part.kind === 'text') return part.value;
      const read = this.print(part, waits);
      return (run) => toText(read(run)) ?? whenNull;
    });
  }

  #constantOr(node: TemplateNode, waits: Waits<R>, whenNull = nullText): string | ReadText<R> {
    const parts = this.parts(node.parts, waits, whenNull);
    const [first = '', second, third] = parts;
    if (parts.length <= 1) return first;
    if (parts.length === 2 && typeof first === 'string' && typeof second === 'function')
      return (run) => first + second(run);
    if (parts.length === 2 && typeof first === 'function' && typeof second === 'string')
      return (run) => first(run) + second;
    if (
      parts.length === 3 &&
      typeof first === 'string' &&
      typeof second === 'function' &&
      typeof third === 'string'
    ) {
      return (run) => first + second(run) + third;
    }
    return (run) => {
      let text = '';
      for (const part of parts) text += typeof part === 'string' ? part : part(run);
      return text;
    };
  }

  #index(node: IndexNode, waits: Waits<R>): VariableUse<R>['index'] | 'insert' | 'insertAfter' {
    if (node.kind === 'index') return node.value;
    const read = this.read(node.value, waits);
    return (run) => toInteger(read(run));
  }

  #transformation(input: Read<R>, node: TransformationNode, waits: Waits<R>): Readable<R> {
    const spec = this.#lookup.transformation(node.name.text);
    if (spec === undefined) throw new Error(`unchecked script: {${node.name.text}}`);
    const { constants, read } = this.#arguments(spec, node, waits);
    if (spec.prepareWaiting !== undefined) {
      const transform = spec.prepareWaiting(constants);
      const get = waits.add(
        (run) => transform(input(run), read === null ? constants : read(run), run),
        (run) => {
          complain(run, `{${node.name.text}} is null, because it cannot wait here`);
          return null;
        },
      );
      return { get };
    }
    const transform = transformOf(spec, constants);
    const { text } = spec;
    const get =
      read === null
        ? (run: R) => transform(input(run), constants, run)
        : (run: R) => transform(input(run), read(run), run);
    return text === undefined ? { get } : { get, text: (run) => text(input(run)) };
  }

  /** Throws if the transformation rejects its arguments. */
  checkTransformation(spec: TransformationSpec<R>, node: TransformationNode): void {
    const { constants } = this.#arguments(spec, node, new Waits<R>());
    if (spec.prepareWaiting !== undefined) spec.prepareWaiting(constants);
    else transformOf(spec, constants);
  }

  /** A transformation's arguments: `constants` if all are constant, else read on each use. */
  #arguments(
    spec: TransformationSpec<R>,
    node: TransformationNode,
    waits: Waits<R>,
  ): { constants: Arguments; read: ((run: R) => Arguments) | null } {
    const specs = spec.arguments;
    const readers = splitArguments(specs, node.argument).map((argument, i) => {
      if (argument === undefined) return undefined;
      const type = specs[i]?.type;
      const convert = (value: Value) => (type === 'int' ? toInteger(value) : toText(value));
      const [first, second] = argument.parts;
      if (first?.kind === 'variable' && second === undefined) {
        const value = this.print(first, waits);
        return (run: R) => convert(value(run));
      }
      if (type === 'raw') return rawText(argument.parts);
      const text = this.#constantOr(argument, waits);
      return typeof text === 'string' ? convert(text) : (run: R) => convert(text(run));
    });
    const constants = readers.map((reader) => (typeof reader === 'function' ? null : reader));
    if (readers.every((reader) => typeof reader !== 'function')) return { constants, read: null };
    return {
      constants,
      read: (run) => readers.map((reader) => (typeof reader === 'function' ? reader(run) : reader)),
    };
  }
}

/** A compiled script runs on an {@link Execution}; the tables do not depend on that. */
export function complain(run: unknown, message: string): void {
  (run as Pick<Execution<unknown>, 'complain'>).complain(message);
}

/** The contents of the parentheses; surrounding blanks count if the variable's row says so. */
export function subnameOf<R>(
  { verbatim = false }: VariableSpec<R>,
  { subname }: VariableNode,
): TemplateNode | null {
  if (subname === null || verbatim) return subname;
  const parts = trimmed(subname.parts);
  return parts === subname.parts ? subname : { ...subname, parts };
}

type Arguments = (string | number | null | undefined)[];
