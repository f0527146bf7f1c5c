/** Variables, templates and transformations as closures; all that is known at compile time is resolved here. */
import type { IndexNode, StringNode, TemplateNode, TransformationNode, VariableNode } from './ast.ts';
import type {
  Transform,
  TransformationSpec,
  Value,
  VariableAccess,
  VariableReference,
  VariableUse,
} from './catalog.ts';
import type { Lookup } from './lookup.ts';
import { toInteger, toText } from './operators.ts';
import { template } from './template.ts';
import { splitArguments } from './transformation-arguments.ts';

export type Read<R> = (run: R) => Value;
export type ReadText<R> = (run: R) => string;

/** How a variable without a value prints (lang-unset-var). */
const nullText = '<null>';

export class VariableCompiler<R> {
  readonly #lookup: Lookup<R>;

  constructor(lookup: Lookup<R>) {
    this.#lookup = lookup;
  }

  /** The variable without its transformations. */
  access(node: VariableNode): VariableAccess<R> {
    const spec = this.#lookup.variable(node.name.text);
    if (spec === undefined) throw new Error(`unchecked script: $${node.name.text}`);
    return spec.resolve(this.use(node));
  }

  use(node: VariableNode): VariableUse<R> {
    const subname = node.subname === null ? null : this.#constantOr(node.subname);
    const index = node.index === null ? null : this.#index(node.index);
    const { context } = node;
    if (index === 'insert' || index === 'insertAfter')
      return { subname, index: null, context, insertion: index };
    return { subname, index, context };
  }

  /** As text: within a string, or beside one in a comparison. */
  print(node: VariableNode): Read<R> {
    if (node.transformations.length > 0) return this.read(node);
    const { get, text } = this.access(node);
    return text ?? get;
  }

  read(node: VariableNode): Read<R> {
    const { get, text } = this.access(node);
    if (node.transformations.length === 0) return get;
    return node.transformations.reduce<Read<R>>(
      (input, step) => this.#transformation(input, step),
      text ?? get,
    );
  }

  /** All values, for `for ... in`. */
  list(node: VariableNode): (run: R) => readonly Value[] {
    const { get, list } = this.access(node);
    const all = list ?? ((run) => [get(run)].filter((value) => value !== null));
    if (node.transformations.length === 0) return all;
    let current: Value = null;
    const each = node.transformations.reduce<Read<R>>(
      (input, step) => this.#transformation(input, step),
      () => current,
    );
    return (run) =>
      all(run).map((value) => {
        current = value;
        return each(run);
      });
  }

  reference(node: VariableNode, text: string): VariableReference<R> {
    const { set } = this.access(node);
    return {
      text,
      get: this.read(node),
      list: this.list(node),
      set: (run, value, operator = '=') => set?.(run, value, operator) ?? false,
    };
  }

  /** A string literal where variables in it are replaced; null ones print as `<null>`. */
  text(node: StringNode): string | ReadText<R> {
    return this.#constantOr(template(node));
  }

  #constantOr(node: TemplateNode): string | ReadText<R> {
    const parts = node.parts.map((part): string | ReadText<R> => {
      if (part.kind === 'text') return part.value;
      const read = this.print(part);
      return (run) => toText(read(run)) ?? nullText;
    });
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

  #index(node: IndexNode): VariableUse<R>['index'] | 'insert' | 'insertAfter' {
    if (node.kind === 'index') return node.value;
    const read = this.read(node.value);
    return (run) => toInteger(read(run));
  }

  #transformation(input: Read<R>, node: TransformationNode): Read<R> {
    const spec = this.#lookup.transformation(node.name.text);
    if (spec === undefined) throw new Error(`unchecked script: {${node.name.text}}`);
    const { transform, values } = this.transform(spec, node);
    if (Array.isArray(values)) return (run) => transform(input(run), values, run);
    return (run) => transform(input(run), values(run), run);
  }

  /** A transformation with its arguments: as they are when all are constant, else read for each use. */
  transform(
    spec: TransformationSpec<R>,
    node: TransformationNode,
  ): { transform: Transform<R>; values: Arguments | ((run: R) => Arguments) } {
    const specs = spec.arguments ?? [];
    const readers = splitArguments(specs, node.argument).map((argument, i) => {
      if (argument === undefined) return undefined;
      const text = this.#constantOr(argument);
      const convert = (value: string) => (specs[i]?.type === 'int' ? toInteger(value) : value);
      return typeof text === 'string' ? convert(text) : (run: R) => convert(text(run));
    });
    const constants = readers.map((reader) => (typeof reader === 'function' ? null : reader));
    const transform = spec.prepare(constants);
    if (readers.every((reader) => typeof reader !== 'function')) return { transform, values: constants };
    return {
      transform,
      values: (run) => readers.map((reader) => (typeof reader === 'function' ? reader(run) : reader)),
    };
  }
}

type Arguments = (string | number | null | undefined)[];
